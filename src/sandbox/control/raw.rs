//! A request as it came over the wire, with its answer, to be shown. Of all that is secret only the signature is kept.

use axum::body::Bytes;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use crate::sandbox::signature::{Examination, OWN_CANONICAL};

/// The most that is kept of one body, in bytes.
pub(super) const SHOWN_BYTES_MAX: usize = 64 * 1024;
/// The headers whose values let others in.
const SECRET_HEADERS: [&str; 3] = ["x-amz-pay-authtoken", "cookie", "proxy-authorization"];
/// The fields of answers whose values do.
const SECRET_FIELDS: [&str; 1] = ["authorizationToken"];
const NOT_SHOWN: &str = "(not shown)";

/// A text that may be too long to be kept whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(in crate::sandbox) struct Shown {
    /// Its beginning, or all of it.
    pub(in crate::sandbox) text: String,
    /// How long the whole is, in bytes.
    pub(in crate::sandbox) bytes: usize,
}

impl Shown {
    fn of(bytes: &[u8]) -> Self {
        let start = bytes.get(..SHOWN_BYTES_MAX).unwrap_or(bytes);
        Self { text: String::from_utf8_lossy(start).into_owned(), bytes: bytes.len() }
    }

    /// Whether a part is missing.
    pub(in crate::sandbox) fn is_cut(&self) -> bool {
        self.bytes > SHOWN_BYTES_MAX
    }
}

/// The whole of one request.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Raw {
    /// Names in lower case, in the order of their arrival.
    pub(in crate::sandbox) headers: Vec<(String, String)>,
    /// Nothing where the body was broken off or too long.
    pub(in crate::sandbox) body: Option<Shown>,
    /// Nothing where the signature was not looked at.
    pub(in crate::sandbox) examination: Option<Examination>,
    /// Nothing until it is answered.
    pub(in crate::sandbox) answer: Option<Shown>,
}

impl Raw {
    pub(super) fn of(head: &Parts, body: Option<&Bytes>) -> Self {
        let shown = |name: &str, value: &[u8]| match name {
            OWN_CANONICAL => NOT_SHOWN.to_owned(),
            _ if SECRET_HEADERS.contains(&name) => NOT_SHOWN.to_owned(),
            _ => String::from_utf8_lossy(value).into_owned(),
        };
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (name.to_string(), shown(name.as_str(), value.as_bytes()))
        };
        Self {
            headers: head.headers.iter().map(header).collect(),
            body: body.map(|body| Shown::of(body)),
            examination: None,
            answer: None,
        }
    }

    pub(super) fn examined(&mut self, examination: Examination) {
        let mask = |text: Option<String>| text.map(|text| masked(&text));
        let finding = examination.finding.map(|mut finding| {
            finding.canonical = mask(finding.canonical);
            finding.to_sign = mask(finding.to_sign);
            finding
        });
        self.examination = Some(Examination {
            canonical: mask(examination.canonical),
            own_canonical: mask(examination.own_canonical),
            finding,
            ..examination
        });
    }

    pub(super) fn answered(&mut self, body: &Value) {
        let mut body = body.clone();
        for name in SECRET_FIELDS {
            if let Some(value) = body.get_mut(name) {
                *value = NOT_SHOWN.into();
            }
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.answer = Some(Shown::of(text.as_bytes()));
    }

    /// How much room it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        let shown = |shown: &Option<Shown>| shown.as_ref().map_or(0, |shown| shown.text.len());
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let examination = self.examination.as_ref().map_or(0, |one| {
            let found = one.finding.as_ref().map_or(0, |finding| text(&finding.canonical));
            text(&one.canonical) + text(&one.own_canonical) + found
        });
        headers + shown(&self.body) + shown(&self.answer) + examination
    }
}

/// The canonical request without the values of secret headers.
pub(super) fn masked(canonical: &str) -> String {
    let line = |line: &str| match line.split_once(':') {
        Some((name, _)) if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}:{NOT_SHOWN}")
        }
        _ => line.to_owned(),
    };
    canonical.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn of_all_that_is_secret_only_the_signature_stays() {
        let request = Request::get("/v2/charges/C")
            .header("authorization", "AMZN-PAY-RSASSA-PSS-V2 PublicKeyId=K")
            .header("X-Amz-Pay-Authtoken", "amzn1.secret")
            .header("cookie", "a=secret");
        let (head, ()) = request.body(()).expect("a request").into_parts();
        let mut raw = Raw::of(&head, Some(&Bytes::from_static(b"{}")));
        raw.answered(&serde_json::json!({"authorizationToken": "secret", "createTimestamp": "now"}));
        raw.examined(Examination {
            canonical: Some("GET\n/\n\nx-amz-pay-authtoken:secret\nx-amz-pay-host:h".to_owned()),
            ..Examination::default()
        });
        let told = format!("{raw:?}");
        assert!(!told.contains("secret"), "{told}");
        assert!(told.contains("PublicKeyId=K") && told.contains("x-amz-pay-host:h"), "{told}");
    }

    #[test]
    fn a_long_body_is_cut_and_says_so() {
        let shown = Shown::of(&vec![b'x'; SHOWN_BYTES_MAX + 1]);
        assert!(shown.is_cut() && shown.text.len() == SHOWN_BYTES_MAX);
        assert!(!Shown::of(b"x").is_cut());
    }
}
