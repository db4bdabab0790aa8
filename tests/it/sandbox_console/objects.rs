//! The page of one object.

use super::{after_a_purchase, page, press, shown};
use crate::support::{DAY, Order};

#[tokio::test]
async fn an_objects_page_tells_its_history_in_order_with_causes() {
    let (stage, _, [session, permission, charge]) = after_a_purchase(Order::auth("O-1")).await;
    stage.control_post("clock", serde_json::json!({"advance_ms": 31 * DAY})).await;
    let detail = stage.control_get(&format!("objects/{session}")).await;
    let steps: Vec<_> = detail["history"].as_array().unwrap().iter().collect();
    let told: Vec<_> = steps
        .iter()
        .map(|step| (step["state"].as_str().unwrap(), step["detail"].as_str(), step["cause"].as_str().unwrap()))
        .collect();
    let expected = [
        ("Open", Some("new"), "buyer"),
        ("Open", Some("signed-in"), "buyer"),
        ("Open", Some("chosen"), "buyer"),
        ("Open", Some("processing"), "buyer"),
        ("Open", Some("paid"), "buyer"),
        ("Completed", None, "request"),
    ];
    assert_eq!(told, expected);
    assert_eq!(steps[5]["operation"], "completeCheckoutSession");

    let detail = stage.control_get(&format!("objects/{charge}")).await;
    let last = detail["history"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["state"], &last["reasonCode"], &last["cause"]),
        (&"Canceled".into(), &"ExpiredUnused".into(), &"timer".into())
    );
    let linked: Vec<_> = detail["linked"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(linked, [&session, &permission]);
    assert_eq!(detail["object"]["chargeId"], charge.as_str(), "as the API shows it");

    let html = shown(&stage, &format!("/console/objects/{charge}")).await;
    let places = ["Authorized</span>", ">completeCheckoutSession</a>", "Canceled</span>", "ExpiredUnused"];
    let history = html.split("id=\"history\"").nth(1).unwrap();
    let mut rest = history;
    for text in places {
        rest = rest.split_once(text).unwrap_or_else(|| panic!("{text} in its place: {history}")).1;
    }
    assert!(html.contains("Nothing leads on from this state."));
    assert!(html.contains("class=\"card request\""), "the raw requests");
    let request_id = detail["requests"][0]["requestId"].as_str().unwrap();
    assert!(html.contains(request_id));
    for id in [&session, &permission] {
        assert!(shown(&stage, &format!("/console/objects/{id}")).await.contains(&charge));
    }
}

#[tokio::test]
async fn what_nobody_has_is_not_found() {
    let (stage, ..) = after_a_purchase(Order::auth("O-2")).await;
    for path in ["/console/objects/S03-0000000-0000000", "/console/requests/none", "/console/objects/%3Cb%3E"] {
        let (status, html) = page(&stage, path).await;
        assert_eq!(status, 404, "{path}");
        assert!(!html.contains("<b>"), "{html}");
    }
    for path in ["state", "ipn"] {
        assert_eq!(press(&stage, &format!("/console/objects/nobody/{path}"), &[("state", "Closed")]).await.0, 404);
    }
    for (path, body) in [
        ("objects/x/state", r#"{"state":"Closed"}"#),
        ("objects/x/ipn", ""),
        ("requests/x/compare", r#"{"canonicalRequest":""}"#),
    ] {
        let url = format!("{}/_control/{path}", stage.browser.sandbox_url);
        assert_eq!(stage.http.post(url).body(body).send().await.unwrap().status(), 404, "{path}");
    }
    for path in ["objects/x", "requests/x"] {
        assert_eq!(stage.browser.get(&format!("{}/_control/{path}", stage.browser.sandbox_url)).await.status, 404);
    }
}

#[tokio::test]
async fn a_refund_is_subtracted_from_its_permissions_sum() {
    let (stage, entered, [_, permission, charge]) = after_a_purchase(Order::capture("O-3")).await;
    assert_eq!(entered.cancel(stage.shop(), "1980", "198").await.errors(), "");
    let refund = stage.ledger().await["refunds"][0]["refundId"].as_str().unwrap().to_owned();
    assert_eq!(press(&stage, &format!("/console/objects/{refund}/state"), &[("state", "Refunded")]).await.0, 303);
    assert_eq!(stage.moved("refunded").await, [2178]);
    let html = shown(&stage, &format!("/console/objects/{permission}")).await;
    assert!(html.contains("captured 2178 − refunded 2178 = <b>0</b>"), "{html}");
    assert!(shown(&stage, &format!("/console/objects/{charge}")).await.contains(&refund));
}
