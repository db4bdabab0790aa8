//! The steps around every effect at Amazon, by name: places where a process may die and nothing may be lost.
//!
//! In builds with the feature `fault-points`, a process started with `SEKISHO_STOP_AT=<step>` stops for ever at that
//! step, says so in its log, and waits to be killed.

use crate::domain::Effect;

/// A moment in the life of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The intent is committed, Amazon has not been called.
    Intended,
    /// Amazon has answered, the outcome is not committed.
    Answered,
    /// The outcome is committed. Whoever asked has not been told; the shop may have been, if it was quick.
    Concluded,
}

impl Phase {
    /// Every moment, in order.
    pub const ALL: [Self; 3] = [Self::Intended, Self::Answered, Self::Concluded];

    const fn word(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Answered => "answered",
            Self::Concluded => "concluded",
        }
    }
}

/// One step: an operation at Amazon and a moment in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Amazon's name of the operation.
    pub operation: &'static str,
    /// The moment.
    pub phase: Phase,
}

impl Step {
    /// Every step of every operation, for tests that leave none out.
    pub fn all() -> Vec<Self> {
        let moments = |operation| Phase::ALL.map(|phase| Self { operation, phase });
        Effect::NAMES.into_iter().flat_map(moments).collect()
    }

    /// The step of `effect` in `phase`.
    pub fn of(effect: &Effect, phase: Phase) -> Self {
        debug_assert!(Effect::NAMES.contains(&effect.name()), "{} is missing from Effect::NAMES", effect.name());
        Self { operation: effect.name(), phase }
    }

    /// Passes the step, or stops at it for ever.
    #[cfg(feature = "fault-points")]
    pub(super) async fn pass(self) {
        if crate::config::process_environment("SEKISHO_STOP_AT").is_some_and(|at| at == self.to_string()) {
            tracing::error!("stopped at {self}");
            std::future::pending::<()>().await;
        }
    }

    /// Passes the step.
    #[cfg(not(feature = "fault-points"))]
    #[expect(clippy::unused_async, reason = "the build with fault points waits here")]
    pub(super) async fn pass(self) {}
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.operation, self.phase.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By these names a test says where a process stops, and `sim::steps` what it has played.
    #[test]
    fn every_effect_has_three_steps_with_names() {
        let names: Vec<String> = Step::all().iter().map(ToString::to_string).collect();
        let expected: Vec<String> = Effect::NAMES
            .iter()
            .flat_map(|it| ["intended", "answered", "concluded"].map(|at| format!("{it}.{at}")))
            .collect();
        assert_eq!(names, expected);
        assert!(names.contains(&"captureCharge.answered".to_owned()));
    }
}
