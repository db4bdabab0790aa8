//! Who may press, and what a page may do to a browser.

use super::{after_a_purchase, page, shown};
use crate::support::{Order, Stage};

#[tokio::test]
async fn other_sites_pages_may_not_post() {
    let (stage, _, [_, permission, _]) = after_a_purchase(Order::auth("D-1")).await;
    let url = &stage.browser.sandbox_url;
    let paths = [
        "/console/clock".to_owned(),
        "/console/faults".to_owned(),
        "/console/faults/clear".to_owned(),
        format!("/console/objects/{permission}/state"),
        format!("/console/objects/{permission}/ipn"),
        "/_control/clock".to_owned(),
        "/_control/reset".to_owned(),
        format!("/_control/objects/{permission}/state"),
    ];
    for path in &paths {
        for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            let request = stage.http.post(format!("{url}{path}")).header(name, value);
            let answer = request.body("state=Closed&advance_ms=1000").send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} {name}: {value}");
        }
    }
    let answer = stage.http.delete(format!("{url}/_control/faults")).header("origin", "http://evil.example");
    assert_eq!(answer.send().await.unwrap().status(), 403);
    assert_eq!(stage.control_get("clock").await["offset_ms"], 0);
    let detail = stage.control_get(&format!("objects/{permission}")).await;
    assert_eq!(detail["summary"]["state"], "NonChargeable", "nothing has happened");
}

#[tokio::test]
async fn pages_run_nothing_inline_and_nothing_from_elsewhere() {
    let (stage, _, [session, ..]) = after_a_purchase(Order::auth("D-2")).await;
    let url = &stage.browser.sandbox_url;
    for path in ["/", "/console/requests", &format!("/console/objects/{session}"), "/_control/", "/console/objects/x"] {
        let answer = stage.http.get(format!("{url}{path}")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        let html = answer.text().await.unwrap();
        for inline in ["<style", "style=\"", " onclick", "<script>"] {
            assert!(!html.contains(inline), "{path} has {inline}");
        }
    }
    for file in ["/desk/desk.css", "/desk/desk.js"] {
        assert_eq!(page(&stage, file).await.0, 200);
    }
}

#[tokio::test]
async fn what_requests_say_is_shown_and_never_run() {
    let stage = Stage::new().await;
    let url = &stage.browser.sandbox_url;
    let evil = "<script>alert(1)</script>";
    let request = stage
        .http
        .post(format!("{url}/v2/charges?x=%3Cscript%3E\"'"))
        .header(
            "authorization",
            format!("AMZN-PAY-RSASSA-PSS-V2 PublicKeyId={evil}, SignedHeaders={evil}, Signature=x"),
        )
        .header("x-amz-pay-idempotency-key", evil)
        .body(format!("{{\"chargePermissionId\": \"{evil}\"}}"));
    let answer = request.send().await.unwrap();
    let id = answer.headers()["x-amz-pay-request-id"].to_str().unwrap().to_owned();
    for path in ["/".to_owned(), "/console/requests".to_owned(), format!("/console/requests/{id}")] {
        let html = shown(&stage, &path).await;
        assert!(!html.contains("<script>") && !html.contains(evil), "{path}: {html}");
    }
    assert!(shown(&stage, &format!("/console/requests/{id}")).await.contains("&#60;script&#62;alert(1)"));
    let html = shown(&stage, "/?id=%22%3E%3Cscript%3E&merchant=%22%3E%3Cscript%3E").await;
    assert!(!html.contains("\"><script>"), "{html}");
    let html = shown(&stage, "/console/requests?id=%22%3E%3Cscript%3E&objectId=%22%3E%3Cscript%3E").await;
    assert!(!html.contains("\"><script>"), "{html}");
}

#[tokio::test]
async fn each_page_speaks_both_languages_and_remembers_which() {
    let stage = Stage::new().await;
    let url = &stage.browser.sandbox_url;
    let answer = stage.http.get(format!("{url}/?lang=en")).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap().to_owned();
    let again = stage.http.get(format!("{url}/console/requests")).header("cookie", pair).send().await.unwrap();
    let html = again.text().await.unwrap();
    assert!(html.contains("lang=\"en\"") && html.contains("?lang=ja"), "{html}");
}
