//! What somebody wants of a button, as typed into the form, and as Amazon's words.

use serde_json::{Map, Value, json};
use url::Url;

use crate::amazonpay::{
    ButtonError, Consent, Frequency, FrequencyUnit, RecurringMetadata, ReviewPageButton, Scope, SignInButton,
};
use crate::config::{Environment, ShopSettings};
use crate::console::Asked;

/// The longest address, in characters.
const URL_CHARS_MAX: usize = 1024;
/// The most prefectures or postal codes.
const PLACES_MAX: usize = 200;

/// What may be chosen where there is a list, Amazon's words.
pub(super) const PRODUCT_TYPES: [&str; 3] = ["PayAndShip", "PayOnly", "SignIn"];
pub(super) const CONSENTS: [&str; 2] = ["OneTime", "Recurring"];
pub(super) const UNITS: [(&str, FrequencyUnit); 5] = [
    ("Month", FrequencyUnit::Month),
    ("Week", FrequencyUnit::Week),
    ("Day", FrequencyUnit::Day),
    ("Year", FrequencyUnit::Year),
    ("Variable", FrequencyUnit::Variable),
];
pub(super) const AREAS: [&str; 3] = ["", "Allowed", "NotAllowed"];
pub(super) const PLACEMENTS: [&str; 5] = ["Cart", "Checkout", "Product", "Home", "Other"];
pub(super) const COLORS: [&str; 3] = ["Gold", "LightGray", "DarkGray"];
pub(super) const LANGUAGES: [&str; 2] = ["ja_JP", "en_US"];
pub(super) const SCOPES: [(&str, Scope); 7] = [
    ("name", Scope::Name),
    ("email", Scope::Email),
    ("phoneNumber", Scope::PhoneNumber),
    ("shippingAddress", Scope::ShippingAddress),
    ("billingAddress", Scope::BillingAddress),
    ("postalCode", Scope::PostalCode),
    ("primeStatus", Scope::PrimeStatus),
];

/// The form, as typed.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) product_type: String,
    pub(super) consent: String,
    pub(super) unit: String,
    pub(super) count: String,
    pub(super) review_url: String,
    pub(super) cancel_url: String,
    pub(super) scopes: Vec<String>,
    pub(super) no_po_boxes: bool,
    pub(super) no_packstations: bool,
    pub(super) area: String,
    pub(super) prefectures: String,
    pub(super) postal_codes: String,
    pub(super) overcharge: bool,
    pub(super) placement: String,
    pub(super) color: String,
    pub(super) language: String,
}

impl Form {
    /// Whether a button is asked for, or the empty form.
    pub(super) fn is_filled(asked: &Asked) -> bool {
        !asked.field("make").is_empty()
    }

    /// What was typed; where nothing was yet, what most shops want.
    pub(super) fn read(asked: &Asked) -> Self {
        let or = |name: &str, default: &str| match asked.field(name) {
            "" => default.to_owned(),
            typed => typed.to_owned(),
        };
        let ticked = |name: &str| !asked.field(name).is_empty();
        let scopes = if Self::is_filled(asked) {
            asked.all("scope").map(str::to_owned).collect()
        } else {
            SCOPES
                .iter()
                .filter(|(_, scope)| Scope::ALL_PASSED_ON.contains(scope))
                .map(|(word, _)| (*word).to_owned())
                .collect()
        };
        Self {
            product_type: or("product_type", PRODUCT_TYPES[0]),
            consent: or("consent", CONSENTS[0]),
            unit: or("unit", UNITS[0].0),
            count: or("count", "1"),
            review_url: or("review_url", ""),
            cancel_url: or("cancel_url", ""),
            scopes,
            no_po_boxes: ticked("no_po_boxes"),
            no_packstations: ticked("no_packstations"),
            area: or("area", AREAS[0]),
            prefectures: or("prefectures", ""),
            postal_codes: or("postal_codes", ""),
            overcharge: ticked("overcharge"),
            placement: or("placement", PLACEMENTS[0]),
            color: or("color", COLORS[0]),
            language: or("language", LANGUAGES[0]),
        }
    }

