//! The three buyers of every sandbox. Made-up people at made-up places.

use std::sync::Arc;

use super::{Address, Buyer, Buyers, CARDS};

/// An address before it has a number: name, three lines, prefecture, postal code, telephone.
type Place = (&'static str, [&'static str; 3], &'static str, &'static str, &'static str);

/// The ready buyers.
pub fn ready() -> Buyers {
    let hakone: &[Place] = &[
        ("箱根 花子", ["足柄下郡箱根町関所通り1-2-3", "芦ノ湖ハイツ 101", ""], "神奈川県", "250-0521", "09000000001"),
        ("箱根 太郎", ["千代田区丸の内0-0-1", "関所ビル 12F", "株式会社 箱根商店"], "東京都", "100-0005", "0300000001"),
    ];
    // A name and addresses that Windows-31J cannot hold (U+20BB7, U+301C, U+2014): shops must survive them.
    let yoshida: &[Place] = &[
        (
            "𠮷田 三郎",
            ["京都市中京区烏丸通二条上る 1〜3番地", "メゾン—𠮷野家 5号", ""],
            "京都府",
            "604-0001",
            "09000000002",
        ),
        ("髙橋 ①子", ["札幌市中央区北1条西0丁目", "", ""], "北海道", "060-0001", "0110000002"),
    ];
    let arai: &[Place] =
        &[("新居 みなと", ["那覇市おもろまち0-0-3", "ｻﾝｺﾞﾏﾝｼｮﾝ 303", ""], "沖縄県", "900-0006", "0980000003")];
    Buyers::of(vec![
        buyer("amzn1.account.SEKISHOHAKONE001", "箱根 花子", "hanako@buyer.example", "09000000001", hakone),
        buyer("amzn1.account.SEKISHOYOSHIDA02", "𠮷田 三郎", "saburo@buyer.example", "09000000002", yoshida),
        buyer("amzn1.account.SEKISHOARAI00003", "新居 みなと", "minato@buyer.example", "09000000003", arai),
    ])
}

fn buyer(id: &str, name: &str, email: &str, phone_number: &str, places: &[Place]) -> Buyer {
    let addresses = places.iter().zip(1..).map(|(place, number)| Arc::new(address(number, *place)));
    Buyer {
        id: id.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        phone_number: phone_number.to_owned(),
        addresses: addresses.collect(),
        instruments: CARDS.iter().collect(),
    }
}

fn address(number: usize, (name, [line1, line2, line3], state_or_region, postal_code, phone_number): Place) -> Address {
    let line = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Address {
        id: format!("address-{number}"),
        name: name.to_owned(),
        line1: line1.to_owned(),
        line2: line(line2),
        line3: line(line3),
        state_or_region: state_or_region.to_owned(),
        postal_code: postal_code.to_owned(),
        phone_number: phone_number.to_owned(),
    }
}
