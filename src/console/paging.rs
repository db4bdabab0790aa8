//! The way through a list: first page, the one before, the next one. Lists are read by keys, and a key leads on only; so an
//! address carries the keys by which its reader came, and the way back is theirs.

use super::Asked;

/// How many pages back an address remembers.
const TRAIL_MAX: usize = 40;
/// Stands for pages that are no longer remembered.
const FORGOTTEN: &str = "-";

/// Where the pages around this one are; `None` where there is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) first: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl Paging {
    /// Around the page that was asked for. Its key is in the field `key`; `conditions` is a query that stays the same on
    /// every page; `next` is the next page's key.
    pub(super) fn of(asked: &Asked, path: &str, conditions: &str, key: &str, next: Option<String>) -> Self {
        let here = asked.field(key);
        let mut trail: Vec<&str> = asked.field("trail").split('_').filter(|key| !key.is_empty()).collect();
        let address = |at: &str, trail: &[&str]| {
            let mut query = url::form_urlencoded::Serializer::new(conditions.to_owned());
            for (name, value) in [(key, at), ("trail", trail.join("_").as_str())] {
                if !value.is_empty() {
                    query.append_pair(name, value);
                }
            }
            let query = query.finish();
            if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
        };
        if here.is_empty() {
            return Self { next: next.map(|next| address(&next, &[])), ..Self::default() };
        }
        let previous = match trail.split_last() {
            None => Some(address("", &[])),
            Some((&FORGOTTEN, _)) => None,
            Some((last, before)) => Some(address(last, before)),
        };
        trail.push(here);
        if trail.len() > TRAIL_MAX {
            trail.drain(..trail.len() - TRAIL_MAX);
            trail.insert(0, FORGOTTEN);
        }
        Self { first: Some(address("", &[])), previous, next: next.map(|next| address(&next, &trail)) }
    }

    /// Whether there is any other page.
    pub(super) fn is_needed(&self) -> bool {
        self.first.is_some() || self.next.is_some()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn paging(query: &str, next: Option<&str>) -> Paging {
        let asked = Asked::read("/list", Some(query), &HeaderMap::new(), b"");
        Paging::of(&asked, "/list", "shop=a", "after", next.map(str::to_owned))
    }

    #[test]
    fn whoever_goes_on_can_go_back_page_by_page() {
        let mut address = "/list?shop=a".to_owned();
        let mut seen = Vec::new();
        for page in 1..=5 {
            seen.push(address.clone());
            let next = format!("-{page}.9");
            address = paging(address.split_once('?').unwrap().1, Some(&next)).next.unwrap();
        }
        while let Some(before) = seen.pop() {
            let here = paging(address.split_once('?').unwrap().1, None);
            assert_eq!((here.previous.as_deref(), here.next), (Some(before.as_str()), None));
            assert_eq!(here.first.as_deref(), Some("/list?shop=a"));
            address = before;
        }
        assert!(!paging("shop=a", None).is_needed());
    }

    #[test]
    fn an_address_does_not_grow_for_ever_and_leads_nowhere_else() {
        let mut query = "shop=a".to_owned();
        for page in 1..200 {
            query = paging(&query, Some(&page.to_string())).next.unwrap().split_once('?').unwrap().1.to_owned();
        }
        assert!(query.len() < 400, "{query}");
        for _ in 0..TRAIL_MAX {
            query = paging(&query, None).previous.unwrap().split_once('?').unwrap().1.to_owned();
        }
        let forgotten = paging(&query, None);
        assert!(forgotten.previous.is_none() && forgotten.first.is_some(), "not to a page that is not the one before");
    }
}
