//! `POST /_control/chargePermissions/{id}`: what the buyer or Amazon does to a charge permission.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;

use super::pages::refuse;
use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{Cause, PermissionReason};
use crate::sandbox::wire::views;

/// Exactly one of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    /// Blocks or closes it for this reason of Amazon's, such as `PaymentMethodExpired` or `BuyerCanceled`.
    reason: Option<String>,
    /// The buyer chooses this card, such as `card-4444`; a blocked permission is then chargeable again.
    payment: Option<String>,
}

/// Answers the permission afterwards.
pub(super) async fn befall(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<Event>(&body) {
        Ok(event) => event,
        Err(error) => return refuse(&format!("the body must be {{\"reason\": …}} or {{\"payment\": …}}: {error}")),
    };
    let mut ledger = sandbox.ledger().caused_by(Cause::Control);
    let done = match (&event.reason, &event.payment) {
        (Some(reason), None) => match PermissionReason::parse(reason) {
            // That one is worked out from the charges.
            Some(reason) if reason != PermissionReason::ChargeInProgress => ledger.befall(&id, reason),
            _ => return refuse(&format!("reason must be one of {}", PermissionReason::SPELLED.join(", "))),
        },
        (None, Some(payment)) => ledger.change_payment_method(&id, payment),
        _ => return refuse("give either reason or payment"),
    };
    match done.cloned() {
        Ok(permission) => Json(views::charge_permission(&ledger, &permission)).into_response(),
        Err(error) => refuse(&error.to_string()),
    }
}
