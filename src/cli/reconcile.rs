//! `sekisho reconcile --once`: what reconcile does all the time, done once and told. For an operator who wants to know what
//! is open, or whose gateway is not running.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::assemble::{Assembled, World};
use super::configuration::Configuration;
use super::print;
use crate::config::{GatewayOverrides, GatewaySettings, process_environment};
use crate::domain::{Clock as _, Millis, SystemClock};
use crate::reconcile::{Round, until_quiet};
use crate::store::Backlog;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct ReconcileArgs {
    /// Looks at everything that is due, tells what was found and done, and ends: with 0 where nothing of it is unknown any
    /// more, with 1 where something is, or could not be looked at. Without it there is nothing to do: a gateway that serves
    /// reconciles by itself
    #[arg(long, required = true)]
    once: bool,
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) async fn run(args: ReconcileArgs) -> anyhow::Result<ExitCode> {
    let overrides = args.overrides.or_rust_log(&process_environment);
    let settings = GatewaySettings::load(&overrides)?;
    telemetry::init(settings.log_format, &settings.log_filter)?;
    let Configuration { shops, deployment_key } = Configuration::read(&settings)?;
    let assembled = Assembled::beside(settings, shops, deployment_key, World::real()).await?;
    let gateway = assembled.gateway.clone();
    let found = gateway.store().backlog(SystemClock.now()).await?;
    let done = until_quiet(&gateway).await?;
    let now = SystemClock.now();
    let left = gateway.store().backlog(now).await?;
    assembled.close().await;
    print(&report(&found, done, &left, now));
    Ok(if done.still_open + done.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(found: &Backlog, done: Round, left: &Backlog, now: Millis) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "found  {}", waiting(found, now));
    let _ = writeln!(
        text,
        "done   {} outcome(s) found out, {} still unknown, {} transaction(s) looked at, {} failure(s)",
        done.closed, done.still_open, done.overdue, done.failed
    );
    let _ = writeln!(text, "left   {}", waiting(left, now));
    if left.notifications_pending > 0 {
        text.push_str("What shops are owed is sent by the gateway that serves.\n");
    }
    if done.failed > 0 {
        text.push_str("The log above says what failed.\n");
    }
    text
}

fn waiting(backlog: &Backlog, now: Millis) -> String {
    let age = backlog
        .operation_open_since
        .map_or_else(String::new, |since| format!(" (the oldest for {} s)", now.since(since).max(0) / 1000));
    format!(
        "{} operation(s) without an outcome{age}, {} transaction(s) to look at, {} notification(s) owed, {} given up",
        backlog.operations_open,
        backlog.transactions_overdue,
        backlog.notifications_pending,
        backlog.notifications_given_up
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_was_found_done_and_left() {
        let found = Backlog { operations_open: 2, operation_open_since: Some(Millis(1_000)), ..Backlog::default() };
        let left = Backlog { operations_open: 1, notifications_pending: 1, ..found };
        let done = Round { closed: 1, still_open: 1, ..Round::default() };
        assert_eq!(
            report(&found, done, &left, Millis(9_500)),
            "found  2 operation(s) without an outcome (the oldest for 8 s), 0 transaction(s) to look at, 0 notification(s) \
             owed, 0 given up\n\
             done   1 outcome(s) found out, 1 still unknown, 0 transaction(s) looked at, 0 failure(s)\n\
             left   1 operation(s) without an outcome (the oldest for 8 s), 0 transaction(s) to look at, 1 notification(s) \
             owed, 0 given up\n\
             What shops are owed is sent by the gateway that serves.\n"
        );
    }
}
