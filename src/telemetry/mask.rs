//! Values that may be recognised in a log but not used.

use std::fmt;

/// Shows the first four characters of a text and `…`; of a text of eight characters or fewer, only `…`, because half
/// of a short secret is most of it.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().count() > 8 {
            self.0.chars().take(4).try_for_each(|c| write!(f, "{c}"))?;
        }
        f.write_str("…")
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_beginning_of_a_long_text_and_nothing_of_a_short_one() {
        assert_eq!(Masked("0123456789abcdef").to_string(), "0123…");
        assert_eq!(Masked("合言葉は山と川とでした").to_string(), "合言葉は…");
        assert_eq!(Masked("12345678").to_string(), "…");
        assert_eq!(format!("{:?}", Masked("")), "…");
    }
}
