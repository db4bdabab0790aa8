//! `/metrics`: what waits, and since when, and what was dropped, in the text format that Prometheus reads. Nothing here
//! names a shop, an order or a buyer.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::App;
use crate::domain::Millis;
use crate::store::Backlog;

/// The format's own name (Prometheus text format, version 0.0.4).
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers every figure; 503 where the database does not answer.
pub(super) async fn serve(State(app): State<App>) -> Response {
    let now = app.gateway.clock().now();
    let store = app.gateway.store();
    match store.backlog(now).await {
        Ok(backlog) => ([(CONTENT_TYPE, TEXT_FORMAT)], text(&backlog, store.notes_lost(), now)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the figures cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

fn text(backlog: &Backlog, notes_lost: u64, now: Millis) -> String {
    let age = |since: Option<Millis>| since.map_or(0, |since| now.since(since).max(0) / 1000);
    let gauges = [
        ("notifications_pending", "Notifications that shops are still owed.", backlog.notifications_pending),
        (
            "notifications_due_age_seconds",
            "How long the notification has been due that waits longest.",
            age(backlog.notification_due_since),
        ),
        (
            "notifications_given_up",
            "Notifications given up; sekisho resend sends them again.",
            backlog.notifications_given_up,
        ),
        ("operations_open", "Effects at Amazon that have no outcome yet.", backlog.operations_open),
        ("operations_open_age_seconds", "How long ago the oldest of them began.", age(backlog.operation_open_since)),
        ("transactions_overdue", "Transactions that reconcile is to look at now.", backlog.transactions_overdue),
        (
            "transactions_overdue_age_seconds",
            "How long the one has waited for it that waits longest.",
            age(backlog.transaction_overdue_since),
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in gauges {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP sekisho_{name} {help}\n# TYPE sekisho_{name} gauge\nsekisho_{name} {value}");
    }
    let (name, help) = ("notes_lost_total", "Lines for the timelines of transactions that could not be kept.");
    let _ = writeln!(text, "# HELP sekisho_{name} {help}\n# TYPE sekisho_{name} counter\nsekisho_{name} {notes_lost}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_explanation_and_its_kind() {
        let backlog = Backlog {
            notifications_pending: 3,
            notification_due_since: Some(Millis(1_000)),
            operation_open_since: Some(Millis(100_000)),
            ..Backlog::default()
        };
        let text = text(&backlog, 5, Millis(62_999));
        let figures: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            figures,
            [
                "sekisho_notifications_pending 3",
                "sekisho_notifications_due_age_seconds 61",
                "sekisho_notifications_given_up 0",
                "sekisho_operations_open 0",
                // A clock that was put back is no age.
                "sekisho_operations_open_age_seconds 0",
                "sekisho_transactions_overdue 0",
                "sekisho_transactions_overdue_age_seconds 0",
                "sekisho_notes_lost_total 5",
            ]
        );
        assert_eq!(text.lines().count(), 3 * figures.len());
    }
}
