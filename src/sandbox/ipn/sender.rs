//! Takes what is news from the ledger and posts what is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::envelope::Kind;
use super::outbox::{Outcome, Post};
use crate::egress;
use crate::sandbox::Sandbox;

/// How often it looks: the clock may be moved at any moment, and the ledger moves only when somebody looks.
const TICK: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a receiver may take: SNS gives it 15 seconds.
const POST_TIMEOUT: Duration = Duration::from_secs(15);

/// Sends messages until `stop`. Posts that are then under way are given up.
///
/// # Errors
/// Where no HTTP client can be made.
pub async fn run(sandbox: Arc<Sandbox>, stop: CancellationToken) -> Result<(), reqwest::Error> {
    let client = egress::client(CONNECT_TIMEOUT, POST_TIMEOUT)?;
    let mut posts = JoinSet::new();
    while !stop.is_cancelled() {
        sandbox.queue_news();
        let due = sandbox.outbox().take_due(sandbox.now());
        for post in due {
            let (client, sandbox) = (client.clone(), Arc::clone(&sandbox));
            posts.spawn(async move {
                let outcome = send(&client, &post).await;
                tracing::debug!(message_id = post.message_id, outcome = outcome.words(), "IPN");
                sandbox.outbox().record(post.number, outcome, sandbox.now());
            });
        }
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = posts.join_next() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
    Ok(())
}

impl Sandbox {
    /// Makes messages of what has happened since the last time. What is news stays so until its message is written down:
    /// better told twice than never.
    fn queue_news(&self) {
        let news = self.ledger().news();
        let Some((last, _)) = news.last() else { return };
        let last = *last;
        for (_, one) in news {
            let merchant_id = one.merchant_id.clone();
            self.send_ipn(&merchant_id, Kind::Notification(one));
        }
        self.ledger().told(last);
    }
}

async fn send(client: &reqwest::Client, post: &Post) -> Outcome {
    let request = client
        .post(&post.url)
        .header("content-type", "text/plain; charset=UTF-8")
        .header("user-agent", "Amazon Simple Notification Service Agent (Sekisho sandbox)")
        .header("x-amz-sns-message-type", post.type_name)
        .header("x-amz-sns-message-id", &post.message_id)
        .header("x-amz-sns-topic-arn", &post.topic_arn)
        .header("x-amz-sns-subscription-arn", &post.subscription_arn)
        .body(post.text.clone());
    match request.send().await {
        Ok(answer) => Outcome::Status(answer.status().as_u16()),
        Err(error) if error.is_timeout() && !error.is_connect() => Outcome::TimedOut,
        Err(_) => Outcome::Unreachable,
    }
}
