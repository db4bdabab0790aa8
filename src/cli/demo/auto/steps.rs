//! Prints what happens, step by step.

use std::future::Future;
use std::time::Instant;

use super::super::super::print;

/// The steps of one purchase.
#[derive(Default)]
pub(super) struct Steps;

impl Steps {
    /// Does one step and prints it. What it brings is shown as `show` says.
    pub(super) async fn take<T>(
        &mut self,
        who: &str,
        call: &str,
        step: impl Future<Output = anyhow::Result<T>>,
        show: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<T> {
        let begun = Instant::now();
        let result = step.await;
        let took_ms = begun.elapsed().as_millis();
        let shown = match &result {
            Ok(value) => show(value),
            Err(error) => format!("{error:#}"),
        };
        print(&format!("  {who:<7} {call:<28} {shown:<64} {took_ms:>5} ms\n"));
        result
    }
}
