//! The three buyers who live in the sandbox, with their addresses and test cards. Made-up people at made-up places.
//!
//! What a card does when it is used is told by its last digits, as on Amazon's list of test cards (amazon-pay 4.1); the
//! cards 8001 to 8004 are the sandbox's own.

use super::error::Decline;

/// Somebody who can sign in.
#[derive(Debug, PartialEq, Eq)]
pub struct Buyer {
    /// `amzn1.account.` and upper-case letters and digits.
    pub id: &'static str,
    /// Full name.
    pub name: &'static str,
    /// At a domain that can never exist.
    pub email: &'static str,
    /// Digits only.
    pub phone_number: &'static str,
    /// Where things may be sent; the first is also the billing address.
    pub addresses: &'static [Address],
    /// The cards in the wallet, the one that always works first.
    pub instruments: &'static [Instrument],
}

/// A place in Japan.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    /// `address-1` and so on, unique within a buyer: the value of the form field `address`.
    pub id: &'static str,
    /// Who receives things there.
    pub name: &'static str,
    /// City, ward, block and number.
    pub line1: &'static str,
    /// Building and room.
    pub line2: Option<&'static str>,
    /// Company.
    pub line3: Option<&'static str>,
    /// Prefecture.
    pub state_or_region: &'static str,
    /// `nnn-nnnn`.
    pub postal_code: &'static str,
    /// Digits only.
    pub phone_number: &'static str,
}

impl Address {
    /// By Amazon's names and in Amazon's order; what Japan's addresses have not is null.
    pub const fn fields(&self) -> [(&'static str, Option<&'static str>); 11] {
        [
            ("name", Some(self.name)),
            ("addressLine1", Some(self.line1)),
            ("addressLine2", self.line2),
            ("addressLine3", self.line3),
            ("city", None),
            ("county", None),
            ("district", None),
            ("stateOrRegion", Some(self.state_or_region)),
            ("postalCode", Some(self.postal_code)),
            ("countryCode", Some("JP")),
            ("phoneNumber", Some(self.phone_number)),
        ]
    }
}

/// A test card.
#[derive(Debug, PartialEq, Eq)]
pub struct Instrument {
    /// `card-` and the last digits: the value of the form field `payment`.
    pub id: &'static str,
    /// What it looks like.
    pub brand: &'static str,
    /// The last four digits.
    pub last_digits: &'static str,
    /// What happens when it is used.
    pub effect: CardEffect,
}

/// What a test card does (amazon-pay 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardEffect {
    /// Always works.
    Approved,
    /// The session is Canceled with `BuyerCanceled` when the buyer returns.
    BuyerCanceled,
    /// The session is Canceled with `Declined` when the buyer returns.
    Declined,
    /// The authorization is pending and succeeds after 30 seconds.
    PendingThenAuthorized,
    /// The authorization is pending and is declined (`HardDeclined`) after 30 seconds.
    PendingThenDeclined,
    /// Works for the checkout itself; each later Create Charge is declined.
    LaterDeclined(Decline),
}

impl Instrument {
    /// What the API shows of it: `paymentPreferences[].paymentDescriptor`.
    pub fn descriptor(&self) -> String {
        format!("{} ****{} (Amazon Pay)", self.brand, self.last_digits)
    }
}

impl Buyer {
    /// The address with this id.
    pub fn address(&self, id: &str) -> Option<&'static Address> {
        self.addresses.iter().find(|address| address.id == id)
    }

    /// The card with this id.
    pub fn instrument(&self, id: &str) -> Option<&'static Instrument> {
        self.instruments.iter().find(|instrument| instrument.id == id)
    }
}

/// The buyer with this id.
pub fn find(id: &str) -> Option<&'static Buyer> {
    BUYERS.iter().find(|buyer| buyer.id == id)
}

const fn card(id: &'static str, brand: &'static str, last_digits: &'static str, effect: CardEffect) -> Instrument {
    Instrument { id, brand, last_digits, effect }
}

