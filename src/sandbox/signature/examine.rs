//! What was to be signed, in full, and what seems to have been signed instead: for a developer whose signature was refused.
//! Decides nothing; whose request it is says [`Keyring::verify_request`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::canonical::{Algorithm, Parts, sorted_query, squeezed, string_to_sign};
use super::header::{self, Authorization};
use super::key::Keyring;
use super::request::Received;
use super::variations::{Signed, variations};

/// In this header a client may send, in base64, the canonical request that it made, to have it compared. It is not signed.
pub const OWN_CANONICAL: &str = "x-sekisho-canonical-request";
/// The longest canonical request that is compared, in bytes.
pub const CANONICAL_BYTES_MAX: usize = 64 * 1024;

/// What the sandbox sees in a request's signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// The key that the request names.
    pub public_key_id: Option<String>,
    /// The canonical request, as it was to be signed. Nothing where `Authorization` cannot be read.
    pub canonical: Option<String>,
    /// The string to sign that goes with it.
    pub to_sign: Option<String>,
    /// The canonical request that the client says it made.
    pub own_canonical: Option<String>,
    /// The string to sign that goes with that one.
    pub own_to_sign: Option<String>,
    /// In what way the signature differs, where that can be told.
    pub finding: Option<Finding>,
}

/// A difference between what was signed and what was to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In one word, for programs.
    pub code: &'static str,
    /// In a Japanese sentence.
    pub ja: String,
    /// In an English sentence.
    pub en: String,
    /// The canonical request that the signature fits, where it is another one.
    pub canonical: Option<String>,
    /// The string to sign that goes with that one.
    pub to_sign: Option<String>,
}

impl Finding {
    pub(super) fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, ja: ja.into(), en: en.into(), canonical: None, to_sign: None }
    }
}

impl Examination {
    /// The string to sign that goes with another canonical request, under the algorithm that the request names.
    pub fn to_sign_of(&self, canonical: &str) -> Option<String> {
        let algorithm = self.to_sign.as_deref()?.lines().next().and_then(Algorithm::named)?;
        Some(string_to_sign(algorithm, canonical.as_bytes()))
    }
}

impl Keyring {
    /// Looks at a request's signature. `refused` says that the request was refused, and so that a difference is to be
    /// looked for.
    pub fn examine(&self, request: &Received<'_>, refused: bool) -> Examination {
        let own_canonical = own_canonical(request);
        let Some(text) = request.headers.get("authorization").and_then(|value| value.to_str().ok()) else {
            return Examination { own_canonical, ..Examination::default() };
        };
        let text = squeezed(text);
        let Ok(authorization) = header::parse(&text) else {
            return Examination { own_canonical, ..Examination::default() };
        };
        let headers = signed_headers(request, &authorization);
        let parts = parts_of(request, &authorization, &headers);
        let canonical = self.canonical(&parts, &authorization, refused);
        let finding =
            if refused { self.finding(&parts, &authorization, request, own_canonical.as_deref()) } else { None };
        Examination {
            public_key_id: Some(authorization.public_key_id.to_owned()),
            to_sign: Some(string_to_sign(authorization.algorithm, canonical.as_bytes())),
            canonical: Some(canonical),
            own_to_sign: own_canonical.as_ref().map(|own| string_to_sign(authorization.algorithm, own.as_bytes())),
            own_canonical,
            finding,
        }
    }

    /// As it arrived; or with its query sorted, where an accepted signature was made so.
    fn canonical(&self, parts: &Parts<'_>, authorization: &Authorization<'_>, refused: bool) -> String {
        let sorted = sorted_query(parts.query);
        let as_arrived = parts.text();
        if refused || sorted == parts.query || self.fits(authorization, &as_arrived) {
            return as_arrived;
        }
        Parts { query: &sorted, ..*parts }.text()
    }

    fn fits(&self, authorization: &Authorization<'_>, canonical: &str) -> bool {
        let signature = STANDARD.decode(authorization.signature).unwrap_or_default();
        let text = string_to_sign(authorization.algorithm, canonical.as_bytes());
        let key = self.find(authorization.public_key_id);
        key.is_some_and(|key| key.verifies(authorization.algorithm, text.as_bytes(), &signature))
    }

