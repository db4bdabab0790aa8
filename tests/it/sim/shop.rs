//! The shop's side of the wire: forms and answers.

use std::collections::BTreeMap;

/// A form, by name.
pub(super) type Fields = BTreeMap<String, String>;

/// What a shop sends, in its order.
pub(super) type Form = Vec<(&'static str, String)>;

pub(super) const SHOP_ID: &str = "tshop00000001";
pub(super) const SHOP_PASS: &str = "demoshop1pass";

pub(super) fn form<const N: usize>(fields: [(&'static str, &str); N]) -> Form {
    fields.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Fields(Fields),
    /// The ErrInfo codes.
    Refused(String),
    /// The connection broke, or there was none.
    NoAnswer,
}

impl Reply {
    /// What an answer's line says. Nothing in these answers is escaped.
    pub(super) fn read(line: &str) -> Self {
        let pairs = line.trim_end().split('&').filter_map(|pair| pair.split_once('='));
        let fields: Fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match fields.get("ErrInfo") {
            Some(codes) => Self::Refused(codes.clone()),
            None => Self::Fields(fields),
        }
    }
}

/// What the page posts that a browser is shown on its return: the value of one field.
pub(super) fn posted<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let form = page.split_once("id=\"result-form\"")?.1;
    let input = form.split("<input").find(|input| input.contains(&format!("name=\"{name}\"")))?;
    input.split_once("value=\"")?.1.split('"').next()
}