const CARDS: &[Instrument] = &[
    card("card-1111", "Visa", "1111", CardEffect::Approved),
    card("card-4444", "Mastercard", "4444", CardEffect::Approved),
    card("card-0005", "Amex", "0005", CardEffect::Approved),
    card("card-9424", "Discover", "9424", CardEffect::Approved),
    card("card-0000", "JCB", "0000", CardEffect::Approved),
    card("card-3064", "Visa", "3064", CardEffect::BuyerCanceled),
    card("card-3434", "Visa", "3434", CardEffect::Declined),
    card("card-0701", "Visa", "0701", CardEffect::PendingThenAuthorized),
    card("card-4354", "Mastercard", "4354", CardEffect::PendingThenDeclined),
    card("card-8001", "Visa", "8001", CardEffect::LaterDeclined(Decline::SoftDeclined)),
    card("card-8002", "Visa", "8002", CardEffect::LaterDeclined(Decline::HardDeclined)),
    card("card-8003", "Visa", "8003", CardEffect::LaterDeclined(Decline::AmazonRejected)),
    card("card-8004", "Visa", "8004", CardEffect::LaterDeclined(Decline::TransactionTimedOut)),
];

/// Everybody, in the order in which the sign-in page lists them.
pub const BUYERS: &[Buyer] = &[
    Buyer {
        id: "amzn1.account.SEKISHOHAKONE001",
        name: "箱根 花子",
        email: "hanako@buyer.example",
        phone_number: "09000000001",
        addresses: &[
            Address {
                id: "address-1",
                name: "箱根 花子",
                line1: "足柄下郡箱根町関所通り1-2-3",
                line2: Some("芦ノ湖ハイツ 101"),
                line3: None,
                state_or_region: "神奈川県",
                postal_code: "250-0521",
                phone_number: "09000000001",
            },
            Address {
                id: "address-2",
                name: "箱根 太郎",
                line1: "千代田区丸の内0-0-1",
                line2: Some("関所ビル 12F"),
                line3: Some("株式会社 箱根商店"),
                state_or_region: "東京都",
                postal_code: "100-0005",
                phone_number: "0300000001",
            },
        ],
        instruments: CARDS,
    },
    // A name and addresses that Windows-31J cannot hold (U+20BB7, U+301C, U+2014): shops must survive them.
    Buyer {
        id: "amzn1.account.SEKISHOYOSHIDA02",
        name: "𠮷田 三郎",
        email: "saburo@buyer.example",
        phone_number: "09000000002",
        addresses: &[
            Address {
                id: "address-1",
                name: "𠮷田 三郎",
                line1: "京都市中京区烏丸通二条上る 1〜3番地",
                line2: Some("メゾン—𠮷野家 5号"),
                line3: None,
                state_or_region: "京都府",
                postal_code: "604-0001",
                phone_number: "09000000002",
            },
            Address {
                id: "address-2",
                name: "髙橋 ①子",
                line1: "札幌市中央区北1条西0丁目",
                line2: None,
                line3: None,
                state_or_region: "北海道",
                postal_code: "060-0001",
                phone_number: "0110000002",
            },
        ],
        instruments: CARDS,
    },
    Buyer {
        id: "amzn1.account.SEKISHOARAI00003",
        name: "新居 みなと",
        email: "minato@buyer.example",
        phone_number: "09000000003",
        addresses: &[Address {
            id: "address-1",
            name: "新居 みなと",
            line1: "那覇市おもろまち0-0-3",
            line2: Some("ｻﾝｺﾞﾏﾝｼｮﾝ 303"),
            line3: None,
            state_or_region: "沖縄県",
            postal_code: "900-0006",
            phone_number: "0980000003",
        }],
        instruments: CARDS,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_amazons_shape_and_lead_back_to_their_owner() {
        for buyer in BUYERS {
            let tail = buyer.id.strip_prefix("amzn1.account.").expect("prefix");
            assert!(tail.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{}", buyer.id);
            assert_eq!(find(buyer.id), Some(buyer));
            for address in buyer.addresses {
                assert_eq!(buyer.address(address.id), Some(address));
            }
            for instrument in buyer.instruments {
                assert_eq!(instrument.id, format!("card-{}", instrument.last_digits));
                assert_eq!(buyer.instrument(instrument.id), Some(instrument));
            }
        }
    }

    #[test]
    fn somebody_lives_where_windows_31j_does_not_reach() {
        let beyond = BUYERS.iter().filter(|buyer| encoding_rs::SHIFT_JIS.encode(buyer.name).2).count();
        assert_eq!(beyond, 1);
        assert!(BUYERS[1].addresses[0].line1.contains('\u{301C}'));
    }
}