    /// Whether a box of the scopes is ticked.
    pub(super) fn wants(&self, scope: &str) -> bool {
        self.scopes.iter().any(|wanted| wanted == scope)
    }

    /// The payload's text.
    ///
    /// # Errors
    /// A sentence for each fault, in Japanese and English.
    pub(super) fn payload(&self, shop: &ShopSettings) -> Result<String, Vec<Fault>> {
        let mut faults = self.faults_of_words();
        faults.extend(self.faults_of_urls(shop));
        let scopes: Vec<Scope> = SCOPES.iter().filter(|(word, _)| self.wants(word)).map(|(_, scope)| *scope).collect();
        let specifications = self.delivery_specifications(&mut faults);
        let consent = self.consent(&mut faults);
        let (Some(consent), true) = (consent, faults.is_empty()) else { return Err(faults) };
        let payload = if self.product_type == "SignIn" {
            let sign_in_return_url = self.review_url.clone();
            SignInButton { sign_in_return_url, store_id: shop.store_id.clone(), scopes }.payload()
        } else {
            ReviewPageButton {
                checkout_review_return_url: self.review_url.clone(),
                checkout_cancel_url: Some(self.cancel_url.clone()).filter(|url| !url.is_empty()),
                store_id: shop.store_id.clone(),
                scopes,
                consent,
                delivery_specifications: specifications,
                allow_overcharge: self.overcharge,
            }
            .payload()
        };
        payload.map_err(|error| vec![fault_of(&error)])
    }

    /// Words that stand in lists: only a form that somebody else has made has others.
    fn faults_of_words(&self) -> Vec<Fault> {
        let units = UNITS.map(|(word, _)| word);
        let lists: [(&str, &str, &[&str]); 6] = [
            ("productType", &self.product_type, &PRODUCT_TYPES),
            ("chargePermissionType", &self.consent, &CONSENTS),
            ("frequency.unit", &self.unit, &units),
            ("placement", &self.placement, &PLACEMENTS),
            ("buttonColor", &self.color, &COLORS),
            ("checkoutLanguage", &self.language, &LANGUAGES),
        ];
        let wrong = lists.into_iter().filter(|(_, typed, known)| !known.contains(typed));
        let mut faults: Vec<Fault> = wrong.map(|(name, ..)| Fault::choose(name)).collect();
        if !AREAS.contains(&self.area.as_str()) {
            faults.push(Fault::choose("addressRestrictions.type"));
        }
        if self.scopes.iter().any(|word| SCOPES.iter().all(|(known, _)| known != word)) {
            faults.push(Fault::choose("scopes"));
        }
        faults
    }

    fn faults_of_urls(&self, shop: &ShopSettings) -> Vec<Fault> {
        let mut faults = Vec::new();
        let urls =
            [("checkoutReviewReturnUrl", &self.review_url, true), ("checkoutCancelUrl", &self.cancel_url, false)];
        for (name, url, is_needed) in urls {
            let is_live = shop.environment == Environment::Live;
            let fits = Url::parse(url).is_ok_and(|url| {
                (url.scheme() == "https" || (url.scheme() == "http" && !is_live)) && url.username().is_empty()
            });
            if (url.is_empty() && is_needed) || (!url.is_empty() && (!fits || url.len() > URL_CHARS_MAX)) {
                let only = if is_live { "https" } else { "http / https" };
                faults.push(Fault::new(
                    format!("{name} は {only} のURL（{URL_CHARS_MAX}文字以内）にしてください。"),
                    format!("{name} has to be an address by {only}, of at most {URL_CHARS_MAX} characters."),
                ));
            }
        }
        faults
    }

