//! The console's buttons, and what they do for programs.

use serde_json::json;

use super::{after_a_purchase, press, shown};
use crate::support::{Order, Stage, eventually};

#[tokio::test]
async fn the_clock_moves_and_what_was_due_has_happened() {
    let (stage, _, [_, _, charge]) = after_a_purchase(Order::auth("K-1")).await;
    let (status, to, _) = press(&stage, "/console/clock", &[("many", "31"), ("unit", "86400000")]).await;
    assert_eq!((status, to.as_str()), (303, "/#clock"));
    assert_eq!(stage.control_get("clock").await["offset_ms"], 31 * 86_400_000_i64);
    let html = shown(&stage, "/").await;
    assert!(html.contains("31 days 00:00:00 ahead"), "{html}");
    assert!(shown(&stage, &format!("/console/objects/{charge}")).await.contains("ExpiredUnused"));
    for fields in [
        &[("advance_ms", "-1")][..],
        &[("many", "x"), ("unit", "1000")],
        &[],
        &[("many", "9223372036854775807"), ("unit", "1000")],
    ] {
        assert_eq!(press(&stage, "/console/clock", fields).await.0, 400, "{fields:?}");
    }
}

#[tokio::test]
async fn faults_are_set_shown_and_cleared() {
    let stage = Stage::new().await;
    let rules = [
        [("operation", "captureCharge"), ("effect", "status"), ("value", "503"), ("times", "2")],
        [("operation", "createRefund"), ("effect", "simulation_code"), ("value", "Declined"), ("times", "")],
        [("operation", "getCharge"), ("effect", "lose_answer"), ("value", ""), ("times", "1")],
        [("operation", "getCharge"), ("effect", "delay_ms"), ("value", "5"), ("times", "1")],
    ];
    for rule in &rules {
        assert_eq!(press(&stage, "/console/faults", rule).await.0, 303, "{rule:?}");
    }
    assert_eq!(stage.control_get("faults").await["faults"].as_array().unwrap().len(), rules.len());
    assert!(shown(&stage, "/").await.contains("operation captureCharge, times 2, status 503"));
    for (bad, why) in [
        ([("operation", "x"), ("effect", "hang")], "is none of"),
        ([("operation", "getCharge"), ("effect", "x")], "none of lose_answer"),
        ([("operation", "getCharge"), ("effect", "status")], "must be a whole number"),
    ] {
        let (status, _, text) = press(&stage, "/console/faults", &bad).await;
        assert!(status == 400 && text.contains(why), "{text}");
    }
    assert_eq!(press(&stage, "/console/faults/clear", &[]).await.0, 303);
    assert_eq!(stage.control_get("faults").await["faults"], json!([]));
}

#[tokio::test]
async fn a_state_is_forced_where_a_way_leads_and_refused_elsewhere() {
    let (stage, _, [session, permission, charge]) = after_a_purchase(Order::auth("K-2")).await;
    let path = |id: &str| format!("/console/objects/{id}/state");
    for (id, state, why) in [
        (&session, "Canceled", "is Completed and cannot become"),
        (&charge, "Captured", "is Authorized and cannot become"),
        (&permission, "Chargeable", "is NonChargeable and cannot become"),
        (&charge, "", "is Authorized and cannot become"),
    ] {
        let (status, _, text) = press(&stage, &path(id), &[("state", state)]).await;
        assert!(status == 400 && text.contains(why), "{state}: {text}");
    }
    let (status, _, text) = press(&stage, &path(&charge), &[("state", "Canceled"), ("reasonCode", "Nonsense")]).await;
    assert!(status == 400 && text.contains("it must be one of AmazonCanceled"), "{text}");
    let done = press(&stage, &path(&charge), &[("state", "Canceled"), ("reasonCode", "AmazonCanceled")]).await;
    assert_eq!((done.0, done.1), (303, format!("/console/objects/{charge}")));
    let html = shown(&stage, &format!("/console/objects/{charge}")).await;
    assert!(html.contains("AmazonCanceled") && html.contains("console or control API"), "{html}");
    let detail = stage.control_post(&format!("objects/{permission}/state"), json!({"state": "Closed"})).await;
    assert_eq!(detail["summary"]["reasonCode"], "BuyerCanceled");
    assert_eq!(detail["history"].as_array().unwrap().last().unwrap()["cause"], "control");
    assert_eq!(detail["mayBecome"], json!([]));
    let url = stage.browser.sandbox_url.clone();
    for body in ["{}", r#"{"state":"Closed","why":1}"#, "[", r#"{"state":"Authorized"}"#] {
        let answer = stage.http.post(format!("{url}/_control/objects/{charge}/state")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn a_message_about_an_object_is_sent_again() {
    let (stage, _, [session, _, charge]) = after_a_purchase(Order::auth("K-3")).await;
    let path = |id: &str| format!("/console/objects/{id}/ipn");
    let (status, _, text) = press(&stage, &path(&charge), &[]).await;
    assert!(status == 400 && text.contains("has no IPN endpoint"), "{text}");
    let (status, _, text) = press(&stage, &path(&session), &[]).await;
    assert!(status == 400 && text.contains("no messages about checkout sessions"), "{text}");
    let merchant = stage.shop().merchant_id.clone();
    let endpoint = json!({"merchantId": merchant, "url": format!("{}/amazonpay/ipn", stage.gateway_url)});
    stage.control_post("ipn/endpoints", endpoint).await;
    let (status, to, _) = press(&stage, &path(&charge), &[]).await;
    assert_eq!((status, to), (303, format!("/console/objects/{charge}#messages")));
    eventually("the message is on the console as delivered", async || {
        let html = shown(&stage, &format!("/console/objects/{charge}")).await;
        html.contains("DELIVERED").then_some(())
    })
    .await;
    let html = shown(&stage, &format!("/?id={charge}")).await;
    assert!(html.contains("→ 200") && html.contains("CHARGE"), "{html}");
    let told = stage.control_get(&format!("objects/{charge}")).await;
    assert_eq!(told["ipn"][0]["objectId"], charge.as_str());
}