    /// The first thing that explains the signature.
    fn finding(
        &self,
        parts: &Parts<'_>,
        authorization: &Authorization<'_>,
        request: &Received<'_>,
        own_canonical: Option<&str>,
    ) -> Option<Finding> {
        let Ok(signature) = STANDARD.decode(authorization.signature) else {
            return Some(Finding::new(
                "notBase64",
                "Signature が base64 として読めません。",
                "Signature is not base64.",
            ));
        };
        let as_arrived = parts.text();
        if self.fits(authorization, &as_arrived) {
            return Some(Finding::new(
                "signatureFits",
                "署名そのものは正しく、拒否の理由は別にあります（応答の message を見てください）。",
                "The signature itself is right; the request was refused for another reason (see the answer’s message).",
            ));
        }
        let named = self.find(authorization.public_key_id);
        if let Some(key) = named {
            let bytes = key.modulus_bytes();
            let len = signature.len();
            if len != bytes {
                return Some(Finding::new(
                    "signatureLength",
                    format!("署名は {len} バイトですが、この鍵の署名は {bytes} バイトです。別の鍵で署名されています。"),
                    format!("The signature has {len} bytes, but those of this key have {bytes}: another key signed."),
                ));
            }
            let own = own_canonical.into_iter().map(|text| Signed::other_text(own_words(), text.to_owned()));
            let tried = own.chain(variations(parts, authorization, request.headers));
            if let Some(found) = tried.into_iter().find(|signed| signed.fits(key, authorization.algorithm, &signature))
            {
                return Some(found.into_finding(authorization.algorithm));
            }
        }
        self.other_key(authorization, &as_arrived, &signature)
    }

    fn other_key(&self, authorization: &Authorization<'_>, canonical: &str, signature: &[u8]) -> Option<Finding> {
        let text = string_to_sign(authorization.algorithm, canonical.as_bytes());
        let len = signature.len();
        let fits = |id: &String| {
            let key = self.find(id).filter(|key| key.modulus_bytes() == len);
            key.is_some_and(|key| key.verifies(authorization.algorithm, text.as_bytes(), signature))
        };
        let mut others: Vec<_> = self.ids().filter(|id| *id != authorization.public_key_id).collect();
        others.sort();
        let other = others.into_iter().take(KEYS_TRIED_MAX).find(|id| fits(id))?;
        let named = authorization.public_key_id;
        Some(Finding::new(
            "otherKey",
            format!("署名は鍵 {other} のものですが、PublicKeyId は {named} です。"),
            format!("The signature is key {other}’s, but PublicKeyId names {named}."),
        ))
    }
}

/// How many other merchants' keys are tried.
const KEYS_TRIED_MAX: usize = 50;

fn own_words() -> Finding {
    Finding::new(
        "ownCanonical",
        format!("署名は、クライアントが {OWN_CANONICAL} で送った正規化リクエストのものです。違う行を比べてください。"),
        format!("The signature is of the canonical request that came in {OWN_CANONICAL}: compare the lines."),
    )
}

fn own_canonical(request: &Received<'_>) -> Option<String> {
    let sent = request.headers.get(OWN_CANONICAL).filter(|value| value.len() <= CANONICAL_BYTES_MAX)?;
    String::from_utf8(STANDARD.decode(sent.as_bytes().trim_ascii()).ok()?).ok()
}

/// The signed headers that are there, however little else of the request is right.
fn signed_headers(request: &Received<'_>, authorization: &Authorization<'_>) -> Vec<(String, String)> {
    let names = authorization.signed_headers.split(';').map(str::to_ascii_lowercase);
    names.filter_map(|name| Some((name.clone(), value_of(request.headers, &name)?))).collect()
}

pub(super) fn value_of(headers: &axum::http::HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(name).iter().map(|value| squeezed(&String::from_utf8_lossy(value.as_bytes())));
    let values: Vec<_> = values.collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn parts_of<'a>(
    request: &Received<'a>,
    authorization: &Authorization<'a>,
    headers: &'a [(String, String)],
) -> Parts<'a> {
    Parts {
        method: request.method,
        path: request.path,
        query: request.query,
        headers,
        signed_headers: authorization.signed_headers,
        body: request.body,
    }
}

#[cfg(test)]
#[path = "examine_tests.rs"]
mod tests;
