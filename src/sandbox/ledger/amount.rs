//! Money as Amazon counts it: whole minor units of one of the ledgers' currencies (amazon-pay 2.2).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Currency;

/// From nothing to the most that one transaction may be. Amounts that meet are always of one currency, the merchant's:
/// what is not is refused where a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amount {
    currency: Currency,
    minor: i64,
}

/// Not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Neither a number nor a string of digits.
    #[error("an amount is a decimal number, as a JSON string or number")]
    NotANumber,
    /// Has a part below the currency's smallest unit.
    #[error("{} has {} decimals, the amount has more", .0.as_str(), .0.decimals())]
    Fraction(Currency),
    /// Below zero.
    #[error("the amount must not be negative")]
    Negative,
    /// Above the most Amazon takes at once.
    #[error("the amount must be at most {0}")]
    TooMuch(Amount),
}

impl Amount {
    /// No yen.
    pub const ZERO: Self = Self::zero(Currency::JPY);
    /// The most one charge may be in Japan.
    pub const MAX: Self = Self::most(Currency::JPY);

    /// `yen` yen.
    ///
    /// # Errors
    /// [`AmountError::Negative`], [`AmountError::TooMuch`].
    pub const fn new(yen: i64) -> Result<Self, AmountError> {
        Self::of(Currency::JPY, yen)
    }

    /// `minor` of the currency's smallest units.
    ///
    /// # Errors
    /// [`AmountError::Negative`], [`AmountError::TooMuch`].
    pub const fn of(currency: Currency, minor: i64) -> Result<Self, AmountError> {
        match minor {
            ..0 => Err(AmountError::Negative),
            _ if minor > currency.transaction_max() => Err(AmountError::TooMuch(Self::most(currency))),
            _ => Ok(Self { currency, minor }),
        }
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, minor: 0 }
    }

    const fn most(currency: Currency) -> Self {
        Self { currency, minor: currency.transaction_max() }
    }

    /// `minor` of the currency's smallest units, or the nearest amount.
    pub(super) fn saturating(currency: Currency, minor: i64) -> Self {
        Self { currency, minor: minor.clamp(0, currency.transaction_max()) }
    }

    /// The number of yen; in another currency, that of its smallest units.
    pub const fn yen(self) -> i64 {
        self.minor
    }

    /// Of what.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing, in whatever currency.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Reads a JSON string or number; of yen, "100.00" is 100.
    ///
    /// # Errors
    /// [`AmountError`], whichever applies.
    pub fn from_json(value: &Value, currency: Currency) -> Result<Self, AmountError> {
        match value {
            Value::String(text) => Self::from_decimal(text, currency),
            // A whole number in JSON may be written 1e2; what the reader made of it is plain.
            Value::Number(number) => Self::from_decimal(&number.to_string(), currency),
            _ => Err(AmountError::NotANumber),
        }
    }

    fn from_decimal(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(AmountError::NotANumber);
        }
        let (kept, beyond) = fraction.split_at(fraction.len().min(currency.decimals()));
        if beyond.bytes().any(|byte| byte != b'0') {
            return Err(AmountError::Fraction(currency));
        }
        let minor = format!("{whole}{kept:0<decimals$}", decimals = currency.decimals());
        let minor: i64 = minor.parse().map_err(|_| AmountError::TooMuch(Self::most(currency)))?;
        Self::of(currency, if negative { -minor } else { minor })
    }
}

/// With the currency's decimals, as the API writes it.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency.decimals() {
            0 => self.minor.fmt(f),
            decimals => {
                let digits = format!("{:0>width$}", self.minor, width = decimals + 1);
                let (whole, fraction) = digits.split_at(digits.len() - decimals);
                write!(f, "{whole}.{fraction}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_and_numbers_with_or_without_zero_decimals_are_amounts() {
        for (written, currency, minor, shown) in [
            (json!("100"), Currency::JPY, 100, "100"),
            (json!(100), Currency::JPY, 100, "100"),
            (json!("100.00"), Currency::JPY, 100, "100"),
            (json!(100.0), Currency::JPY, 100, "100"),
            (json!("0"), Currency::JPY, 0, "0"),
            (json!("10000000"), Currency::JPY, 10_000_000, "10000000"),
            (json!(12.99), Currency::USD, 1299, "12.99"),
            (json!("12.9"), Currency::EUR, 1290, "12.90"),
            (json!("12.990"), Currency::GBP, 1299, "12.99"),
            (json!(99), Currency::USD, 9900, "99.00"),
            (json!("0.05"), Currency::USD, 5, "0.05"),
            (json!("150000"), Currency::USD, 15_000_000, "150000.00"),
        ] {
            let amount = Amount::from_json(&written, currency).expect("an amount");
            assert_eq!((amount.yen(), amount.to_string().as_str()), (minor, shown), "{written}");
        }
    }

    #[test]
    fn half_a_yen_is_refused_and_so_is_what_is_no_number() {
        let yen = |written: &Value| Amount::from_json(written, Currency::JPY);
        for half in [json!("100.5"), json!(0.01)] {
            assert_eq!(yen(&half), Err(AmountError::Fraction(Currency::JPY)));
        }
        assert_eq!(Amount::from_json(&json!("1.005"), Currency::USD), Err(AmountError::Fraction(Currency::USD)));
        for bad in
            [json!(""), json!("."), json!("1."), json!(".5"), json!("1,000"), json!("１"), json!(null), json!([1])]
        {
            assert_eq!(yen(&bad), Err(AmountError::NotANumber), "{bad}");
        }
        assert_eq!(yen(&json!(-1)), Err(AmountError::Negative));
        for far in [json!("10000001"), json!("99999999999999999999")] {
            assert_eq!(yen(&far), Err(AmountError::TooMuch(Amount::MAX)), "{far}");
        }
        assert!(Amount::from_json(&json!("150000.01"), Currency::EUR).is_err());
    }
}
