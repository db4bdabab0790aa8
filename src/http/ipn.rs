//! `POST /amazonpay/ipn`: where Amazon sends its messages (amazon-pay 5). Anybody else may post here, too.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;

use super::{App, shop_api};
use crate::reconcile::NotTaken;

/// Answers at once; what the message is about is looked at afterwards. The answer tells a stranger nothing: what is wrong
/// with a message stands in the log.
pub(super) async fn receive(State(app): State<App>, body: Body) -> StatusCode {
    let Some(bytes) = shop_api::read_body(&app, body).await else {
        tracing::warn!("IPN: a message is too long or did not arrive in time");
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    match app.hints.take(&bytes) {
        Ok(()) => StatusCode::OK,
        Err(why) => {
            tracing::warn!(%why, "IPN: a message is not taken on");
            match why {
                // Amazon tries again after a 5xx only.
                NotTaken::Full => StatusCode::SERVICE_UNAVAILABLE,
                NotTaken::Malformed(_) => StatusCode::BAD_REQUEST,
                NotTaken::Rejected(_) => StatusCode::FORBIDDEN,
            }
        }
    }
}
