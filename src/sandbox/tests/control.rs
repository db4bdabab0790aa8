//! What a test sees and does at `/_control/`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use serde_json::{Value, json};

use super::merchant::{
    SHOP, amount, authorized_charge, call, control, get, paid_session, sandbox, send, session_body, signed,
};
use crate::sandbox::api::Operation;
use crate::sandbox::buyers::CARDS;
use crate::sandbox::{Sandbox, router};

#[tokio::test]
async fn the_ledger_shows_objects_movements_and_requests() {
    let sandbox = sandbox();
    let charge = authorized_charge(&sandbox).await;
    call(&sandbox, "POST", &format!("/v2/charges/{charge}/capture"), &amount("captureAmount", 1000), "cap").await;
    let ledger = control(&sandbox, "GET", "/_control/ledger", &Value::Null).await.body;
    assert_eq!(ledger["checkoutSessions"][0]["statusDetails"]["state"], "Completed");
    assert_eq!(ledger["charges"][0]["merchantId"], SHOP);
    assert_eq!(ledger["chargePermissions"][0]["chargeIds"], json!([charge]));
    let movements = ledger["movements"].as_array().expect("a list");
    let told: Vec<_> = movements.iter().map(|m| (m["kind"].as_str(), m["amount"].as_i64())).collect();
    let thousand = |kind| (Some(kind), Some(1000));
    assert_eq!(told, [thousand("reserved"), thousand("authorized"), thousand("captured")]);
    let requests = ledger["requests"].as_array().expect("a list");
    let operations: Vec<_> = requests.iter().filter_map(|request| request["operation"].as_str()).collect();
    assert_eq!(operations, ["createCheckoutSession", "completeCheckoutSession", "captureCharge"]);
    assert_eq!(requests[2]["idempotencyKey"], "cap");
    assert_eq!(requests[2]["status"], 200);
    assert_eq!(requests[2]["merchantId"], SHOP);
}

#[tokio::test]
async fn the_clock_moves_on_but_signatures_are_dated_by_the_real_time() {
    let sandbox = sandbox();
    let charge = authorized_charge(&sandbox).await;
    let days_31 = json!({"advance_ms": 31 * 86_400_000_i64});
    let moved = control(&sandbox, "POST", "/_control/clock", &days_31).await;
    assert_eq!(moved.body["now"], "20261223T181000Z");
    let shown = get(&sandbox, &format!("/v2/charges/{charge}")).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.body["statusDetails"]["reasonCode"], "ExpiredUnused");
    assert_eq!(shown.body["statusDetails"]["lastUpdatedTimestamp"], "20261222T181000Z");
    assert_eq!(control(&sandbox, "POST", "/_control/clock", &json!({"advance_ms": -1})).await.status, 400);
    assert_eq!(control(&sandbox, "POST", "/_control/clock", &json!({"advance": 1})).await.status, 400);
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let sandbox = sandbox();
    authorized_charge(&sandbox).await;
    control(&sandbox, "POST", "/_control/clock", &json!({"advance_ms": 5})).await;
    control(&sandbox, "POST", "/_control/faults", &json!({"operation": "getCharge", "status": 500})).await;
    assert_eq!(control(&sandbox, "POST", "/_control/reset", &Value::Null).await.body["offset_ms"], 0);
    let ledger = control(&sandbox, "GET", "/_control/ledger", &Value::Null).await.body;
    for list in ["checkoutSessions", "chargePermissions", "charges", "refunds", "movements", "requests"] {
        assert_eq!(ledger[list], json!([]), "{list}");
    }
    assert_eq!(control(&sandbox, "GET", "/_control/faults", &Value::Null).await.body["faults"], json!([]));
    assert_eq!(call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "create-card-1111").await.status, 201);
}

#[tokio::test]
async fn an_error_status_does_nothing_and_is_used_up() {
    let sandbox = sandbox();
    let rule = json!({"operation": "createCheckoutSession", "status": 503, "delay_ms": 1});
    assert_eq!(control(&sandbox, "POST", "/_control/faults", &rule).await.status, 201);
    let refused = call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "k").await;
    assert_eq!((refused.status, refused.code()), (503, "ServiceUnavailable"));
    assert_eq!(sandbox.ledger().sessions().count(), 0);
    assert_eq!(call(&sandbox, "POST", "/v2/checkoutSessions", &session_body(), "k").await.status, 201);
    assert_eq!(
        control(&sandbox, "POST", "/_control/faults", &json!({"operation": "x", "hang": true})).await.status,
        400
    );
    assert_eq!(control(&sandbox, "POST", "/_control/faults", &json!({"oops": 1})).await.status, 400);
}

