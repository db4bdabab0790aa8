//! Money for people's eyes.

use crate::sandbox::ledger::{Amount, Currency};

/// With the currency's sign and the thousands apart: `¥12,345`, `$1,234.50`.
pub(super) fn shown(amount: Amount) -> String {
    let sign = match amount.currency() {
        Currency::JPY => "¥",
        Currency::USD => "$",
        Currency::EUR => "€",
        Currency::GBP => "£",
    };
    let text = amount.to_string();
    let (whole, rest) = text.find('.').map_or((text.as_str(), ""), |point| text.split_at(point));
    let comma = |place: usize| place > 0 && (whole.len() - place).is_multiple_of(3);
    let grouped: String = whole
        .chars()
        .enumerate()
        .flat_map(|(place, digit)| comma(place).then_some(',').into_iter().chain([digit]))
        .collect();
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (currency, minor, expected) in [
            (Currency::JPY, 0, "¥0"),
            (Currency::JPY, 980, "¥980"),
            (Currency::JPY, 1_234_567, "¥1,234,567"),
            (Currency::USD, 123_450, "$1,234.50"),
            (Currency::GBP, 5, "£0.05"),
        ] {
            let amount = Amount::of(currency, minor).expect("an amount");
            assert_eq!(shown(amount), expected);
        }
    }
}