    fn consent(&self, faults: &mut Vec<Fault>) -> Option<Consent> {
        if self.consent != "Recurring" || self.product_type == "SignIn" {
            return Some(Consent::OneTime);
        }
        let unit = UNITS.iter().find(|(word, _)| *word == self.unit)?.1.clone();
        if unit == FrequencyUnit::Variable {
            // Amazon wants 0 with it (amazon-pay 2.3).
            return Some(Consent::Recurring(RecurringMetadata {
                frequency: Frequency { unit, value: "0".to_owned() },
                amount: None,
            }));
        }
        let Some(count) = self.count.parse::<u16>().ok().filter(|count| (1..=999).contains(count)) else {
            faults.push(Fault::new(
                "間隔は1～999の数字にしてください。".to_owned(),
                "The interval is a number from 1 to 999.".to_owned(),
            ));
            return None;
        };
        let frequency = Frequency { unit, value: count.to_string() };
        Some(Consent::Recurring(RecurringMetadata { frequency, amount: None }))
    }

    /// Amazon's `deliverySpecifications`, where anything is restricted.
    fn delivery_specifications(&self, faults: &mut Vec<Fault>) -> Option<Value> {
        if self.product_type != "PayAndShip" {
            return None;
        }
        let mut specifications = Map::new();
        let special = [("RestrictPOBoxes", self.no_po_boxes), ("RestrictPackstations", self.no_packstations)];
        let special: Vec<&str> = special.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word).collect();
        if !special.is_empty() {
            specifications.insert("specialRestrictions".to_owned(), json!(special));
        }
        if !self.area.is_empty() {
            let (prefectures, codes) = (listed(&self.prefectures), listed(&self.postal_codes));
            let is_code = |code: &&str| code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'*'));
            if prefectures.len() > PLACES_MAX || codes.len() > PLACES_MAX || !codes.iter().all(is_code) {
                faults.push(Fault::new(
                    format!("郵便番号は数字・-・* で、都道府県・郵便番号はそれぞれ{PLACES_MAX}件以内にしてください。"),
                    format!("Postal codes are of digits, - and *; at most {PLACES_MAX} of them, and of prefectures."),
                ));
            }
            let mut japan = Map::new();
            if !prefectures.is_empty() {
                japan.insert("statesOrRegions".to_owned(), json!(prefectures));
            }
            if !codes.is_empty() {
                japan.insert("zipCodes".to_owned(), json!(codes));
            }
            let area = json!({"type": self.area, "restrictions": {"JP": japan}});
            specifications.insert("addressRestrictions".to_owned(), area);
        }
        (!specifications.is_empty()).then_some(Value::Object(specifications))
    }
}

/// The members of a list that was typed with commas, spaces or lines between them.
fn listed(typed: &str) -> Vec<&str> {
    typed.split([',', '、', '，', '\n', '\r', ' ', '　']).filter(|one| !one.is_empty()).collect()
}

/// What is wrong with what was typed, in Japanese and English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) ja: String,
    pub(super) en: String,
}

impl Fault {
    fn new(ja: String, en: String) -> Self {
        Self { ja, en }
    }

    fn choose(name: &str) -> Self {
        Self::new(format!("{name} を選んでください。"), format!("Please choose {name}."))
    }
}

