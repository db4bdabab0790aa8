//! Who lives in the sandbox: three ready buyers, and those of a file, with their addresses and test cards.
//!
//! What a card does when it is used is told by its last digits, as on Amazon's list of test cards (amazon-pay 4.1); the
//! cards 8001 to 8006 are the sandbox's own.

mod file;
mod ready;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::Decline;

pub use file::{BuyersError, parse};
pub use ready::ready;

/// Japan's prefectures, from north to south.
pub const PREFECTURES: [&str; 47] = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
];
const LINE_CHARS_MAX: usize = 60;

/// Everybody, in the order in which the sign-in page lists them; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyers(Vec<Arc<Buyer>>);

impl Buyers {
    /// In this order.
    fn of(buyers: Vec<Buyer>) -> Self {
        Self(buyers.into_iter().map(Arc::new).collect())
    }

    /// These, and `more` after them; one who has the id of one of these takes their place.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        for one in more.0 {
            match self.0.iter_mut().find(|own| own.id == one.id) {
                Some(own) => *own = one,
                None => self.0.push(one),
            }
        }
        self
    }

    /// Everybody.
    pub fn all(&self) -> &[Arc<Buyer>] {
        &self.0
    }

    /// The id of whoever is listed first.
    pub fn first_id(&self) -> &str {
        self.0.first().map_or("", |buyer| &buyer.id)
    }

    /// The buyer with this id.
    pub fn find(&self, id: &str) -> Option<&Arc<Buyer>> {
        self.0.iter().find(|buyer| buyer.id == id)
    }

    /// The same, to change their address book.
    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Buyer> {
        self.0.iter_mut().find(|buyer| buyer.id == id).map(Arc::make_mut)
    }
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// `amzn1.account.` and upper-case letters and digits.
    pub id: String,
    /// Full name.
    pub name: String,
    /// At a domain that can never exist.
    pub email: String,
    /// Digits only.
    pub phone_number: String,
    /// Where things may be sent; the first is also the billing address.
    #[serde(with = "places")]
    pub addresses: Vec<Arc<Address>>,
    /// The cards in the wallet.
    #[serde(with = "wallet")]
    pub instruments: Vec<&'static Instrument>,
}

/// A place in Japan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// `address-1` and so on, unique within a buyer: the value of the form field `address`.
    pub id: String,
    /// Who receives things there.
    pub name: String,
    /// City, ward, block and number.
    pub line1: String,
    /// Building and room.
    pub line2: Option<String>,
    /// Company.
    pub line3: Option<String>,
    /// Prefecture.
    pub state_or_region: String,
    /// `nnn-nnnn`.
    pub postal_code: String,
    /// Digits only.
    pub phone_number: String,
}

impl Address {
    /// Whether it can be written on a parcel; the error names the first field that keeps it from that.
    ///
    /// # Errors
    /// A sentence that begins with the field's name.
    pub fn check(&self) -> Result<(), String> {
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= LINE_CHARS_MAX;
        let fits_if_any = |text: &Option<String>| text.as_deref().is_none_or(fits);
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = self.postal_code.split_once('-');
        let is_code =
            code.is_some_and(|(area, town)| area.len() == 3 && town.len() == 4 && digits(area) && digits(town));
        let phone = &self.phone_number;
        let rules = [
            (fits(&self.name), "name must have 1 to 60 characters"),
            (is_code, "postal_code must be nnn-nnnn"),
            (
                PREFECTURES.contains(&self.state_or_region.as_str()),
                "state_or_region must be a prefecture, such as 東京都",
            ),
            (fits(&self.line1), "line1 must have 1 to 60 characters"),
            (fits_if_any(&self.line2), "line2 must have at most 60 characters"),
            (fits_if_any(&self.line3), "line3 must have at most 60 characters"),
            (digits(phone) && (10..=11).contains(&phone.len()), "phone_number must have 10 or 11 digits"),
        ];
        rules.into_iter().find(|(fine, _)| !fine).map_or(Ok(()), |(_, why)| Err(why.to_owned()))
    }

