//! Characters on the wire: every one that Windows-31J has comes back as it went in; of the others each has its one way.

use encoding_rs::SHIFT_JIS;
use sekisho::protocol::Call;

use crate::support::Stage;
use crate::support::acts::{enter, review_page, session};

/// Every character of Windows-31J but ASCII and the places for a shop's own: half-width kana, and whatever two bytes mean,
/// NEC's row 13 and IBM's extensions included.
fn characters() -> Vec<char> {
    let half_width = (0xA1..=0xDF).map(|byte| vec![byte]);
    let pairs = (0x81..=0xFC_u8).flat_map(|lead| (0x40..=0xFC_u8).map(move |trail| vec![lead, trail]));
    let decoded = half_width.chain(pairs).filter_map(|bytes| {
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes)?.into_owned();
        let mut chars = text.chars();
        chars.next().filter(|c| chars.next().is_none() && !c.is_ascii() && !('\u{E000}'..='\u{F8FF}').contains(c))
    });
    let mut all: Vec<char> = decoded.collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn every_character_comes_back() {
    let stage = Stage::new().await;
    let id = session(&stage, "chosen", &review_page()).await;
    let all = characters();
    assert!(
        ['①', '髙', '～', 'ｱ', '纊', '黑', '熙'].iter().all(|c| all.contains(c)) && all.len() > 7_000,
        "{}",
        all.len()
    );
    // Fifty fill a note of 100 bytes; a transaction has three notes. The session goes to whoever executed last.
    let notes: Vec<String> = all.chunks(50).map(|chunk| chunk.iter().collect()).collect();
    for (count, three) in notes.chunks(3).enumerate() {
        let order: &'static str = format!("order-{count}").leak();
        let named = enter(&stage, order, "AUTH").await;
        let bytes: Vec<Vec<u8>> = three.iter().map(|note| SHIFT_JIS.encode(note).0.into_owned()).collect();
        let mut fields: Vec<(&str, &[u8])> = vec![
            ("AccessID", named.access_id.as_bytes()),
            ("AccessPass", named.access_pass.as_bytes()),
            ("OrderID", order.as_bytes()),
            ("AmazonCheckoutSessionID", id.as_bytes()),
            ("RetURL", b"https://shop.example/"),
        ];
        fields
            .extend(["ClientField1", "ClientField2", "ClientField3"].into_iter().zip(bytes.iter().map(Vec::as_slice)));
        assert_eq!(stage.shop().call_bytes("ExecTranAmazonpay", &fields).await.errors(), "");

        let search = [("OrderID", order), ("PayType", "38")];
        let (form, json) = (
            stage.shop().call("SearchTradeMulti", &search).await,
            stage.shop().call_json("SearchTradeMulti", &search).await.json(),
        );
        for (name, note) in ["ClientField1", "ClientField2", "ClientField3"].into_iter().zip(three) {
            assert_eq!(form.field(name), *note);
            assert_eq!(json[format!("c{}", &name[1..])], **note);
        }
    }
}

/// What Unicode writes in two ways and Windows-31J in one goes out as that; what it lacks, as `?`. JSON is not touched.
#[tokio::test]
async fn characters_that_go_one_way() {
    const NOTE: &str = "〜—‖−¢£¬‾¥ é😀𠮷";
    let stage = Stage::new().await;
    let id = session(&stage, "chosen", &review_page()).await;
    let named = enter(&stage, "order-1", "AUTH").await;
    let fields = [
        ("AccessID", named.access_id.as_str()),
        ("AccessPass", &named.access_pass),
        ("OrderID", "order-1"),
        ("AmazonCheckoutSessionID", &id),
        ("RetURL", "https://shop.example/"),
        ("ClientField1", NOTE),
    ];
    let ready = stage.shop().call_json(Call::ExecTran.name(), &fields).await;
    assert_eq!(ready.status, 200, "{}", ready.json());
    let search = [("OrderID", "order-1"), ("PayType", "38")];
    let line = stage.shop().call("SearchTradeMulti", &search).await;
    let expected = "&ClientField1=%81%60%81%5C%81a%81%7C%81%91%81%92%81%CA%81P%81%8F+%3F%3F%3F&";
    assert!(line.text().contains(expected), "{}", line.text());
    assert_eq!(stage.shop().call_json("SearchTradeMulti", &search).await.json()["clientField1"], NOTE);
}
