//! Whether a shop's account at Amazon Pay answers: asked by a person who sets a shop up. Changes nothing at Amazon.

use super::Gateway;
use crate::amazonpay::{CallError, Merchant};
use crate::domain::CheckoutSessionId;

/// A session that Amazon never made: whoever asks for it and is told "not found" has shown a signature that is right.
const NOBODYS_SESSION: &str = "00000000-0000-0000-0000-000000000000";

/// What a signed question came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Amazon has answered it as one of this account.
    Works {
        /// Amazon's name for the call.
        request_id: Option<String>,
    },
    /// Amazon has refused to answer: the key, the account or the environment is not the right one.
    Refused {
        /// 4xx.
        status: u16,
        /// Amazon's code.
        reason_code: String,
        /// Amazon's name for the call.
        request_id: Option<String>,
    },
    /// There was no answer that could be trusted.
    NoAnswer(String),
}

impl Gateway {
    /// Asks Amazon for something that is not there, signed with this account's key.
    pub async fn check_connection(&self, account: &Merchant) -> Connection {
        let Ok(nobodys) = CheckoutSessionId::new(NOBODYS_SESSION) else {
            return Connection::NoAnswer("the question could not be made".to_owned());
        };
        match self.parts.amazon.checkout_session(account.into(), &nobodys).await {
            Ok(answer) => Connection::Works { request_id: answer.request_id },
            Err(CallError::Refused { status: 404, request_id, .. }) => Connection::Works { request_id },
            Err(CallError::Refused { status, reason_code, request_id, .. }) => {
                Connection::Refused { status, reason_code, request_id }
            }
            Err(CallError::Unknown { cause, .. }) => Connection::NoAnswer(cause.to_string()),
            Err(CallError::NotSent { cause }) => Connection::NoAnswer(cause.to_string()),
        }
    }
}
