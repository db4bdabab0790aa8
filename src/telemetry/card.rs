//! Finds what looks like a card number in text. Amazon Pay never gives us one; a shop's free text might.
//!
//! A card number here is 13 to 19 digits, in one piece or in the groups that cards are printed in, that begin as the
//! card networks' numbers do (3 to 6, or 22 to 27) and pass Luhn's check. Beginning and groups matter: they spare epoch
//! milliseconds, `yyyyMMddHHmmss` dates and Amazon's identifiers, of which one in ten would pass Luhn by chance.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a text where a card number was.
const MASK: &str = "[card number]";

/// The groups in which digits are printed on cards, the longer before the shorter where one begins as another does.
const PRINTED_GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4]];

/// Whether a card number stands somewhere in `text`, in full-width digits or with single spaces and hyphens anywhere, too.
pub fn contains_card_number(text: &str) -> bool {
    let narrow: String = text.chars().map(narrowed).collect();
    let text = narrow.as_bytes();
    next_card_number(text, 0).is_some() || chains(text).any(is_card_number)
}

/// The ASCII character that a Japanese keyboard's wide one stands for.
fn narrowed(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        '\u{3000}' => ' ',
        '－' | 'ー' | '−' | '‐' | '–' => '-',
        _ => c,
    }
}

/// Digits in groups of three or more, as far as no more than one space or hyphen stands between them. Shorter groups are
/// lists of sizes, days or the like.
fn chains(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_chain = |pair: &[u8]| pair.iter().any(u8::is_ascii_digit);
    let of_card = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-');
    let runs = text.split(move |b| !of_card(b));
    let broken = runs.flat_map(move |run| run.chunk_by(move |a, b| is_chain(&[*a, *b])));
    broken.filter(|chain| {
        let mut groups = chain.split(|b| !b.is_ascii_digit()).map(<[u8]>::len).filter(|length| *length > 0);
        let digits = chain.iter().filter(|b| b.is_ascii_digit()).count();
        (13..=19).contains(&digits) && groups.all(|length| length >= 3)
    })
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
        let digits = digits_from(text, at);
        if let Some(found) = card_number_at(text, at, digits) {
            return Some(found);
        }
        at += digits.max(1);
    }
    None
}

/// A card number whose first group, of `digits` digits, begins at `start`.
fn card_number_at(text: &[u8], start: usize, digits: usize) -> Option<Range<usize>> {
    let in_one_piece = (13..=19).contains(&digits).then_some(start + digits);
    let ends = PRINTED_GROUPS.iter().filter_map(|groups| end_of_groups(text, start, groups)).chain(in_one_piece);
    ends.map(|end| start..end).find(|run| is_card_number(&text[run.clone()]) && !inside_hex_id(text, run))
}

fn digits_from(text: &[u8], at: usize) -> usize {
    text[at..].iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Where `groups` end that begin at `start`, one space or hyphen between them.
fn end_of_groups(text: &[u8], start: usize, groups: &[usize]) -> Option<usize> {
    let mut at = start;
    for (place, &digits) in groups.iter().enumerate() {
        if place > 0 {
            matches!(text.get(at), Some(b' ' | b'-')).then_some(())?;
            at += 1;
        }
        (digits_from(text, at) == digits).then_some(())?;
        at += digits;
    }
    Some(at)
}

fn is_card_number(run: &[u8]) -> bool {
    let digits: Vec<u8> = run.iter().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect();
    if is_article_number(&digits) {
        return false;
    }
    let begins_like_a_card = match digits[..] {
        [3..=6, ..] => true,
        [2, second, ..] => (2..=7).contains(&second),
        _ => false,
    };
    begins_like_a_card && passes_luhn(&digits)
}

/// An article number (JAN, 13 digits) has a check digit of its own. One in ten would pass Luhn's check as well, and cards of
/// 13 digits have not been issued for decades.
fn is_article_number(digits: &[u8]) -> bool {
    let weigh = |(place, digit): (usize, &u8)| u32::from(*digit) * if place % 2 == 0 { 1 } else { 3 };
    digits.len() == 13 && digits.iter().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
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
    fn a_shops_text_is_looked_at_more_closely_than_a_log_line() {
        for text in [
            "41111111 11111111",
            "411-111-111-111-1111",
            "４１１１　１１１１　１１１１　１１１１",
            "４１１１－１１１１－１１１１－１１１１",
            "カード4111 1111 1111 1111の件",
            "no. 378282246310005.",
        ] {
            assert!(contains_card_number(text), "{text}");
        }
        for text in [
            "4111  1111  1111  1111", // two spaces: columns of a table
            "03-1234-5678 090-1234-5678",
            "2026-11-23 to 2026-11-30",
            "4901234567894",           // an article number that passes Luhn
            "41-11-11-11-11-11-11-11", // a list
            "123456789012",
            "会員番号 0000-0000-0000-0000",
            "",
        ] {
            assert!(!contains_card_number(text), "{text}");
        }
    }

    #[test]
    fn leaves_everything_else_alone() {
        for text in [
            "",
            "4111111111111112",                 // fails Luhn
            "411111111111111",                  // 15 digits that fail Luhn
            "1763800000004",                    // epoch milliseconds that pass Luhn
            "20261122201001",                   // a date that passes Luhn
            "S03-4111111-1111114-C123456",      // an Amazon charge
            "00000000000000000000",             // twenty digits
            "ab4111111111111111abcdefabcdefab", // an AccessID
            "2026-11-22T20:10:00.000000Z INFO text",
        ] {
            assert!(matches!(mask_card_numbers(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert!(passes_luhn(&[1, 7, 6, 3, 8, 0, 0, 0, 0, 0, 0, 0, 4]), "or the example above shows nothing");
        assert!(passes_luhn(&[2, 0, 2, 6, 1, 1, 2, 2, 2, 0, 1, 0, 0, 1]), "or the example above shows nothing");
    }
}
