//! Who may post: this sandbox's own pages, and programs. A page of another site may not, although the developer's browser
//! would send its form here.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses, with 403, whatever would change something on behalf of another site's page. Lay it around routes as
/// `middleware::from_fn(same_origin)`.
pub(in crate::sandbox) async fn same_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_ours(request.headers()) {
        return next.run(request).await;
    }
    let why = "403: this request comes from a page of another site (see Origin and Sec-Fetch-Site)\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

/// Browsers say where a request comes from, in `Sec-Fetch-Site` or at least in `Origin`, and pages cannot make them lie.
/// Programs say nothing.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text(ORIGIN.as_str()) {
        None => true,
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == text(HOST.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_and_programs_may_post() {
        let ours = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value")));
            is_ours(&pairs.collect())
        };
        assert!(ours(&[]), "a program");
        assert!(ours(&[("host", "localhost:8081"), ("origin", "http://localhost:8081")]));
        assert!(ours(&[("host", "a.example"), ("origin", "https://a.example"), ("sec-fetch-site", "same-origin")]));
        for foreign in [
            &[("host", "localhost:8081"), ("origin", "http://localhost:8080")][..],
            &[("host", "localhost:8081"), ("origin", "null")],
            &[("host", "localhost:8081"), ("origin", "http://evil.example")],
            &[("host", "localhost:8081"), ("sec-fetch-site", "cross-site")],
            &[("host", "localhost:8081"), ("sec-fetch-site", "same-site")],
            &[("origin", "http://localhost:8081")],
        ] {
            assert!(!ours(foreign), "{foreign:?}");
        }
    }
}
