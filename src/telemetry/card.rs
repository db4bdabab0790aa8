//! Finds what looks like a card number in text. Amazon Pay never gives us one; a shop's free text might.
//!
//! A card number here is 13 to 19 digits, single spaces or hyphens between them allowed, that begin as the card
//! networks' numbers do (3 to 6, or 22 to 27) and pass Luhn's check. The beginning matters: it spares epoch
//! milliseconds, `yyyyMMddHHmmss` dates and Amazon's identifiers, of which one in ten would pass Luhn by chance.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a text where a card number was.
const MASK: &str = "[card number]";

/// Whether a card number stands somewhere in `text`.
pub fn contains_card_number(text: &str) -> bool {
    next_card_number(text.as_bytes(), 0).is_some()
}

/// `text` with every card number replaced by `[card number]`; the same text, not copied, where there is none.
pub fn mask_card_numbers(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut copied_to = 0;
    while let Some(found) = next_card_number(text.as_bytes(), copied_to) {
        masked.push_str(&text[copied_to..found.start]);
        masked.push_str(MASK);
        copied_to = found.end;
    }
    if copied_to == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[copied_to..]);
    Cow::Owned(masked)
}

fn next_card_number(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    while at < text.len() {
        if text[at].is_ascii_digit() {
            let run = digit_run(text, at);
            if is_card_number(&text[run.clone()]) && !inside_hex_id(text, &run) {
                return Some(run);
            }
            at = run.end;
        } else {
            at += 1;
        }
    }
    None
}

/// The longest run of digits from `start` on, with single spaces or hyphens between digits.
fn digit_run(text: &[u8], start: usize) -> Range<usize> {
    let digit_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = start;
    loop {
        if digit_at(end) {
            end += 1;
        } else if matches!(text.get(end), Some(b' ' | b'-')) && digit_at(end + 1) {
            end += 2;
        } else {
            return start..end;
        }
    }
}

fn is_card_number(run: &[u8]) -> bool {
    let digits: Vec<u8> = run.iter().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect();
    let begins_like_a_card = match digits[..] {
        [3..=6, ..] => true,
        [2, second, ..] => (2..=7).contains(&second),
        _ => false,
    };
    (13..=19).contains(&digits.len()) && begins_like_a_card && passes_luhn(&digits)
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit) * 2) {
            (0, _) => u32::from(digit),
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// An AccessID is 32 hex digits and now and then has thirteen decimal ones in a row.
fn inside_hex_id(text: &[u8], run: &Range<usize>) -> bool {
    let is_hex = |b: &&u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let before = text[..run.start].iter().rev().take_while(is_hex).count();
    let after = text[run.end..].iter().take_while(is_hex).count();
    before + after > 0 && before + run.len() + after == 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_card_numbers_however_they_are_written() {
        for number in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "3530111333300000",
            "378282246310005",
            "30569309025904",
            "2223003122003222",
        ] {
            assert_eq!(mask_card_numbers(number), MASK, "{number}");
            assert!(contains_card_number(&format!("番号は{number}です")), "{number}");
        }
        assert_eq!(mask_card_numbers("pan4111111111111111, 5555 5555 5555 4444."), "pan[card number], [card number].");
    }

    #[test]
    fn leaves_everything_else_alone() {
        for text in [
            "",
            "4111111111111112",                 // fails Luhn
            "411111111111111",                  // 15 digits that fail Luhn
            "1763800000005",                    // epoch milliseconds that pass Luhn
            "20261122201009",                   // a date that passes Luhn
            "S03-4111111-1111111-C111111",      // an Amazon charge
            "00000000000000000000",             // twenty digits
            "ab4111111111111111abcdefabcdefab", // an AccessID
            "2026-11-22T20:10:00.000000Z INFO text",
        ] {
            assert!(matches!(mask_card_numbers(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert!(passes_luhn(&[1, 7, 6, 3, 8, 0, 0, 0, 0, 0, 0, 0, 5]), "or the example above shows nothing");
        assert!(passes_luhn(&[2, 0, 2, 6, 1, 1, 2, 2, 2, 0, 1, 0, 0, 9]), "or the example above shows nothing");
    }
}
