//! The two pages that a buyer may see of the gateway: the one that carries the result to the shop, and the error page.
//!
//! Both are Japanese with English beside it, in Windows-31J as the protocol's browser pages are, need no script, and
//! say nothing about the inside of the gateway. The one script there is, which presses the result page's button, is
//! allowed by its hash.

use std::sync::LazyLock;

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, REFRESH, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::flow::ResultPost;
use crate::protocol::{ErrClass, ErrInfo, codes, encoding};

const CONTENT_TYPE_HTML: &str = "text/html;charset=Windows-31J";
/// Presses the button, so that a buyer with scripts sees this page only for a moment.
const SUBMIT: &str = "document.getElementById('result-form').submit();";

/// The form's target is the shop's RetURL, which may redirect further, and browsers hold `form-action` against every
/// hop; so it stays open, and everything else is shut.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(Sha256::digest(SUBMIT));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    )
});

#[derive(Template)]
#[template(path = "gateway/result.html")]
struct ResultPage<'a> {
    post: &'a ResultPost,
    submit: &'static str,
}

#[derive(Template)]
#[template(path = "gateway/error.html")]
struct ErrorPage {
    heading: &'static str,
    code: &'static str,
    japanese: &'static str,
    english: &'static str,
}

/// The page that posts a result to the shop, by script or by its button.
pub(super) fn result(post: &ResultPost) -> Response {
    respond(StatusCode::OK, &ResultPage { post, submit: SUBMIT })
}

/// A page that ends here: the shop's address is not known, or must not be told to whoever this is.
pub(super) fn error(status: StatusCode, code: ErrInfo) -> Response {
    let (japanese, english) = advice(code);
    let heading = "お手続きを続けられません";
    respond(status, &ErrorPage { heading, code: code.as_str(), japanese, english })
}

/// A page that comes again by itself: what the buyer has done is known to Amazon, which does not answer just now.
pub(super) fn try_again() -> Response {
    let code = codes::AMAZON_UNREACHABLE.as_str();
    let japanese = "Amazonからの回答を待っています。この画面は自動的に再読み込みされます。そのままお待ちください。";
    let english = "We are asking Amazon for the result of your payment. This page reloads by itself; please wait.";
    let heading = "お支払いの結果を確認しています";
    let page = ErrorPage { heading, code, japanese, english };
    let mut response = respond(StatusCode::SERVICE_UNAVAILABLE, &page);
    response.headers_mut().insert(REFRESH, HeaderValue::from_static("10"));
    response
}

