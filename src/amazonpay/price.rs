//! An amount with its currency, as Amazon writes it: a decimal number, sometimes as text ("100.00"), sometimes bare.
//!
//! Amounts are compared as numbers, never as spelled, and never rounded (amazon-pay 2.2, psp-protocol 13.17).

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::Yen;

/// The most digits that an amount may have; Amazon's largest has eight.
const DIGITS_MAX: usize = 18;

/// An amount and its currency. `"100.00"` and `100` are the same price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// A decimal number without needless zeros, so that equal amounts are equal texts.
    #[serde(deserialize_with = "decimal")]
    amount: String,
    currency_code: String,
}

/// A price that cannot be taken as an amount of yen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Another currency.
    #[error("the currency is {0:?}, not JPY")]
    Currency(String),
    /// The yen has no minor unit.
    #[error("{0} yen is not a whole number of yen")]
    Fraction(String),
    /// More than the protocol can carry, or negative.
    #[error("{0} yen is outside 0 to 9999999")]
    OutOfRange(String),
}

impl Price {
    /// `amount` in JPY.
    pub fn of(amount: Yen) -> Self {
        Self { amount: amount.to_string(), currency_code: "JPY".to_owned() }
    }

    /// The amount as money of this gateway.
    ///
    /// # Errors
    /// [`PriceError`]: another currency, a fraction of a yen, or more than [`Yen::MAX`].
    pub fn yen(&self) -> Result<Yen, PriceError> {
        Yen::new(self.whole_yen()?).ok_or_else(|| PriceError::OutOfRange(self.amount.clone()))
    }

    /// The amount as a plain number of yen, for limits, which may exceed what one payment can be.
    ///
    /// # Errors
    /// [`PriceError`]: another currency or a fraction of a yen.
    pub fn whole_yen(&self) -> Result<i64, PriceError> {
        if self.currency_code != "JPY" {
            return Err(PriceError::Currency(self.currency_code.clone()));
        }
        if self.amount.contains('.') {
            return Err(PriceError::Fraction(self.amount.clone()));
        }
        self.amount.parse().map_err(|_| PriceError::OutOfRange(self.amount.clone()))
    }

    /// The currency, such as `JPY`.
    pub fn currency_code(&self) -> &str {
        &self.currency_code
    }
}

/// Takes a decimal number, as text or bare, in its shortest spelling.
fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelling {
        Text(String),
        Number(serde_json::Number),
    }
    let spelled = match Spelling::deserialize(deserializer)? {
        Spelling::Text(text) => text,
        Spelling::Number(number) => number.to_string(),
    };
    shortest(&spelled).ok_or_else(|| serde::de::Error::custom("an amount that is not a decimal number"))
}

/// `"0100.50"` as `"100.5"`; `None` for what is not a plain decimal number.
fn shortest(spelled: &str) -> Option<String> {
    let (sign, digits) = match spelled.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", spelled),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || digits.len() > DIGITS_MAX {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    match (whole, fraction) {
        ("0", "") => Some("0".to_owned()),
        (whole, "") => Some(format!("{sign}{whole}")),
        (whole, fraction) => Some(format!("{sign}{whole}.{fraction}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Price, serde_json::Error> {
        serde_json::from_str(json)
    }

    fn jpy(amount: &str) -> Price {
        read(&format!(r#"{{"amount":{amount},"currencyCode":"JPY"}}"#)).unwrap()
    }

    #[test]
    fn spellings_of_one_amount_are_one_price() {
        for spelling in [r#""100""#, r#""100.00""#, "100", "100.0", r#""00100""#] {
            assert_eq!(jpy(spelling), Price::of(Yen::new(100).unwrap()), "{spelling}");
        }
        assert_eq!(jpy(r#""-0.00""#).yen(), Ok(Yen::ZERO));
        assert_ne!(jpy("100"), jpy("1000"));
    }

    #[test]
    fn a_fraction_of_a_yen_is_refused_not_rounded() {
        assert_eq!(jpy(r#""100.50""#).yen(), Err(PriceError::Fraction("100.5".to_owned())));
        assert_eq!(jpy("99.999").whole_yen(), Err(PriceError::Fraction("99.999".to_owned())));
    }

    #[test]
    fn other_currencies_and_other_sizes_are_refused() {
        let dollars = read(r#"{"amount":"5","currencyCode":"USD"}"#).unwrap();
        assert_eq!(dollars.yen(), Err(PriceError::Currency("USD".to_owned())));
        assert_eq!(jpy("10000000").yen(), Err(PriceError::OutOfRange("10000000".to_owned())));
        assert_eq!(jpy("10000000").whole_yen(), Ok(10_000_000));
        assert_eq!(jpy("-1").yen(), Err(PriceError::OutOfRange("-1".to_owned())));
    }

    #[test]
    fn what_is_no_decimal_number_is_no_price() {
        for amount in [r#""""#, r#""1e3""#, r#"".5""#, r#""5.""#, r#""1,000""#, r#"" 1""#, "null", r#""１""#, "1e30"] {
            assert!(read(&format!(r#"{{"amount":{amount},"currencyCode":"JPY"}}"#)).is_err(), "{amount}");
        }
    }

    #[test]
    fn a_price_is_sent_as_text_without_decimals() {
        let price = Price::of(Yen::new(1980).unwrap());
        assert_eq!(serde_json::to_string(&price).unwrap(), r#"{"amount":"1980","currencyCode":"JPY"}"#);
    }
}
