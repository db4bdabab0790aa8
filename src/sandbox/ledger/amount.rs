//! Yen as Amazon counts them. Japan's ledger is yen only; the yen has no minor unit (amazon-pay 2.2).

use std::fmt;

use serde_json::Value;

/// Whole yen, from 0 to [`Amount::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// Not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Neither a number nor a string of digits.
    #[error("an amount is a decimal number, as a JSON string or number")]
    NotANumber,
    /// Has a part below one yen.
    #[error("the yen has no minor unit: the amount must be whole")]
    Fraction,
    /// Below zero.
    #[error("the amount must not be negative")]
    Negative,
    /// Above the most Amazon takes at once.
    #[error("the amount must be at most 10000000")]
    TooMuch,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most one charge may be in Japan (amazon-pay 2.2).
    pub const MAX: Self = Self(10_000_000);

    /// `yen` yen.
    ///
    /// # Errors
    /// [`AmountError::Negative`], [`AmountError::TooMuch`].
    pub const fn new(yen: i64) -> Result<Self, AmountError> {
        match yen {
            ..0 => Err(AmountError::Negative),
            _ if yen > Self::MAX.0 => Err(AmountError::TooMuch),
            _ => Ok(Self(yen)),
        }
    }

    /// A constant amount; one that is out of range does not compile.
    pub(super) const fn of<const YEN: i64>() -> Self {
        const { assert!(YEN >= 0 && YEN <= Self::MAX.0, "from 0 to the most") };
        Self(YEN)
    }

    /// `yen` yen, or the nearest amount.
    pub(super) fn saturating(yen: i64) -> Self {
        Self(yen.clamp(0, Self::MAX.0))
    }

    /// The number of yen.
    pub const fn yen(self) -> i64 {
        self.0
    }

    /// Reads a JSON string or number; "100.00" is 100.
    ///
    /// # Errors
    /// [`AmountError`], whichever applies.
    pub fn from_json(value: &Value) -> Result<Self, AmountError> {
        match value {
            Value::String(text) => Self::from_decimal(text),
            // A whole number in JSON may be written 1e2; what the reader made of it is plain.
            Value::Number(number) => Self::from_decimal(&number.to_string()),
            _ => Err(AmountError::NotANumber),
        }
    }

    fn from_decimal(text: &str) -> Result<Self, AmountError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(AmountError::NotANumber);
        }
        if fraction.bytes().any(|byte| byte != b'0') {
            return Err(AmountError::Fraction);
        }
        let yen: i64 = whole.parse().map_err(|_| AmountError::TooMuch)?;
        Self::new(if negative { -yen } else { yen })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_and_numbers_with_or_without_zero_decimals_are_amounts() {
        for (written, yen) in [
            (json!("100"), 100),
            (json!(100), 100),
            (json!("100.00"), 100),
            (json!(100.0), 100),
            (json!("0"), 0),
            (json!("10000000"), 10_000_000),
        ] {
            assert_eq!(Amount::from_json(&written), Ok(Amount(yen)), "{written}");
        }
    }

    #[test]
    fn half_a_yen_is_refused_and_so_is_what_is_no_number() {
        assert_eq!(Amount::from_json(&json!("100.5")), Err(AmountError::Fraction));
        assert_eq!(Amount::from_json(&json!(0.01)), Err(AmountError::Fraction));
        for bad in
            [json!(""), json!("."), json!("1."), json!(".5"), json!("1,000"), json!("１"), json!(null), json!([1])]
        {
            assert_eq!(Amount::from_json(&bad), Err(AmountError::NotANumber), "{bad}");
        }
        assert_eq!(Amount::from_json(&json!(-1)), Err(AmountError::Negative));
        for far in [json!("10000001"), json!("99999999999999999999")] {
            assert_eq!(Amount::from_json(&far), Err(AmountError::TooMuch), "{far}");
        }
    }
}
