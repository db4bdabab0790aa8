//! The use cases: what the gateway does when a shop calls, a buyer's browser comes by, or time passes.
//!
//! Theory of operation. A call is first admitted (`gate`): is the shop the one it says, are the parameters right, does
//! the transaction exist and belong to it. Whatever changes something at Amazon goes through `effect`: an intent is
//! committed, Amazon is called, and the evidence is committed together with the transaction's new version, its journal
//! entry and the notification the shop is owed. If the process dies in between, or Amazon's answer is lost, the intent
//! stays open and [`Gateway::inquire`] finds out later. While an intent is open nothing else can change the
//! transaction: a second caller is told so (E90010001).
//!
//! Callers must let a use case run to its end even if whoever asked has gone away ([`Gateway::detached`]).

mod by_hand;
mod came_back;
mod cancel;
mod change;
mod charge_permission;
mod complete;
mod connection;
mod effect;
mod entry_tran;
mod errand;
mod exec_apb;
mod exec_approved;
mod exec_finalize;
mod exec_on_demand;
mod exec_review;
mod exec_tran;
mod gate;
mod hint;
mod later;
mod mfa;
mod notice;
mod overdue;
mod paid;
mod ports;
mod provider;
mod refund;
mod refusal;
mod result_post;
mod sales;
mod search_address;
mod search_trade;
mod shop;
mod start;
mod step;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;

use ipnet::IpNet;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::config::DeploymentKey;

pub use by_hand::{ByHandError, Possible, Seen};
pub use came_back::Return;
pub use complete::ReturnError;
pub use connection::Connection;
pub use effect::Looked;
pub use exec_tran::ExecReply;
pub use hint::Hinted;
pub(crate) use hint::source_of;
pub use ports::{AmazonPay, Clock, Notifier, Rng, Store};
pub use refusal::Refusal;
pub use result_post::ResultPost;
pub use shop::{Shop, ShopError, Shops};
pub use start::{CheckoutStart, StartError, Started};
pub use step::{Phase, Step};

/// What a gateway is made of.
pub struct Parts {
    /// The book.
    pub store: Arc<dyn Store>,
    /// Amazon Pay.
    pub amazon: Arc<dyn AmazonPay>,
    /// Carries notifications.
    pub notifier: Arc<dyn Notifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The shops.
    pub shops: Arc<Shops>,
    /// Derives every AccessPass.
    pub deployment_key: DeploymentKey,
    /// Bounds and addresses.
    pub settings: Settings,
}

/// Bounds and addresses of the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where browsers reach this gateway: scheme, host, perhaps port; no slash at the end.
    pub public_url: String,
    /// The longest that one call to Amazon takes with all its attempts; an intent is left alone for so long.
    pub amazon_total_ms: i64,
    /// How long after a lost answer the first look at it comes; every further look comes twice as late.
    pub first_look_ms: i64,
    /// How long a buyer waits at most for the shop to hear the result first.
    pub notify_wait_ms: u64,
    /// Networks inside that a live shop's RetURL may name, as its notify_url may.
    pub egress_allow: Vec<IpNet>,
}

/// The gateway.
pub struct Gateway {
    parts: Parts,
    tasks: TaskTracker,
}

impl Gateway {
    /// A gateway made of these parts.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self { parts, tasks: TaskTracker::new() })
    }

    /// Runs a use case in a task of its own and waits for it. If the caller stops waiting, as a web server does when a
    /// client hangs up, the use case goes on all the same.
    ///
    /// # Errors
    /// [`Refusal::Internal`] where the use case panicked.
    pub async fn detached<T: Send + 'static>(
        self: &Arc<Self>,
        use_case: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Refusal> {
        // The span names the request on every line that is written on its behalf.
        self.tasks.spawn(use_case.in_current_span()).await.map_err(|error| {
            tracing::error!(%error, "a use case did not end");
            Refusal::Internal("a use case did not end")
        })
    }

    /// Waits until every running use case has ended. For the shutdown, after the last request was taken.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The shops.
    pub fn shops(&self) -> &Arc<Shops> {
        &self.parts.shops
    }

    /// The book.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.parts.store
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }
}
