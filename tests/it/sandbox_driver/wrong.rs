//! Whatever is wrong is sent if it can be, and told in a sentence if not.

use serde_json::json;

use super::tester::{Tester, YEN_SHOP};

const V2: &str = "AMZN-PAY-RSASSA-PSS-V2";

#[tokio::test]
async fn a_broken_body_is_sent_and_refused_by_the_api() {
    let tester = Tester::new();
    tester.buy(V2).await;
    for (body, code, notes) in [
        ("{\"captureAmount\": ", "InvalidRequestFormat", 1),
        ("", "InvalidRequestFormat", 1),
        ("こんにちは", "InvalidRequestFormat", 1),
        ("[]", "InvalidRequestFormat", 0),
        ("{}", "MissingParameterValue", 0),
        ("{\"captureAmount\": {\"amount\": \"1000\", \"currencyCode\": \"JPY\"}, \"x\": 1}", "UnrecognizedField", 0),
        ("{\"captureAmount\": {\"amount\": \"1001\", \"currencyCode\": \"JPY\"}}", "TransactionAmountExceeded", 0),
    ] {
        let sent = tester.change("captureCharge", &[("body", body)]).await;
        assert_eq!((sent.answered().as_str(), sent.told("reasonCode").as_str()), ("400", code), "{body}");
        assert_eq!(sent.notes().len(), notes, "{body}: {:?}", sent.notes());
        assert!(sent.text("request").ends_with(&format!("connection: close\n\n{body}")), "{}", sent.text("request"));
        assert_eq!(sent.proposed("body"), body, "stays to be mended");
    }
    let markup = tester.change("captureCharge", &[("body", "</textarea><script>alert(1)</script>")]).await;
    assert!(!markup.html.contains("<script>alert"));
    assert_eq!(tester.drive("captureCharge", V2).await.answered(), "200", "nothing of all that was captured");
}

#[tokio::test]
async fn a_body_beyond_the_apis_most_is_sent_and_one_beyond_the_forms_most_is_not() {
    let tester = Tester::new();
    let long = format!("{{\"storeId\": \"{}\"}}", "x".repeat(1024 * 1024));
    let sent = tester.change("createCheckoutSession", &[("body", &long)]).await;
    assert_eq!((sent.answered().as_str(), sent.told("reasonCode").as_str()), ("400", "InvalidRequest"));
    let shown = sent.text("request");
    assert!(shown.len() < 70_000 && shown.ends_with(" bytes"), "{} bytes are shown", shown.len());

    let form = [("merchant".to_owned(), YEN_SHOP.to_owned()), ("body".to_owned(), "x".repeat(4 * 1024 * 1024))];
    let refused = tester.post("/driver/createCheckoutSession", &form).await;
    assert_eq!(refused.status, 413);
    assert!(refused.text("detail").contains("4194304"), "{}", refused.html);
    let refused = tester.post("/driver/signin", &form).await;
    assert_eq!(refused.status, 413);
    assert_eq!(tester.received().await.len(), 1);
}

#[tokio::test]
async fn an_odd_path_parameter_is_sent_and_said_to_be_odd() {
    let tester = Tester::new();
    for (id, line, status, notes) in [
        ("", "GET /v2/charges/ HTTP/1.1", "405", 1),
        ("S03-1/capture", "GET /v2/charges/S03-1/capture HTTP/1.1", "405", 1),
        ("a b?c\r\nx: y", "GET /v2/charges/a%20b%3Fc%0D%0Ax:%20y HTTP/1.1", "404", 0),
        ("京都", "GET /v2/charges/%E4%BA%AC%E9%83%BD HTTP/1.1", "404", 0),
        ("../refunds", "GET /v2/charges/../refunds HTTP/1.1", "405", 1),
    ] {
        let sent = tester.change("getCharge", &[("id", id)]).await;
        assert_eq!((sent.text("request").lines().next(), sent.answered().as_str()), (Some(line), status), "{id}");
        assert_eq!(sent.notes().len(), notes, "{id}: {:?}", sent.notes());
    }
}

