//! The page that begins a checkout with an additional payment button: Amazon's script does it at once, or the buyer's
//! press on the button where no script runs.
//!
//! It is in UTF-8, unlike the protocol's own pages: the signed payload may hold any character, and Amazon reads what the
//! form posts as UTF-8. Nothing in it is secret; what the script is told is read from the form, so that the signed text
//! passes through no string literal.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::page;
use crate::flow::CheckoutStart;
use crate::protocol::codes;

#[derive(Template)]
#[template(path = "gateway/start.html")]
struct StartPage<'a> {
    start: &'a CheckoutStart,
    /// As Amazon's script posts them (amazon-pay 3.1).
    fields: [(&'static str, &'a str); 9],
}

/// The page.
pub(super) fn start(start: &CheckoutStart) -> Response {
    let button = &start.button;
    let fields = [
        ("merchantId", start.merchant_id.as_str()),
        ("publicKeyId", &button.public_key_id),
        ("ledgerCurrency", "JPY"),
        ("checkoutLanguage", "ja_JP"),
        ("productType", start.product_type.as_str()),
        ("placement", "Checkout"),
        ("payloadJSON", &button.payload),
        ("signature", &button.signature),
        ("algorithm", button.algorithm),
    ];
    let (Ok(html), Ok(policy)) = (StartPage { start, fields }.render(), HeaderValue::from_str(&policy(start))) else {
        tracing::error!("the start page could not be written");
        return page::error(StatusCode::INTERNAL_SERVER_ERROR, codes::UNEXPECTED);
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html;charset=UTF-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, policy),
        // Amazon may look where its button stands. The address of this page says nothing but that.
        (REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (StatusCode::OK, headers, html).into_response()
}

/// Only the two scripts that bear the nonce run, and what Amazon's loads in turn. Its requests, frames and forms go to
/// whichever of Amazon's hosts it likes, but over TLS or to the simulator at the endpoint.
fn policy(start: &CheckoutStart) -> String {
    let nonce = &start.nonce;
    let simulator = url::Url::parse(&start.form_url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'unsafe-inline'; \
         img-src https: data:; connect-src https: {simulator}; frame-src https: {simulator}; \
         form-action https: {simulator}; base-uri 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::amazonpay::{ButtonSignature, ProductType};

    #[tokio::test]
    async fn what_was_signed_stands_escaped_in_a_field_and_in_no_script() {
        let payload = r#"{"a":"\"'</script><script>alert(1)</script>&amp; 髙橋 𠮷"}"#;
        let start = CheckoutStart {
            script_url: "http://127.0.0.1:8081/checkout.js".to_owned(),
            form_url: "http://127.0.0.1:8081/checkout/initiate".to_owned(),
            merchant_id: "A1".to_owned(),
            button: ButtonSignature {
                payload: payload.to_owned(),
                signature: "c2ln+/=".to_owned(),
                algorithm: "AMZN-PAY-RSASSA-PSS-V2",
                public_key_id: "SANDBOX-A".to_owned(),
            },
            product_type: ProductType::PayOnly,
            nonce: "0a0a".to_owned(),
        };
        let response = super::start(&start);
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header(CONTENT_TYPE), "text/html;charset=UTF-8");
        let policy = header(CONTENT_SECURITY_POLICY);
        assert!(policy.contains("script-src 'nonce-0a0a' 'strict-dynamic';"), "{policy}");
        assert!(policy.contains("form-action https: http://127.0.0.1:8081;"), "{policy}");

        let html = String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap();
        assert!(!html.contains("<script>"), "every script bears the nonce");
        assert_eq!(html.matches("<script nonce=\"0a0a\"").count(), 2);
        let field = html.split("name=\"payloadJSON\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let unescaped =
            ["&#34;/\"", "&#39;/'", "&#60;/<", "&#62;/>", "&#38;/&"].iter().fold(field.to_owned(), |text, pair| {
                let (reference, character) = pair.split_once('/').unwrap();
                text.replace(reference, character)
            });
        assert_eq!(unescaped, payload);
    }
}