#[tokio::test]
async fn a_lost_answers_body_breaks() {
    let sandbox = sandbox();
    control(&sandbox, "POST", "/_control/faults", &json!({"operation": "getCharge", "lose_answer": true})).await;
    let response = send(&sandbox, signed(SHOP, "GET", "/v2/charges/none", "", &[])).await;
    assert!(to_bytes(response.into_body(), 1024).await.is_err());
}

/// The sandbox behind a real listener: a test of what really comes over the wire.
async fn listening(sandbox: &Arc<Sandbox>) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = router(Arc::clone(sandbox));
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

/// Sends Complete over TCP and reads until the sandbox closes the connection: what came back.
async fn complete_over_tcp(sandbox: &Arc<Sandbox>, id: &str) -> Vec<u8> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let body = amount("chargeAmount", 1000).to_string();
    let request = signed(SHOP, "POST", &format!("/v2/checkoutSessions/{id}/complete"), &body, &[]);
    let mut lines = vec![format!("{} {} HTTP/1.1", request.method(), request.uri()), "host: h".to_owned()];
    for (name, value) in request.headers() {
        lines.push(format!("{name}: {}", value.to_str().expect("ASCII")));
    }
    lines.push(format!("content-length: {}\r\n\r\n{body}", body.len()));
    let text = lines.join("\r\n");
    let mut stream = tokio::net::TcpStream::connect(listening(sandbox).await).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("closed in order");
    answer
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_after_the_effect_without_a_byte() {
    let sandbox = sandbox();
    let id = paid_session(&sandbox, "card-1111").await;
    let rule = json!({"operation": "completeCheckoutSession", "lose_answer": true});
    control(&sandbox, "POST", "/_control/faults", &rule).await;
    assert_eq!(complete_over_tcp(&sandbox, &id).await, b"");
    let shown = get(&sandbox, &format!("/v2/checkoutSessions/{id}")).await.body;
    assert_eq!(shown["statusDetails"]["state"], "Completed");
    assert!(shown["chargeId"].is_string());
}

#[tokio::test]
async fn a_withheld_answer_leaves_the_effect_done() {
    let sandbox = sandbox();
    let id = paid_session(&sandbox, "card-1111").await;
    let rule = json!({"operation": "completeCheckoutSession", "hang": true});
    control(&sandbox, "POST", "/_control/faults", &rule).await;
    let asked = Arc::clone(&sandbox);
    let mut exchange = tokio::spawn(async move { complete_over_tcp(&asked, &id).await });
    while sandbox.ledger().charges().count() == 0 {
        assert!(!exchange.is_finished(), "the effect comes first");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // An answer that is not withheld is here in less than a millisecond after its effect.
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut exchange).await.is_err());
    exchange.abort();
    let ledger = control(&sandbox, "GET", "/_control/ledger", &Value::Null).await.body;
    assert_eq!(ledger["charges"][0]["statusDetails"]["state"], "Authorized");
    assert_eq!(ledger["requests"][1]["faults"], json!(["hang"]));
}

#[tokio::test]
async fn the_reference_and_the_merchants_are_there() {
    let sandbox = sandbox();
    let merchants = control(&sandbox, "GET", "/_control/merchants", &Value::Null).await.body;
    assert_eq!(merchants["merchants"][0]["merchantId"], SHOP);
    assert_eq!(merchants["merchants"][0]["publicKeyIds"], json!([SHOP]));
    for path in ["/_control", "/_control/"] {
        assert_eq!(control(&sandbox, "GET", path, &Value::Null).await.status, 200);
    }
    let reference = include_str!("../control/reference.html");
    for operation in Operation::ALL {
        assert!(reference.contains(&format!("<code>{}</code>", operation.name())), "{}", operation.name());
    }
    for card in CARDS {
        assert!(reference.contains(card.last_digits), "{}", card.id);
    }
}
