//! The protocol as a table, written down here from psp-protocol 5 and 6 and nowhere else.

/// A call on a transaction, the statuses in which it does something, and the code for every other one.
pub(super) const ALLOWED: [(&str, &[&str], &str); 5] = [
    ("ExecTranAmazonpay", &["UNPROCESSED"], "M01004014"),
    ("AmazonpayStart", &["REQSUCCESS", "EXPIRED"], "M01074090"),
    ("AmazonpaySales", &["AUTH"], "M01054004"),
    ("AmazonpayCancel", &["AUTH", "SALES", "CAPTURE"], "M01054004"),
    ("AmazonpayChange", &["AUTH", "SALES", "CAPTURE"], "M01054004"),
];

/// From, by what, to. Where JobCd or the place of departure decides, the row is there once for each.
const MOVES: [(&str, &str, &str); 28] = [
    ("UNPROCESSED", "redirect", "REQSUCCESS"),
    ("UNPROCESSED", "paid", "AUTH"),
    ("UNPROCESSED", "paid", "CAPTURE"),
    ("UNPROCESSED", "consented", "REGISTER"),
    ("UNPROCESSED", "refused", "PAYFAIL"),
    ("REQSUCCESS", "start", "AUTHPROCESS"),
    ("REQSUCCESS", "too late", "EXPIRED"),
    ("AUTHPROCESS", "paid", "AUTH"),
    ("AUTHPROCESS", "paid", "CAPTURE"),
    ("AUTHPROCESS", "consented", "REGISTER"),
    ("AUTHPROCESS", "refused", "PAYFAIL"),
    ("AUTHPROCESS", "too late", "EXPIRED"),
    ("AUTH", "sales", "SALES"),
    ("AUTH", "cancel", "CANCEL"),
    ("AUTH", "change", "AUTH"),
    ("SALES", "change", "SALES"),
    ("CAPTURE", "change", "CAPTURE"),
    ("SALES", "cancel", "REQRETURN"),
    ("CAPTURE", "cancel", "REQRETURN"),
    ("REQRETURN", "returned", "RETURN"),
    ("REQRETURN", "returned", "SALES"),
    ("REQRETURN", "returned", "CAPTURE"),
    ("REGISTER", "close", "END"),
    // A change down after capture is a refund, too, and ends without a change of status (13.6).
    ("SALES", "returned", "SALES"),
    ("CAPTURE", "returned", "CAPTURE"),
    // The 30 days of an authorisation pass without a change of status.
    ("AUTH", "lapsed", "AUTH"),
    ("AUTH", "sales", "AUTH"),
    ("UNPROCESSED", "refused", "UNPROCESSED"),
];

/// Where a move may lead from a status.
pub(super) fn leads(from: &str, by: &str, to: &str) -> bool {
    MOVES.contains(&(from, by, to))
}

/// The code with which a call is refused in a status; none where the status allows it.
pub(super) fn refusal(call: &str, status: &str) -> Option<&'static str> {
    let (_, allowed, code) = ALLOWED.iter().find(|(name, ..)| *name == call)?;
    (!allowed.contains(&status)).then_some(code)
}

/// Statuses with a payment behind them: the amounts given back are told, if only as 0.
pub(super) const PAID: [&str; 6] = ["AUTH", "SALES", "CAPTURE", "CANCEL", "REQRETURN", "RETURN"];

/// Statuses with a charge permission.
pub(super) fn has_permission(status: &str) -> bool {
    PAID.contains(&status) || matches!(status, "REGISTER" | "END")
}
