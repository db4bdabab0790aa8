//! Messages from Amazon (IPN, amazon-pay 5), worked on behind the answer: whoever posts one is answered at once, for Amazon
//! gives up on receivers that take long, and anybody may post.
//!
//! The queue is bounded and in memory. A message that is lost with the process is no loss: what it would have caused to be
//! looked at is looked at when its time has come.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::amazonpay::ipn::{Admitted, Content, Envelope, EnvelopeError, Rejection, Verifier};
use crate::flow::Gateway;

/// How many messages wait at most.
const WAITING_MAX: usize = 1_000;
/// How many are worked on at once.
const CONCURRENT_MAX: usize = 8;

/// Why a message was not taken on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is none.
    #[error(transparent)]
    Malformed(#[from] EnvelopeError),
    /// It cannot be heeded.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Too many are waiting. Amazon will send it again.
    #[error("too many messages are waiting")]
    Full,
}

/// Where messages go in.
#[derive(Clone)]
pub struct Hints {
    verifier: Arc<Verifier>,
    queue: mpsc::Sender<Admitted>,
}

/// Where they are worked on.
pub struct HintWork {
    verifier: Arc<Verifier>,
    waiting: mpsc::Receiver<Admitted>,
}

/// Both ends of a queue of messages.
pub fn hints(verifier: Verifier) -> (Hints, HintWork) {
    let verifier = Arc::new(verifier);
    let (queue, waiting) = mpsc::channel(WAITING_MAX);
    (Hints { verifier: Arc::clone(&verifier), queue }, HintWork { verifier, waiting })
}

impl Hints {
    /// Takes a message on, if it could be one that counts. Does not wait.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn take(&self, body: &[u8]) -> Result<(), NotTaken> {
        let admitted = self.verifier.admit(Envelope::read(body)?)?;
        self.queue.try_send(admitted).map_err(|_| NotTaken::Full)
    }
}

impl HintWork {
    /// Works on messages until `stop`. What is then under way goes on in its own task ([`Gateway::finish`]).
    pub async fn run(mut self, gateway: Arc<Gateway>, stop: CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(()) = under_way.next(), if !under_way.is_empty() => {}
                message = self.waiting.recv(), if under_way.len() < CONCURRENT_MAX => match message {
                    Some(message) => under_way.push(heed(&gateway, &self.verifier, message)),
                    None => return,
                },
            }
        }
    }
}

async fn heed(gateway: &Arc<Gateway>, verifier: &Verifier, message: Admitted) {
    let (message_id, topic_arn) = (message.envelope().message_id(), message.envelope().topic_arn());
    let genuine = match verifier.verify(message).await {
        Ok(genuine) => genuine,
        Err(Rejection::Replayed) => {
            tracing::info!(message_id, topic_arn, "IPN: a message came again; it was heeded the first time");
            return;
        }
        Err(rejection) => {
            tracing::warn!(message_id, topic_arn, %rejection, "IPN: a message is not heeded");
            return;
        }
    };
    match genuine.content {
        Content::Hint(hint) => {
            let (object_type, object_id) = (hint.object_type.as_str(), hint.object_id.clone());
            let (this, source) = (Arc::clone(gateway), genuine.source);
            match gateway.detached(async move { this.hinted(&source, &hint).await }).await.and_then(|done| done) {
                Ok(hinted) => tracing::info!(message_id, object_type, object_id, ?hinted, "IPN"),
                Err(error) => tracing::error!(message_id, object_type, object_id, %error, "IPN"),
            }
        }
        Content::SubscriptionConfirmation { subscribe_url } => {
            match verifier.confirm(&genuine.source, &subscribe_url).await {
                Ok(()) => tracing::info!(message_id, topic_arn, "IPN: subscribed to a topic"),
                Err(error) => tracing::error!(message_id, topic_arn, %error, "IPN"),
            }
        }
        Content::UnsubscribeConfirmation => {
            tracing::warn!(message_id, topic_arn, "IPN: the subscription to a topic has ended");
        }
    }
}
