//! What a call to Amazon comes to.
//!
//! The line that matters runs between knowing and not knowing. A payment with a lost answer is neither paid nor failed,
//! and only evidence may decide it later; so "unknown" is an outcome of its own, never a kind of failure.

/// Amazon did it, or has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The object as it now is.
    pub value: T,
    /// 200; 201 where something was made; 202 where the result is still pending.
    pub status: u16,
    /// Amazon's name for the call, for its support.
    pub request_id: Option<String>,
}

impl<T> Answer<T> {
    /// Whether Amazon accepted the call and will decide later (amazon-pay 2.1: Complete and Finalize).
    pub const fn is_pending(&self) -> bool {
        self.status == 202
    }
}

/// A call that did not bring an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Amazon said no. This attempt changed nothing.
    #[error("Amazon refused ({status} {reason_code}): {message}")]
    Refused {
        /// 4xx.
        status: u16,
        /// Amazon's code, such as `InvalidCheckoutSessionStatus`; the text it sent, whatever it is.
        reason_code: String,
        /// Amazon's words for a developer. Never for a buyer; may echo what was sent.
        message: String,
        /// Amazon's name for the call, for its support.
        request_id: Option<String>,
        /// Whether an earlier attempt of the same call may have had its effect, so that this no may mean "already done":
        /// ask Amazon (GET) before believing it.
        earlier_unknown: bool,
    },
    /// Sent at least once, and no answer that can be trusted. The effect may or may not be there.
    #[error("no trustworthy answer from Amazon: {cause}")]
    Unknown {
        /// What went wrong at the last attempt of which nothing is known.
        cause: UnknownCause,
        /// The last status that any attempt brought.
        last_status: Option<u16>,
        /// Amazon's code, where it sent one (`ProcessingFailure` with a 500).
        reason_code: Option<String>,
        /// Amazon's name for the last call that had one.
        request_id: Option<String>,
    },
    /// Nothing reached Amazon.
    #[error("nothing was sent to Amazon: {cause}")]
    NotSent {
        /// Why.
        cause: NotSentCause,
    },
}

impl CallError {
    /// Amazon's code, if it sent one.
    pub fn reason_code(&self) -> Option<&str> {
        match self {
            Self::Refused { reason_code, .. } => Some(reason_code),
            Self::Unknown { reason_code, .. } => reason_code.as_deref(),
            Self::NotSent { .. } => None,
        }
    }

    /// Amazon's name for the call, if it gave one.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { request_id, .. } | Self::Unknown { request_id, .. } => request_id.as_deref(),
            Self::NotSent { .. } => None,
        }
    }

    /// Whether it is certain that no attempt of this call changed anything at Amazon.
    pub const fn changed_nothing(&self) -> bool {
        match self {
            Self::Refused { earlier_unknown, .. } => !*earlier_unknown,
            Self::Unknown { .. } => false,
            Self::NotSent { .. } => true,
        }
    }
}

/// Why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCause {
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke after the request may have left.
    #[error("the connection broke")]
    Broken,
    /// A status that says nothing about the effect: 408, 425, 5xx.
    #[error("a status that leaves the effect open")]
    Status,
    /// An answer that is not Amazon's JSON.
    #[error("an unreadable answer")]
    Unreadable,
    /// An answer larger than any of Amazon's.
    #[error("an answer of more than {} bytes", super::verdict::BODY_BYTES_MAX)]
    TooLarge,
    /// An answer about another object than the one asked about.
    #[error("an answer about another object")]
    WrongObject,
}

impl UnknownCause {
    /// One word for records; none where the status says all.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::TimedOut => Some("timed-out"),
            Self::Broken => Some("broken"),
            Self::Status => None,
            Self::Unreadable => Some("unreadable"),
            Self::TooLarge => Some("too-large"),
            Self::WrongObject => Some("wrong-object"),
        }
    }
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSentCause {
    /// No attempt came to a connection.
    #[error("no connection")]
    NoConnection,
    /// The request could not be made.
    #[error("the request could not be made")]
    Request,
    /// The request could not be signed.
    #[error("the request could not be signed")]
    Signature,
}

impl NotSentCause {
    /// One word for records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoConnection => "no-connection",
            Self::Request => "not-made",
            Self::Signature => "not-signed",
        }
    }
}
