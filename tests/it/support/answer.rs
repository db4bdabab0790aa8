//! What came back over HTTP, byte for byte.

use std::collections::BTreeMap;

use serde_json::Value;

/// An answer with its body read to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) location: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (content_type, location) = (header("content-type").unwrap_or_default(), header("location"));
        let status = response.status().as_u16();
        Self { status, content_type, location, bytes: response.bytes().await.unwrap().to_vec() }
    }

    /// The body, which must be ASCII, as every idPass answer with `percent` is.
    pub(crate) fn text(&self) -> &str {
        assert!(self.bytes.is_ascii(), "not ASCII: {:?}", self.windows_31j());
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// The body read as Windows-31J.
    pub(crate) fn windows_31j(&self) -> String {
        encoding_rs::SHIFT_JIS.decode_without_bom_handling(&self.bytes).0.into_owned()
    }

    /// The body read as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The fields of an idPass line, as the provider's own client splits it: at `&`, then at the first `=`.
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        self.text()
            .trim_end()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("no pair: {pair:?}")))
            .map(|(name, value)| (name.to_owned(), unescape(name, value)))
            .collect()
    }

    /// One field of an idPass line that must be there.
    pub(crate) fn field(&self, name: &str) -> String {
        self.fields().remove(name).unwrap_or_else(|| panic!("no {name} in {}", self.text()))
    }

    /// `ErrInfo` of an idPass answer; empty where it is no error.
    pub(crate) fn errors(&self) -> String {
        self.fields().remove("ErrInfo").unwrap_or_default()
    }

    /// The same of a JSON answer.
    pub(crate) fn errors_json(&self) -> String {
        let body: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        let list = body.as_array().into_iter().flatten();
        list.filter_map(|one| one["errInfo"].as_str()).collect::<Vec<_>>().join("|")
    }
}

/// Values are Windows-31J behind `%XX`; `Token` and `StartURL` come as they are (psp-protocol 2.3).
fn unescape(name: &str, value: &str) -> String {
    if matches!(name, "Token" | "StartURL") {
        return value.to_owned();
    }
    let spaced = value.replace('+', " ");
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&spaced).collect();
    encoding_rs::SHIFT_JIS.decode_without_bom_handling(&bytes).0.into_owned()
}