    /// By Amazon's names and in Amazon's order; what Japan's addresses have not is null.
    pub fn fields(&self) -> [(&'static str, Option<&str>); 11] {
        [
            ("name", Some(self.name.as_str())),
            ("addressLine1", Some(&self.line1)),
            ("addressLine2", self.line2.as_deref()),
            ("addressLine3", self.line3.as_deref()),
            ("city", None),
            ("county", None),
            ("district", None),
            ("stateOrRegion", Some(&self.state_or_region)),
            ("postalCode", Some(&self.postal_code)),
            ("countryCode", Some("JP")),
            ("phoneNumber", Some(&self.phone_number)),
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
    /// Declined on the paying page, where the buyer may choose another card.
    DeclinedHere,
    /// The bank wants a second factor of the buyer first.
    AsksMfa,
}

impl Instrument {
    /// What the API shows of it: `paymentPreferences[].paymentDescriptor`.
    pub fn descriptor(&self) -> String {
        format!("{} ****{} (Amazon Pay)", self.brand, self.last_digits)
    }
}

impl Buyer {
    /// The address with this id.
    pub fn address(&self, id: &str) -> Option<&Arc<Address>> {
        self.addresses.iter().find(|address| address.id == id)
    }

    /// An id for one more address.
    pub(super) fn unused_address_id(&self) -> String {
        let mut numbers = self.addresses.len() + 1..;
        let taken = |number: &usize| self.address(&format!("address-{number}")).is_some();
        format!("address-{}", numbers.find(|number| !taken(number)).unwrap_or_default())
    }

    /// The card with this id.
    pub fn instrument(&self, id: &str) -> Option<&'static Instrument> {
        self.instruments.iter().find(|instrument| instrument.id == id).copied()
    }
}

const fn made(id: &'static str, brand: &'static str, last_digits: &'static str, effect: CardEffect) -> Instrument {
    Instrument { id, brand, last_digits, effect }
}

/// The card with this id, whoever has it.
pub fn card(id: &str) -> Option<&'static Instrument> {
    CARDS.iter().find(|card| card.id == id)
}

/// How addresses stand in a data file.
mod places {
    use super::{Address, Arc, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(places: &[Arc<Address>], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(places.iter().map(Arc::as_ref))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Arc<Address>>, D::Error> {
        Ok(Vec::<Address>::deserialize(from)?.into_iter().map(Arc::new).collect())
    }
}

/// How cards stand in a data file: by their ids.
mod wallet {
    use super::{Deserialize, Deserializer, Instrument, Serializer, card};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(cards: &[&'static Instrument], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(cards.iter().map(|card| card.id))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<&'static Instrument>, D::Error> {
        let known = |id: &String| card(id).ok_or_else(|| D::Error::custom(format!("there is no card {id}")));
        Vec::<String>::deserialize(from)?.iter().map(known).collect()
    }
}

/// Every card there is, the one that always works first.
pub const CARDS: &[Instrument] = &[
    made("card-1111", "Visa", "1111", CardEffect::Approved),
    made("card-4444", "Mastercard", "4444", CardEffect::Approved),
    made("card-0005", "Amex", "0005", CardEffect::Approved),
    made("card-9424", "Discover", "9424", CardEffect::Approved),
    made("card-0000", "JCB", "0000", CardEffect::Approved),
    made("card-3064", "Visa", "3064", CardEffect::BuyerCanceled),
    made("card-3434", "Visa", "3434", CardEffect::Declined),
    made("card-0701", "Visa", "0701", CardEffect::PendingThenAuthorized),
    made("card-4354", "Mastercard", "4354", CardEffect::PendingThenDeclined),
    made("card-8001", "Visa", "8001", CardEffect::LaterDeclined(Decline::SoftDeclined)),
    made("card-8002", "Visa", "8002", CardEffect::LaterDeclined(Decline::HardDeclined)),
    made("card-8003", "Visa", "8003", CardEffect::LaterDeclined(Decline::AmazonRejected)),
    made("card-8004", "Visa", "8004", CardEffect::LaterDeclined(Decline::TransactionTimedOut)),
    made("card-8005", "Visa", "8005", CardEffect::DeclinedHere),
    made("card-8006", "Visa", "8006", CardEffect::AsksMfa),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_amazons_shape_and_lead_back_to_their_owner() {
        let buyers = ready();
        for buyer in buyers.all() {
            let tail = buyer.id.strip_prefix("amzn1.account.").expect("prefix");
            assert!(tail.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{}", buyer.id);
            assert_eq!(buyers.find(&buyer.id), Some(buyer));
            for address in &buyer.addresses {
                assert_eq!(buyer.address(&address.id), Some(address));
            }
            for instrument in &buyer.instruments {
                assert_eq!(instrument.id, format!("card-{}", instrument.last_digits));
                assert_eq!(buyer.instrument(instrument.id), Some(*instrument));
            }
        }
    }

    #[test]
    fn somebody_lives_where_windows_31j_does_not_reach() {
        let buyers = ready();
        let beyond = buyers.all().iter().filter(|buyer| encoding_rs::SHIFT_JIS.encode(&buyer.name).2).count();
        assert_eq!(beyond, 1);
        assert!(buyers.all()[1].addresses[0].line1.contains('\u{301C}'));
    }
}