fn fault_of(error: &ButtonError) -> Fault {
    let ja = match error {
        ButtonError::Unsafe { field, character } => {
            format!("{field} に使えない文字 {character:?} があります。URLではパーセントエンコードしてください。")
        }
        ButtonError::Json | ButtonError::Crypto(_) | ButtonError::SelfCheck => {
            "ペイロードを作成できませんでした。ログを確認してください。".to_owned()
        }
    };
    Fault::new(ja, format!("{error}."))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::amazonpay::testing::shops;

    fn shop() -> ShopSettings {
        shops().remove(0)
    }

    fn form(fields: &[(&str, &str)]) -> Form {
        let query = url::form_urlencoded::Serializer::new("make=1".to_owned()).extend_pairs(fields).finish();
        Form::read(&Asked::read("/console/button", Some(&query), &HeaderMap::new(), b""))
    }

    fn payload(fields: &[(&str, &str)]) -> Value {
        serde_json::from_str(&form(fields).payload(&shop()).unwrap()).unwrap()
    }

    const REVIEW: (&str, &str) = ("review_url", "https://shop.example/review?a=1");

    #[test]
    fn what_is_chosen_stands_in_the_payload() {
        let plain = payload(&[REVIEW, ("scope", "name"), ("scope", "email")]);
        assert_eq!(plain["webCheckoutDetails"], json!({"checkoutReviewReturnUrl": REVIEW.1}));
        assert_eq!((&plain["scopes"], &plain["chargePermissionType"]), (&json!(["name", "email"]), &json!("OneTime")));
        assert!(plain.get("deliverySpecifications").is_none() && plain.get("paymentDetails").is_none());

        let whole = payload(&[
            REVIEW,
            ("cancel_url", "https://shop.example/cart"),
            ("consent", "Recurring"),
            ("unit", "Week"),
            ("count", "2"),
            ("no_po_boxes", "1"),
            ("area", "NotAllowed"),
            ("prefectures", "東京都、北海道"),
            ("postal_codes", "100-*, 0600001"),
            ("overcharge", "1"),
        ]);
        assert_eq!(whole["recurringMetadata"]["frequency"], json!({"unit": "Week", "value": "2"}));
        assert_eq!(
            whole["deliverySpecifications"],
            json!({
                "specialRestrictions": ["RestrictPOBoxes"],
                "addressRestrictions": {"type": "NotAllowed", "restrictions": {"JP": {
                    "statesOrRegions": ["東京都", "北海道"], "zipCodes": ["100-*", "0600001"]}}}
            })
        );
        assert_eq!(whole["paymentDetails"], json!({"allowOvercharge": true}));
        let variable = payload(&[REVIEW, ("consent", "Recurring"), ("unit", "Variable"), ("count", "")]);
        assert_eq!(variable["recurringMetadata"]["frequency"]["value"], "0");
        let only = payload(&[REVIEW, ("product_type", "PayOnly"), ("no_po_boxes", "1")]);
        assert!(only.get("deliverySpecifications").is_none(), "nothing is sent anywhere");
        let sign_in = payload(&[REVIEW, ("product_type", "SignIn"), ("scope", "postalCode")]);
        assert_eq!((&sign_in["signInReturnUrl"], &sign_in["signInScopes"]), (&json!(REVIEW.1), &json!(["postalCode"])));
    }

    #[test]
    fn what_is_wrong_is_said_in_both_languages() {
        for (fields, says) in [
            (&[][..], "checkoutReviewReturnUrl has to be"),
            (&[("review_url", "javascript:alert(1)")], "checkoutReviewReturnUrl has to be"),
            (&[("review_url", "https://user@shop.example/")], "checkoutReviewReturnUrl has to be"),
            (&[REVIEW, ("cancel_url", "/cart")], "checkoutCancelUrl has to be"),
            (&[("review_url", "https://shop.example/'")], "percent-encoded"),
            (&[REVIEW, ("consent", "Recurring"), ("count", "0")], "from 1 to 999"),
            (&[REVIEW, ("consent", "Recurring"), ("count", "1000")], "from 1 to 999"),
            (&[REVIEW, ("consent", "Recurring"), ("unit", "Hour")], "choose frequency.unit"),
            (&[REVIEW, ("product_type", "Donation")], "choose productType"),
            (&[REVIEW, ("scope", "everything")], "choose scopes"),
            (&[REVIEW, ("area", "Sometimes")], "choose addressRestrictions.type"),
            (&[REVIEW, ("area", "Allowed"), ("postal_codes", "abc")], "Postal codes are"),
            (&[REVIEW, ("area", "Allowed"), ("prefectures", "<b>")], "percent-encoded"),
            (&[REVIEW, ("color", "Pink")], "choose buttonColor"),
        ] {
            let faults = form(fields).payload(&shop()).unwrap_err();
            assert!(faults.iter().any(|fault| fault.en.contains(says)), "{says}: {faults:?}");
            assert!(faults.iter().all(|fault| !fault.ja.is_ascii()), "{faults:?}");
        }
        let mut live = shop();
        live.environment = Environment::Live;
        assert!(form(&[("review_url", "http://shop.example/")]).payload(&live).is_err());
        let long = format!("https://shop.example/{}", "a".repeat(URL_CHARS_MAX));
        assert!(form(&[("review_url", &long)]).payload(&shop()).is_err());
    }
}
