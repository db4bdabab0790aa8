//! A page of another site cannot make the driver send, and finds nothing to put in a frame.

use axum::body::Body;
use axum::http::Request;

use super::tester::Tester;

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let tester = Tester::new();
    let post = |path: &str, headers: &[(&str, &str)]| {
        let request = Request::builder().method("POST").uri(path).header("host", "127.0.0.1:8081");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::from("algorithm=AMZN-PAY-RSASSA-PSS-V2&body=%7B%7D")).unwrap()
    };
    for path in ["/driver/createCheckoutSession", "/driver/signin"] {
        for foreign in [
            [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
            [("origin", "null"), ("sec-fetch-site", "same-origin")],
            [("origin", "http://127.0.0.1:8082"), ("sec-fetch-site", "same-site")],
        ] {
            let refused = tester.request(post(path, &foreign)).await;
            assert_eq!(refused.status, 403, "{path} {foreign:?}");
        }
    }
    assert_eq!(tester.received().await.len(), 0);
    let own = [("origin", "http://127.0.0.1:8081"), ("sec-fetch-site", "same-origin")];
    let sent = tester.request(post("/driver/createCheckoutSession", &own)).await;
    assert_eq!((sent.status, tester.received().await.len()), (200, 1));
    assert_eq!(sent.headers["x-frame-options"], "DENY");
}
