//! Identifiers as types, so that an order number can never stand where a charge belongs.
//!
//! Each is checked once, when it is made; a value of the type is well-formed. Shapes: psp-protocol 2.5 and 3,
//! amazon-pay 6. Amazon's identifiers are taken as Amazon sends them, within a bound.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that does not have the shape of the identifier it was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed {0}")]
pub struct Malformed(pub &'static str);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes `text` if it has the shape described at the type.
            ///
            /// # Errors
            /// [`Malformed`] otherwise.
            pub fn new(text: impl Into<String>) -> Result<Self, Malformed> {
                let text = text.into();
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err(Malformed(stringify!($name))) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id! {
    /// A shop at this gateway: 13 ASCII letters and digits.
    ShopId, |text| text.len() == 13 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
text_id! {
    /// The shop's own number for an order: 1 to 27 of `0-9 A-Z a-z -`, unique per shop for ever.
    OrderId, |text| (1..=27).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}
text_id! {
    /// A transaction at this gateway: 32 ASCII letters and digits. Ours are lower-case hex of 16 random bytes.
    AccessId, |text| text.len() == 32 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
text_id! {
    /// An Amazon Pay checkout session: 1 to 256 of `0-9 A-Z a-z . _ -` (Amazon's are UUIDs).
    CheckoutSessionId, |text| amazon_shape(text, 256)
}
text_id! {
    /// An Amazon Pay charge permission, such as `S03-1234567-1234567`: 1 to 64 of `0-9 A-Z a-z . _ -`.
    ChargePermissionId, |text| amazon_shape(text, 64)
}
text_id! {
    /// An Amazon Pay charge, such as `S03-1234567-1234567-C123456`: 1 to 64 of `0-9 A-Z a-z . _ -`.
    ChargeId, |text| amazon_shape(text, 64)
}
text_id! {
    /// An Amazon Pay refund, such as `S03-1234567-1234567-R123456`: 1 to 64 of `0-9 A-Z a-z . _ -`.
    RefundId, |text| amazon_shape(text, 64)
}
text_id! {
    /// The key of one effect at Amazon: 1 to 32 of `0-9 A-Z a-z - _` (amazon-pay 2.9). Never used for two effects.
    IdempotencyKey, |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Safe inside a URL path without escaping: a text from outside may not grow into another path.
fn amazon_shape(text: &str, length_max: usize) -> bool {
    (1..=length_max).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !text.bytes().all(|b| b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_cannot_leave_its_path_segment() {
        for text in ["", ".", "..", "a/b", "a?b", "a%2e", "é"] {
            assert_eq!(CheckoutSessionId::new(text), Err(Malformed("CheckoutSessionId")), "{text:?}");
        }
        assert!(CheckoutSessionId::new("c1f7e3f2-3a5b-4b6e-9c55-6f1f5bd0a001").is_ok());
    }

    #[test]
    fn an_order_id_has_27_places() {
        assert!(OrderId::new("a".repeat(27)).is_ok());
        assert!(OrderId::new("a".repeat(28)).is_err());
        assert!(OrderId::new("order_1").is_err());
    }
}
