//! Days as people in Japan count them: figures, searches and lists speak of these.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::ids::Malformed;
use super::world::Millis;

/// Japan is nine hours ahead of UTC, all year round.
const AHEAD_MS: i64 = 9 * 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day in Japan, as days since 1970-01-01 there. Written `yyyy-MM-dd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JapanDay(pub i64);

impl JapanDay {
    /// The day in which `moment` is.
    pub const fn of(moment: Millis) -> Self {
        Self(moment.plus(AHEAD_MS).0.div_euclid(DAY_MS))
    }

    /// Its first moment.
    pub const fn begins_at(self) -> Millis {
        Millis(self.0.saturating_mul(DAY_MS).saturating_sub(AHEAD_MS))
    }

    /// So many days later, or earlier if negative.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Month and day, `MM-dd`: for axes, where the year is plain.
    pub fn month_and_day(self) -> String {
        self.to_string().split_off(5)
    }
}

impl fmt::Display for JapanDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Noon UTC of that civil day: no zone can shift it into another.
        let noon = Millis(self.0.saturating_mul(DAY_MS).saturating_add(DAY_MS / 2)).utc_basic();
        match (noon.get(0..4), noon.get(4..6), noon.get(6..8)) {
            (Some(year), Some(month), Some(day)) => write!(f, "{year}-{month}-{day}"),
            _ => f.write_str(&noon),
        }
    }
}

impl FromStr for JapanDay {
    type Err = Malformed;

    /// Reads `yyyy-MM-dd` (what a browser's date field sends).
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = if shaped { text.parse::<Date>().ok() } else { None };
        let date = date.filter(|date| (1970..=9998).contains(&date.year())).ok_or(Malformed("date"))?;
        let since = date.since(jiff::civil::date(1970, 1, 1)).map_err(|_| Malformed("date"))?;
        Ok(Self(i64::from(since.get_days())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        let day: JapanDay = "2026-11-23".parse().unwrap();
        assert_eq!(day.begins_at().jst(), "20261123000000");
        assert_eq!(JapanDay::of(day.begins_at()), day);
        assert_eq!(JapanDay::of(day.begins_at().plus(-1)), day.plus(-1));
        assert_eq!(JapanDay::of(day.plus(1).begins_at().plus(-1)), day);
        assert_eq!((day.to_string(), day.month_and_day()), ("2026-11-23".to_owned(), "11-23".to_owned()));
        assert_eq!("1970-01-01".parse(), Ok(JapanDay(0)));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-11-31", "2026-1-1", "26-11-23", "20261123", "2026-11-23T00", "+026-11-23", "9999-12-31"]
        {
            assert!(text.parse::<JapanDay>().is_err(), "{text}");
        }
    }
}
