//! The mistakes that clients are known to make when they sign, each as the text that such a client signs. A signature that
//! fits one of them tells which mistake it was.

use aws_lc_rs::signature::VerificationAlgorithm;
use axum::http::HeaderMap;

use super::canonical::{Algorithm, Parts, sorted_query, string_to_sign};
use super::examine::{Finding, value_of};
use super::header::Authorization;
use super::key::PublicKey;
use crate::sandbox::moment::parse_utc;

/// Up to this many parameters of a query are tried in every order.
const ORDERED_MAX: usize = 4;
/// How many other headers of a request are tried as signed ones.
const HEADERS_TRIED_MAX: usize = 20;

/// A text that may have been signed, and how.
pub(super) struct Signed {
    finding: Finding,
    text: Text,
    padding: Padding,
}

enum Text {
    /// The string to sign of this canonical request, under the algorithm that the request names.
    Canonical(String),
    /// The same under this algorithm's name.
    Under(Algorithm, String),
    /// This itself.
    Bare(String),
}

/// How the text is made a signature of.
#[derive(Clone, Copy)]
enum Padding {
    /// As the algorithm that the request names demands.
    Named,
    /// With the salt of this one.
    Salt(Algorithm),
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Pkcs1,
}

impl Signed {
    pub(super) fn other_text(finding: Finding, canonical: String) -> Self {
        Self { finding, text: Text::Canonical(canonical), padding: Padding::Named }
    }

    /// Whether the signature is of this.
    pub(super) fn fits(&self, key: &PublicKey, named: Algorithm, signature: &[u8]) -> bool {
        let text = match &self.text {
            Text::Canonical(canonical) => string_to_sign(named, canonical.as_bytes()),
            Text::Under(algorithm, canonical) => string_to_sign(*algorithm, canonical.as_bytes()),
            Text::Bare(text) => text.clone(),
        };
        match self.padding {
            Padding::Named => key.verifies(named, text.as_bytes(), signature),
            Padding::Salt(algorithm) => key.verifies(algorithm, text.as_bytes(), signature),
            Padding::Pkcs1 => key.verifies_by(pkcs1(), text.as_bytes(), signature),
        }
    }

    pub(super) fn into_finding(self, named: Algorithm) -> Finding {
        let (canonical, to_sign) = match self.text {
            Text::Canonical(canonical) => (Some(canonical.clone()), Some(string_to_sign(named, canonical.as_bytes()))),
            Text::Under(algorithm, canonical) => {
                let to_sign = string_to_sign(algorithm, canonical.as_bytes());
                (Some(canonical), Some(to_sign))
            }
            Text::Bare(text) => (Some(text.clone()), Some(text)),
        };
        Finding { canonical, to_sign, ..self.finding }
    }
}

fn pkcs1() -> &'static dyn VerificationAlgorithm {
    &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256
}

/// All of them, the likeliest first.
pub(super) fn variations(parts: &Parts<'_>, authorization: &Authorization<'_>, headers: &HeaderMap) -> Vec<Signed> {
    let mut all = of_scheme(parts, authorization.algorithm);
    all.extend(of_query(parts));
    all.extend(of_body(parts));
    all.extend(of_method_and_path(parts));
    all.extend(of_headers(parts, headers));
    all.extend(of_layout(parts));
    // What is the same text after all tells nothing.
    let right = parts.text();
    all.retain(|signed| match (&signed.text, signed.padding) {
        (Text::Canonical(text), Padding::Named) => *text != right,
        _ => true,
    });
    all
}

fn of_scheme(parts: &Parts<'_>, named: Algorithm) -> Vec<Signed> {
    let other = match named {
        Algorithm::V1 => Algorithm::V2,
        Algorithm::V2 => Algorithm::V1,
    };
    let (name, salt, other_name, other_salt) = (named.name(), named.salt_bytes(), other.name(), other.salt_bytes());
    let canonical = parts.text();
    let salted = Finding::new(
        "saltLength",
        format!("塩の長さが違います。{name} の塩は {salt} バイトですが、{other_salt} バイトで署名されています。"),
        format!("The salt is {other_salt} bytes long, but {name} has one of {salt} bytes."),
    );
    let renamed = Finding::new(
        "algorithmName",
        format!("署名された文字列の 1 行目が {other_name} ですが、Authorization は {name} と名乗っています。"),
        format!("The string that was signed begins with {other_name}, but Authorization says {name}."),
    );
    let old_padding = Finding::new(
        "padding",
        "RSASSA-PSS ではなく、PKCS#1 v1.5 で署名されています。",
        "It was signed with PKCS#1 v1.5 padding, not with RSASSA-PSS.",
    );
    let hashed_once = Finding::new(
        "noStringToSign",
        "正規化リクエストそのものに署名されています。署名するのは、アルゴリズム名の行とそのハッシュの 2 行です。",
        "The canonical request itself was signed; to be signed are two lines: the algorithm’s name, and its hash.",
    );
    vec![
        Signed { finding: salted, text: Text::Canonical(canonical.clone()), padding: Padding::Salt(other) },
        Signed { finding: renamed.clone(), text: Text::Under(other, canonical.clone()), padding: Padding::Salt(other) },
        Signed { finding: renamed, text: Text::Under(other, canonical.clone()), padding: Padding::Named },
        Signed { finding: old_padding, text: Text::Canonical(canonical.clone()), padding: Padding::Pkcs1 },
        Signed { finding: hashed_once, text: Text::Bare(canonical), padding: Padding::Named },
    ]
}