#[tokio::test]
async fn a_header_is_left_out_where_empty_and_refused_where_it_would_begin_another() {
    let tester = Tester::new();
    let without = tester.change("createCheckoutSession", &[("idempotency_key", "")]).await;
    assert_eq!((without.answered().as_str(), without.told("reasonCode").as_str()), ("400", "MissingHeader"));
    let long = tester.change("createCheckoutSession", &[("idempotency_key", &"k".repeat(33))]).await;
    assert_eq!(long.told("reasonCode"), "InvalidHeaderValue");
    let foreign = tester.change("createCheckoutSession", &[("idempotency_key", "鍵")]).await;
    assert_eq!(foreign.told("reasonCode"), "InvalidHeaderValue");

    let page = tester.open("createCheckoutSession").await;
    for (field, value) in [("idempotency_key", "a\r\nx-other: b"), ("simulation_code", "a\nb")] {
        let refused = tester.send("createCheckoutSession", &page, &[(field, value)]).await;
        assert_eq!((refused.status, refused.find("status")), (400, None));
        assert!(refused.notes()[0].contains("x-amz-pay-"), "{:?}", refused.notes());
    }
    for name in ["createCheckoutSession", "signin"] {
        let page = tester.open(name).await;
        for algorithm in ["", "AMZN-PAY-RSASSA-PSS-V3"] {
            let refused = tester.send(name, &page, &[("algorithm", algorithm)]).await;
            assert_eq!((refused.status, refused.notes().len()), (400, 1), "{name} {algorithm}");
        }
    }
    assert_eq!(tester.received().await.len(), 3, "the others were not sent");
}

#[tokio::test]
async fn unknown_pages_merchants_and_sessions_are_told() {
    let tester = Tester::new();
    for path in ["/driver/createMoney", "/driver/%3Cscript%3E", "/driver/getCharge?merchant=A1%3Cscript%3E"] {
        let page = tester.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(!page.text("detail").is_empty() && !page.html.contains("<script>"), "{}", page.html);
    }
    for path in ["/driver/createMoney", "/driver/getCharge?merchant=A1NOBODY", "/driver/signin?merchant=A1NOBODY"] {
        assert_eq!(tester.post(path, &[]).await.status, 404, "{path}");
    }
    for path in ["/driver/?merchant=A1NOBODY", "/driver/resultPage?merchant=A1NOBODY"] {
        assert_eq!(tester.get(path).await.status, 404, "{path}");
    }
    assert!(tester.get("/driver/resultPage").await.find("lack").is_some(), "there is no session yet");
    let page = tester.get("/driver/resultPage?amazonCheckoutSessionId=none%22%3E%3Cscript%3E").await;
    assert_eq!((page.status, page.answered().as_str()), (200, "404"));
    assert!(!page.html.contains("<script>"), "{}", page.html);
}

#[tokio::test]
async fn a_payload_that_is_no_json_is_signed_and_refused_where_the_button_leads() {
    let tester = Tester::new();
    let page = tester.open("signin").await;
    let signed = tester.send("signin", &page, &[("payload", "{\"storeId\": \"店\",\r\n")]).await;
    assert_eq!((signed.status, signed.notes().len()), (200, 1));
    assert_eq!(signed.text("payload"), "{\"storeId\": \"店\",\n");
    let refused = tester.post("/checkout/initiate", &signed.form("plain-button")).await;
    assert_eq!(refused.status, 400, "signed, but no payload");
    assert!(refused.html.contains("InvalidRequestFormat"), "{}", refused.html);
    let mut button = signed.form("plain-button");
    button.iter_mut().find(|(name, _)| name == "payloadJSON").unwrap().1.push(' ');
    assert_eq!(tester.post("/checkout/initiate", &button).await.status, 403, "another text than the signed one");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_said_to_be_lost() {
    let tester = Tester::new();
    tester.fault("createCheckoutSession", &json!({"lose_answer": true})).await;
    let page = tester.open("createCheckoutSession").await;
    let lost = tester.send("createCheckoutSession", &page, &[]).await;
    assert_eq!((lost.status, lost.find("status")), (200, None));
    assert!(lost.text("no-answer").contains("closed without an answer"), "{}", lost.html);
    let key = page.proposed("idempotency_key");
    let again = tester.send("createCheckoutSession", &lost, &[("resend", &key)]).await;
    assert_eq!(again.answered(), "201");
    assert_eq!(tester.sandbox.ledger().sessions().count(), 1, "the first request has made it");

    tester.fault("getCheckoutSession", &json!({"status": 503})).await;
    let refused = tester.drive("getCheckoutSession", V2).await;
    assert_eq!((refused.answered().as_str(), refused.told("reasonCode").as_str()), ("503", "ServiceUnavailable"));
}
