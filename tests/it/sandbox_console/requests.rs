//! The raw requests: what had to be signed, and what was signed instead.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{after_a_purchase, press, shown};
use crate::support::{Order, Stage};

const SIGNED: &str = "x-amz-pay-date;x-amz-pay-host;x-amz-pay-region";

/// A request with a signature that is of nothing; answers its id.
async fn refused(stage: &Stage, own: Option<&str>) -> String {
    let merchants = stage.control_get("merchants").await;
    let key = merchants["merchants"][0]["keys"][0]["publicKeyId"].as_str().unwrap().to_owned();
    let signature = STANDARD.encode([7; 256]);
    let url = format!("{}/v2/charges/S03-0000000-0000000-C000000?b=2&a=1", stage.browser.sandbox_url);
    let date = stage.now().utc_basic();
    let authorization =
        format!("AMZN-PAY-RSASSA-PSS-V2 PublicKeyId={key}, SignedHeaders={SIGNED}, Signature={signature}");
    let mut request = stage.http.get(url).header("authorization", authorization);
    for (name, value) in
        [("x-amz-pay-date", date.as_str()), ("x-amz-pay-host", "pay-api.amazon.jp"), ("x-amz-pay-region", "jp")]
    {
        request = request.header(name, value);
    }
    if let Some(own) = own {
        request = request.header("x-sekisho-canonical-request", STANDARD.encode(own));
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 403);
    answer.headers()["x-amz-pay-request-id"].to_str().unwrap().to_owned()
}

/// What had to be signed.
fn expected(stage: &Stage) -> String {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    format!(
        "GET\n/v2/charges/S03-0000000-0000000-C000000\nb=2&a=1\nx-amz-pay-date:{}\nx-amz-pay-host:pay-api.amazon.jp\n\
         x-amz-pay-region:jp\n\n{SIGNED}\n{empty}",
        stage.now().utc_basic()
    )
}

#[tokio::test]
async fn a_refused_signature_is_shown_with_what_had_to_be_signed() {
    let stage = Stage::new().await;
    let id = refused(&stage, None).await;
    let told = stage.control_get(&format!("requests/{id}")).await;
    assert_eq!(told["signature"]["canonicalRequest"], expected(&stage));
    let to_sign = told["signature"]["stringToSign"].as_str().unwrap();
    assert!(to_sign.starts_with("AMZN-PAY-RSASSA-PSS-V2\n") && to_sign.len() == 23 + 64, "{to_sign}");
    assert_eq!(told["signature"]["finding"], Value::Null, "nothing explains it");
    assert_eq!(told["summary"]["reasonCode"], "InvalidRequestSignature");
    let html = shown(&stage, &format!("/console/requests/{id}")).await;
    assert!(html.contains(&expected(&stage).replace('&', "&#38;")), "{html}");
    assert!(html.contains(to_sign) && html.contains("No known mistake explains it"), "{html}");
    assert!(html.contains("InvalidRequestSignature") && html.contains("authorization: AMZN-PAY"), "{html}");
    let list = shown(&stage, "/console/requests?refused=1").await;
    assert!(list.contains(&id) && list.contains("InvalidRequestSignature"));
}

#[tokio::test]
async fn a_clients_canonical_request_is_held_beside_the_sandboxs() {
    let stage = Stage::new().await;
    let own = expected(&stage).replace("b=2&a=1", "a=1&b=2");
    let id = refused(&stage, Some(&own)).await;
    let told = stage.control_get(&format!("requests/{id}")).await;
    assert_eq!(told["signature"]["clientCanonicalRequest"], own);
    assert_eq!(told["signature"]["firstDifferingLine"], 3);
    let html = shown(&stage, &format!("/console/requests/{id}")).await;
    assert!(html.contains("The first line that differs: <b>3</b>"), "{html}");
    assert!(html.contains("<span class=\"line differs\">a=1&#38;b=2</span>"), "{html}");

    // Or pasted into the form, whose browser sends CR LF.
    let path = format!("/console/requests/{id}/compare");
    let pasted = expected(&stage).replace("GET", "get").replace('\n', "\r\n");
    let (status, _, html) = press(&stage, &format!("{path}?lang=en"), &[("canonical", &pasted)]).await;
    assert_eq!(status, 200);
    assert!(html.contains("The first line that differs: <b>1</b>"), "{html}");
    let same =
        stage.control_post(&format!("requests/{id}/compare"), json!({"canonicalRequest": expected(&stage)})).await;
    assert_eq!((&same["same"], &same["firstDifferingLine"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn accepted_requests_are_shown_whole_and_found_by_their_object() {
    let (stage, _, [session, _, charge]) = after_a_purchase(Order::auth("R-1")).await;
    let about = stage.control_get(&format!("requests?objectId={charge}")).await;
    let complete = &about["items"][0];
    assert_eq!(complete["operation"], "completeCheckoutSession");
    let id = complete["requestId"].as_str().unwrap();
    let whole = stage.control_get(&format!("requests/{id}")).await;
    assert!(whole["body"]["text"].as_str().unwrap().contains("chargeAmount"), "{whole}");
    assert!(whole["answer"]["text"].as_str().unwrap().contains(&charge));
    assert_eq!(whole["objectIds"][0], session.as_str());
    let html = shown(&stage, &format!("/console/requests/{id}")).await;
    assert!(html.contains("Verified") && !html.contains("line differs"), "{html}");
    assert_eq!(html.matches(whole["signature"]["stringToSign"].as_str().unwrap()).count(), 2, "on both sides");
    let more = stage.control_get("requests?limit=1").await;
    let before = more["older"].as_str().unwrap();
    let older = stage.control_get(&format!("requests?limit=1&before={before}")).await;
    assert_ne!(older["items"][0]["requestId"], more["items"][0]["requestId"]);
}

#[tokio::test]
async fn the_document_lists_every_path_and_is_served() {
    let stage = Stage::new().await;
    let document = stage.control_get("openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/_control/objects/{id}/state"]["post"]["requestBody"].is_object());
    let (_, html) = super::page(&stage, "/_control/").await;
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(html.contains(path.trim_end_matches('/')), "{path}");
    }
}
