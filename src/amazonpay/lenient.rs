//! Readers for what Amazon writes in more than one way (amazon-pay 2.2, 2.3).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use crate::domain::Millis;

/// `null` as the default.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that may be `null` and may hold `null`s (`paymentPreferences` is `[null]` before the sign-in).
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().flatten().collect())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(i64),
}

/// A text, or a number as its text.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match TextOrNumber::deserialize(deserializer)? {
        TextOrNumber::Text(text) => text,
        TextOrNumber::Number(number) => number.to_string(),
    })
}

/// `yyyyMMddTHHmmssZ`, or milliseconds since 1970 as one early answer had them (amazon-pay 2.2). No decision about money
/// hangs on these, so one that cannot be read is none, instead of spoiling the answer around it.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        Some(TextOrNumber::Number(ms)) => Some(Millis(ms)),
        Some(TextOrNumber::Text(text)) => DateTime::strptime("%Y%m%dT%H%M%SZ", &text)
            .and_then(|civil| TimeZone::UTC.to_timestamp(civil))
            .ok()
            .map(|moment| Millis(moment.as_millisecond())),
        None => None,
    })
}