fn of_query(parts: &Parts<'_>) -> Vec<Signed> {
    if parts.query.is_empty() {
        return Vec::new();
    }
    let with = |finding: Finding, query: &str| Signed::other_text(finding, Parts { query, ..*parts }.text());
    let order = |query: &String| {
        let ja = format!("クエリの順序が違います。署名されたのは {query} です。");
        Finding::new("queryOrder", ja, format!("The query’s parameters are in another order; signed was {query}."))
    };
    let coding = |query: &str| {
        let ja = format!("クエリの符号化が違います。署名されたのは {query} です。");
        Finding::new("queryEncoding", ja, format!("The query is encoded in another way; signed was {query}."))
    };
    let mut all = vec![with(
        Finding::new("noQuery", "クエリなしで署名されています。", "The query was left out of what was signed."),
        "",
    )];
    all.extend(orders(parts.query).iter().map(|query| with(order(query), query)));
    let decoded = percent_encoding::percent_decode_str(parts.query).decode_utf8_lossy();
    for query in [parts.query.replace('+', "%20"), parts.query.replace("%20", "+"), decoded.into_owned()] {
        all.push(with(coding(&query), &query));
        let sorted = sorted_query(&query);
        all.push(with(coding(&sorted), &sorted));
    }
    all
}

/// The query with its parameters in other orders.
fn orders(query: &str) -> Vec<String> {
    let parameters: Vec<&str> = query.split('&').collect();
    if parameters.len() > ORDERED_MAX {
        let reversed: Vec<_> = parameters.iter().rev().copied().collect();
        return vec![reversed.join("&")];
    }
    let mut all = vec![Vec::new()];
    for _ in 0..parameters.len() {
        let longer = |taken: &Vec<usize>| {
            let left = (0..parameters.len()).filter(|place| !taken.contains(place));
            left.map(|place| taken.iter().copied().chain([place]).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    let joined = |order: Vec<usize>| {
        let parameters: Vec<_> = order.into_iter().filter_map(|place| parameters.get(place).copied()).collect();
        parameters.join("&")
    };
    all.into_iter().map(joined).collect()
}

fn of_body(parts: &Parts<'_>) -> Vec<Signed> {
    let json: Option<serde_json::Value> = serde_json::from_slice(parts.body).ok();
    let compact = json.as_ref().and_then(|value| serde_json::to_string(value).ok());
    let pretty = json.as_ref().and_then(|value| serde_json::to_string_pretty(value).ok());
    let with_break = [parts.body, b"\n"].concat();
    let forms: [(&str, &str, Option<&[u8]>); 6] = [
        ("空の本文", "an empty body", Some(b"")),
        ("{} という本文", "the body {}", Some(b"{}")),
        ("前後の空白のない本文", "the body without space around it", Some(parts.body.trim_ascii())),
        ("末尾に改行のある本文", "the body with a line feed at its end", Some(&with_break)),
        ("空白を詰めた JSON", "the same JSON without space", compact.as_deref().map(str::as_bytes)),
        ("字下げした JSON", "the same JSON, indented", pretty.as_deref().map(str::as_bytes)),
    ];
    let signed = |(ja, en, body): (&str, &str, Option<&[u8]>)| {
        let ja = format!("本文が違います。署名されたのは{ja}ですが、届いたのは別のバイト列です。");
        let finding = Finding::new("body", ja, format!("The body differs: signed was {en}, other bytes arrived."));
        Some(Signed::other_text(finding, Parts { body: body?, ..*parts }.text()))
    };
    forms.into_iter().filter_map(signed).collect()
}

fn of_method_and_path(parts: &Parts<'_>) -> Vec<Signed> {
    let method = |method: &&str| {
        let ja = format!("メソッドが違います。署名されたのは {method} です。");
        let finding = Finding::new("method", ja, format!("Another method was signed: {method}."));
        Signed::other_text(finding, Parts { method, ..*parts }.text())
    };
    let lower = parts.method.to_ascii_lowercase();
    let methods = ["GET", "POST", "PATCH", "PUT", "DELETE", &lower];
    let path = |path: String| {
        let ja = format!("パスが違います。署名されたのは {path} です。");
        let finding = Finding::new("path", ja, format!("Another path was signed: {path}."));
        Signed::other_text(finding, Parts { path: &path, ..*parts }.text())
    };
    let bare = parts.path.trim_end_matches('/');
    let rest = bare.strip_prefix("/sandbox").or_else(|| bare.strip_prefix("/live")).unwrap_or(bare);
    let decoded = percent_encoding::percent_decode_str(parts.path).decode_utf8_lossy().into_owned();
    let paths = [
        format!("{bare}/"),
        bare.to_owned(),
        rest.to_owned(),
        format!("/sandbox{rest}"),
        format!("/live{rest}"),
        decoded,
        if parts.query.is_empty() { format!("{}?", parts.path) } else { format!("{}?{}", parts.path, parts.query) },
    ];
    methods.iter().map(method).chain(paths.into_iter().map(path)).collect()
}

fn of_headers(parts: &Parts<'_>, received: &HeaderMap) -> Vec<Signed> {
    let mut all = Vec::new();
    let with = |finding: Finding, headers: Vec<(String, String)>| {
        let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        Signed::other_text(finding, Parts { headers: &headers, signed_headers: &names, ..*parts }.text())
    };
    for (place, (name, _)) in parts.headers.iter().enumerate() {
        let mut headers = parts.headers.to_vec();
        headers.remove(place);
        let ja = format!("SignedHeaders は {name} を挙げていますが、署名には入っていません。");
        let en = format!("SignedHeaders names {name}, but it was not signed.");
        all.push(with(Finding::new("headerNotSigned", ja, en), headers));
    }
    let signed = |name: &str| parts.headers.iter().any(|(one, _)| one == name);
    let others = received.keys().filter(|name| !signed(name.as_str()) && *name != "authorization");
    for name in others.take(HEADERS_TRIED_MAX) {
        let Some(value) = value_of(received, name.as_str()) else { continue };
        let mut headers = parts.headers.to_vec();
        headers.push((name.to_string(), value));
        headers.sort();
        let ja = format!("{name} も署名されていますが、SignedHeaders にありません。");
        let en = format!("{name} was signed, too, but SignedHeaders does not name it.");
        all.push(with(Finding::new("headerNotNamed", ja, en), headers));
    }
    for (place, (name, value)) in parts.headers.iter().enumerate() {
        for other in other_values(value) {
            let mut headers = parts.headers.to_vec();
            let ja = format!("{name} の値が違います。署名されたのは {other}、届いたのは {value} です。");
            let en = format!("The value of {name} differs: signed was {other}, and {value} arrived.");
            let finding = Finding::new("headerValue", ja, en);
            if let Some(header) = headers.get_mut(place) {
                header.1 = other;
            }
            all.push(Signed::other_text(finding, Parts { headers: &headers, ..*parts }.text()));
        }
    }
    all
}

/// The same value as other software writes it.
fn other_values(value: &str) -> Vec<String> {
    let mut others = vec![value.to_ascii_lowercase(), value.to_ascii_uppercase()];
    if let Some(moment) = parse_utc(value) {
        let basic = moment.utc_basic();
        if let (Some(date), Some(time)) = (basic.get(..8), basic.get(9..15)) {
            let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
            others.push(format!("{year}-{month}-{day}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..]));
        }
        others.push(basic);
    }
    if let Some((host, _)) = value.rsplit_once(':') {
        others.push(host.to_owned());
    }
    others.extend([format!("https://{value}"), format!("http://{value}")]);
    others.retain(|other| other != value);
    others.dedup();
    others
}

fn of_layout(parts: &Parts<'_>) -> Vec<Signed> {
    let text = parts.text();
    let lower = parts.signed_headers.to_ascii_lowercase();
    let with = |code, ja: &str, en: &str, text: String| Signed::other_text(Finding::new(code, ja, en), text);
    // The only empty line, but for an empty query's, is the one after the headers.
    let closing = format!("\n\n{}\n", parts.signed_headers);
    vec![
        with(
            "signedHeadersCase",
            "SignedHeaders が小文字で署名されています。",
            "SignedHeaders was signed in lower case, but is spelled otherwise in Authorization.",
            Parts { signed_headers: &lower, ..*parts }.text(),
        ),
        with(
            "noEmptyLine",
            "ヘッダーのあとの空行がありません。",
            "The empty line after the headers is missing.",
            text.replacen(&closing, &format!("\n{}\n", parts.signed_headers), 1),
        ),
        with(
            "lineFeedAtEnd",
            "正規化リクエストの末尾に余分な改行があります。",
            "There is a line feed too many at the end of the canonical request.",
            format!("{text}\n"),
        ),
        with("carriageReturns", "改行が CRLF です。", "Its lines end with CR LF.", text.replace('\n', "\r\n")),
        with(
            "upperCaseHash",
            "本文のハッシュが大文字です。",
            "The body’s hash is in upper case.",
            text.rsplit_once('\n')
                .map_or(text.clone(), |(head, hash)| format!("{head}\n{}", hash.to_ascii_uppercase())),
        ),
    ]
}
