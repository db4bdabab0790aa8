//! The plays: what is being done when the process dies, and how everything must stand in the end.

mod cancellation;
mod change;
mod closure;
mod completion;
mod execution;
mod finalization;
mod lowering;
mod on_demand;
mod refund;
mod sale;

use sekisho::flow::Step;

use super::judge::Verdict;
use super::world::{Gateway, World};

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// ExecTran by way of the review page.
    Execution,
    /// The buyer's browser comes back.
    Completion,
    /// ExecTran after the on-page script.
    Finalization,
    /// ExecTran on a consent.
    OnDemand,
    /// Sales.
    Sale,
    /// Change before capture.
    Change,
    /// Change after capture.
    Lowering,
    /// Cancel before capture.
    Cancellation,
    /// Cancel after capture.
    Refund,
    /// CloseChargePermission.
    Closure,
}

impl Scene {
    pub(super) const ALL: [Self; 10] = [
        Self::Execution,
        Self::Completion,
        Self::Finalization,
        Self::OnDemand,
        Self::Sale,
        Self::Change,
        Self::Lowering,
        Self::Cancellation,
        Self::Refund,
        Self::Closure,
    ];

    /// Amazon's names of what happens there during the scene's last call.
    pub(super) const fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Execution => &["updateCheckoutSession"],
            Self::Completion => &["completeCheckoutSession"],
            Self::Finalization => &["finalizeCheckoutSession"],
            Self::OnDemand => &["createCharge"],
            Self::Sale => &["captureCharge"],
            Self::Change => &["createCharge", "cancelCharge"],
            Self::Lowering | Self::Refund => &["createRefund"],
            Self::Cancellation => &["cancelCharge"],
            Self::Closure => &["closeChargePermission"],
        }
    }

    /// Plays the scene: `doomed` dies at `step`. Answers its successor and how everything must stand in the end.
    pub(super) async fn play(self, world: &World, doomed: Gateway, step: Step) -> (Gateway, Verdict) {
        match self {
            Self::Execution => execution::play(world, doomed, step).await,
            Self::Completion => completion::play(world, doomed, step).await,
            Self::Finalization => finalization::play(world, doomed, step).await,
            Self::OnDemand => on_demand::play(world, doomed, step).await,
            Self::Sale => sale::play(world, doomed, step).await,
            Self::Change => change::play(world, doomed, step).await,
            Self::Lowering => lowering::play(world, doomed, step).await,
            Self::Cancellation => cancellation::play(world, doomed, step).await,
            Self::Refund => refund::play(world, doomed, step).await,
            Self::Closure => closure::play(world, doomed, step).await,
        }
    }
}