/// The status of an error page.
pub(super) fn status_of(code: ErrInfo) -> StatusCode {
    match code.class() {
        ErrClass::System | ErrClass::NotServed => StatusCode::INTERNAL_SERVER_ERROR,
        _ if code == codes::TRANSACTION_UNKNOWN => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What is the matter and what a buyer can do next, in Japanese and in English. The texts of the error table speak to
/// engineers, so they are not shown here.
fn advice(code: ErrInfo) -> (&'static str, &'static str) {
    match code {
        // Who cannot show the Token is not told which of these it is.
        codes::TOKEN_INVALID => (
            "この支払い手続きは、すでに開始されたか、有効期限が切れているか、または存在しません。お店に戻ってご注文の状況をご確認のうえ、お支払いがまだの場合はもう一度お手続きください。",
            "This payment was already started, has expired, or does not exist. Please go back to the shop and look at your order; if it is not paid yet, try again from there.",
        ),
        codes::TRANSACTION_UNKNOWN => (
            "このお支払いの記録が見つかりません。お支払いが済んでいる場合もありますので、もう一度お支払いになる前に、お店の注文履歴またはAmazon Payの取引履歴をご確認ください。",
            "We have no record of this payment. You may have paid all the same: before you pay again, please look at your order in the shop, or at your Amazon Pay history.",
        ),
        codes::GET_NEEDS_POST => (
            "この画面は、再読み込みやブックマークからは開けません。お店に戻り、ご注文の画面からもう一度お手続きください。",
            "This page cannot be reloaded or opened from a bookmark. Please go back to the shop and continue from your order there.",
        ),
        _ if matches!(code.class(), ErrClass::System | ErrClass::NotServed) => (
            "ただいま処理できませんでした。お支払いの状況は、ご注文のお店でご確認ください。",
            "We could not process this just now. Please ask the shop you ordered from how your payment stands.",
        ),
        _ => (
            "お店から渡された支払い手続きの情報が正しくありません。お店に戻り、もう一度お手続きください。同じ画面が続く場合は、お店にお問い合わせください。",
            "What the shop's page handed over for this payment is not right. Please go back to the shop and try again from there; if this page comes again, please contact the shop.",
        ),
    }
}

fn respond(status: StatusCode, page: &impl Template) -> Response {
    let html = match page.render() {
        Ok(html) => encoding::encode_windows_31j(&html),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let policy = HeaderValue::from_str(&POLICY).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_HTML)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::protocol::Call;

    async fn read(response: Response) -> String {
        assert_eq!(response.headers()[CONTENT_TYPE], CONTENT_TYPE_HTML);
        let bytes = to_bytes(response.into_body(), 100_000).await.unwrap();
        let (html, _, broken) = encoding_rs::SHIFT_JIS.decode(&bytes);
        assert!(!broken && !html.contains('?'), "a character was lost: {html}");
        html.into_owned()
    }

    /// What AmazonpayStart shows, and what the return from Amazon shows beside it.
    fn shown() -> Vec<ErrInfo> {
        let posted = |code: &ErrInfo| code.class() == ErrClass::Provider || *code == codes::DEADLINE_PASSED;
        let mut shown = Call::Start.errors();
        shown.retain(|code| !posted(code));
        shown.push(codes::TRANSACTION_UNKNOWN);
        shown
    }

    #[tokio::test]
    async fn every_page_says_in_both_languages_what_to_do_next() {
        let codes = shown();
        assert!(codes.contains(&codes::TOKEN_INVALID) && codes.len() == 9, "{codes:?}");
        for code in codes {
            let html = read(error(status_of(code), code)).await;
            let (japanese, english) = advice(code);
            assert!(html.contains(japanese) && html.contains(&english.replace('\'', "&#39;")), "{code}: {html}");
            assert!(html.contains(&format!("<code>{code}</code>")), "{code}");
            assert!(japanese.ends_with('。') && japanese.contains("お店"), "{code}: {japanese}");
            assert!(english.is_ascii() && english.ends_with('.') && english.contains("shop"), "{code}: {english}");
            assert!(!html.contains(code.english()) && !html.contains(code.japanese()), "{code} speaks to engineers");
            for inside in ["AccessID", "Token", "SQL", "database", "shops.toml", "HTTP"] {
                assert!(!html.contains(inside), "{code} tells of the inside: {inside}");
            }
        }
    }

    #[test]
    fn a_buyer_can_tell_the_cases_apart() {
        let cases = [
            codes::TOKEN_INVALID,
            codes::TRANSACTION_UNKNOWN,
            codes::GET_NEEDS_POST,
            codes::UNEXPECTED,
            codes::ACCESS_ID_FORMAT,
        ];
        let texts: std::collections::BTreeSet<_> = cases.iter().map(|code| advice(*code)).collect();
        assert_eq!(texts.len(), cases.len());
        let (japanese, english) = advice(codes::TOKEN_INVALID);
        assert!(["開始", "有効期限", "存在しません"].iter().all(|word| japanese.contains(word)));
        assert!(["started", "expired", "not exist"].iter().all(|word| english.contains(word)));
    }

    #[tokio::test]
    async fn the_page_that_waits_for_amazon_comes_again_by_itself() {
        let response = try_again();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[REFRESH], "10");
        let html = read(response).await;
        assert!(html.contains("自動的に再読み込み") && html.contains("reloads by itself"), "{html}");
    }
}
