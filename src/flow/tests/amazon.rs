//! An Amazon whose every answer the test writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// Amazon: what it answers to a method and path, the first time and until the test says otherwise; what it was asked.
#[derive(Default)]
pub(super) struct Amazon {
    first: Mutex<HashMap<String, (u16, Value)>>,
    answers: Mutex<HashMap<String, (u16, Value)>>,
    asked: Mutex<Vec<String>>,
    held: Mutex<HashMap<String, Arc<Barrier>>>,
}

impl Amazon {
    /// Holds the next such request back: the test waits once at what this answers until it is there, and once more to let
    /// it be answered.
    pub(super) fn holds(&self, what: &str) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        self.held.lock().unwrap().insert(what.to_owned(), Arc::clone(&barrier));
        barrier
    }

    pub(super) async fn hold(&self, what: &str) {
        let held = self.held.lock().unwrap().remove(what);
        if let Some(barrier) = held {
            barrier.wait().await;
            barrier.wait().await;
        }
    }

    pub(super) fn answers(&self, what: &str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(what.to_owned(), (status, body));
    }

    pub(super) fn answers_once(&self, what: &str, status: u16, body: Value) {
        self.first.lock().unwrap().insert(what.to_owned(), (status, body));
    }

    pub(super) fn refuses(&self, what: &str, (status, reason_code): (u16, &str)) {
        self.answers(what, status, json!({"reasonCode": reason_code, "message": ""}));
    }

    pub(super) fn asked(&self, what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == what).count()
    }

    /// Every answer has a name, by its place among all of them.
    pub(super) fn answer(&self, what: String) -> (StatusCode, [(&'static str, String); 1], Json<Value>) {
        let first = self.first.lock().unwrap().remove(&what);
        let answer = first.or_else(|| self.answers.lock().unwrap().get(&what).cloned());
        let mut asked = self.asked.lock().unwrap();
        asked.push(what);
        let (status, body) = answer.unwrap_or((404, json!({"reasonCode": "ResourceNotFound", "message": ""})));
        let name = ("x-amz-pay-request-id", format!("answer-{}", asked.len()));
        (StatusCode::from_u16(status).unwrap(), [name], Json(body))
    }
}

pub(super) fn session(id: &str, state: &str) -> Value {
    let charge = (state == "Completed").then(|| format!("S03-{id}-C1"));
    let permission = charge.as_ref().map(|_| format!("S03-{id}"));
    json!({
        "checkoutSessionId": id, "statusDetails": {"state": state, "reasonCode": null},
        "webCheckoutDetails": {"amazonPayRedirectUrl": "http://amazon"},
        "chargePermissionId": permission, "chargeId": charge,
    })
}

pub(super) fn charge(session: &str, state: &str, yen: u32) -> Value {
    let price = json!({"amount": yen.to_string(), "currencyCode": "JPY"});
    json!({
        "chargeId": format!("S03-{session}-C1"), "chargePermissionId": format!("S03-{session}"),
        "statusDetails": {"state": state}, "chargeAmount": price,
        "captureAmount": if state == "Captured" { price.clone() } else { Value::Null },
    })
}

pub(super) fn get(session: &str) -> String {
    format!("GET /v2/checkoutSessions/{session}")
}

pub(super) fn complete(session: &str) -> String {
    format!("POST /v2/checkoutSessions/{session}/complete")
}

pub(super) fn get_charge(session: &str) -> String {
    format!("GET /v2/charges/S03-{session}-C1")
}

pub(super) fn refund(state: &str, yen: u32) -> Value {
    json!({
        "refundId": "S03-s1-R1", "chargeId": "S03-s1-C1", "statusDetails": {"state": state},
        "refundAmount": {"amount": yen.to_string(), "currencyCode": "JPY"},
    })
}
