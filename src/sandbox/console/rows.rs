//! What the console's tables show, in words for people.

use url::form_urlencoded::Serializer;

use crate::sandbox::control::Entry;
use crate::sandbox::control::browse::{Line, Page};
use crate::sandbox::ipn::Told;
use crate::sandbox::moment::parse_utc;

/// `2026-11-23 03:10:00`, in Japan's time; what is no moment of ours, as it is.
pub(super) fn moment(utc_basic: &str) -> String {
    let Some(moment) = parse_utc(utc_basic) else { return utc_basic.to_owned() };
    let jst = moment.jst();
    let part = |from: usize, to: usize| jst.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    format!("{year}-{month}-{day} {}:{}:{}", part(8, 10), part(10, 12), part(12, 14))
}

/// How a state is coloured: `good`, `bad`, `open` (its end is open) or `over`.
pub(super) fn tone(state: &str) -> &'static str {
    match state {
        "Completed" | "Authorized" | "Captured" | "Refunded" | "Chargeable" | "DELIVERED" => "good",
        "Canceled" | "Declined" | "NonChargeable" | "GIVEN_UP" => "bad",
        "Closed" => "over",
        _ => "open",
    }
}

/// The same for an answer's status.
pub(super) fn tone_of_status(status: Option<u16>) -> &'static str {
    match status {
        Some(..400) => "good",
        Some(_) => "bad",
        None => "open",
    }
}

/// `path?name=value&…`, without what is blank.
pub(super) fn href(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        empty if empty.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// An object in a table.
pub(super) struct Row {
    pub(super) line: Line,
    pub(super) tone: &'static str,
    pub(super) updated: String,
}

impl Row {
    pub(super) fn of(line: Line) -> Self {
        Self { tone: tone(line.state), updated: moment(&line.updated), line }
    }

    /// With its currency; blank where there is none.
    pub(super) fn amount(&self) -> String {
        self.line.amount.as_ref().map(|amount| format!("{amount} {}", self.line.currency_code)).unwrap_or_default()
    }
}

/// A table of objects of one kind.
pub(super) struct Table {
    /// Its anchor, and the query's name for where its page begins.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) rows: Vec<Row>,
    pub(super) older: Option<String>,
    /// Where the newest are, on a later page.
    pub(super) newest: Option<String>,
}

impl Table {
    /// `here` are the pairs of the present query; `key`'s is where this page begins.
    pub(super) fn of(key: &'static str, title: &'static str, page: Page<Line>, here: &[(&str, &str)]) -> Self {
        let (older, newest) = paging(key, page.older.as_deref(), here);
        Self { key, title, rows: page.items.into_iter().map(Row::of).collect(), older, newest }
    }
}

/// Links to the next page of a list and back to its first.
pub(super) fn paging(
    key: &'static str,
    older: Option<&str>,
    here: &[(&str, &str)],
) -> (Option<String>, Option<String>) {
    let rest: Vec<_> = here.iter().copied().filter(|(name, _)| *name != key).collect();
    let is_later = here.iter().any(|(name, value)| *name == key && !value.is_empty());
    let to = |before: &str| {
        let pairs: Vec<_> = rest.iter().copied().chain([(key, before)]).collect();
        format!("{}#{key}", href("/", &pairs))
    };
    (older.map(to), is_later.then(|| to("")))
}

/// A request in a table.
pub(super) struct RequestRow {
    pub(super) entry: Entry,
    pub(super) tone: &'static str,
    pub(super) at: String,
}

impl RequestRow {
    pub(super) fn of(entry: Entry) -> Self {
        Self { tone: tone_of_status(entry.status), at: moment(&entry.at), entry }
    }
}

/// A message in a table.
pub(super) struct MessageRow {
    pub(super) told: Told,
    pub(super) tone: &'static str,
    pub(super) attempts: Vec<String>,
    pub(super) next_at: Option<String>,
}

impl MessageRow {
    pub(super) fn of(told: Told) -> Self {
        let attempts = told.attempts.iter().map(|one| format!("{} → {}", moment(&one.at), one.outcome)).collect();
        Self { tone: tone(told.standing), attempts, next_at: told.next_at.as_deref().map(moment), told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_japans_and_queries_carry_what_is_said() {
        assert_eq!(moment("20261122T181000Z"), "2026-11-23 03:10:00");
        assert_eq!(moment("soon"), "soon");
        assert_eq!(href("/", &[("merchant", ""), ("id", "")]), "/");
        let here = [("merchant", "A&B"), ("charges", "C-1"), ("refunds", "")];
        let (older, newest) = paging("charges", Some("C-0"), &here);
        assert_eq!(older.as_deref(), Some("/?merchant=A%26B&charges=C-0#charges"));
        assert_eq!(newest.as_deref(), Some("/?merchant=A%26B#charges"));
        assert_eq!(paging("refunds", None, &here), (None, None));
    }
}
