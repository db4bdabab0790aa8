//! The second model: what each call does in each Status, written down here by hand from psp-protocol 5, 6, 11 and 13 and
//! from nowhere else.

use sekisho::protocol::Call;

/// How a call is made. Only ExecTran has more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Only,
    /// ExecTran by way of the shop's review page.
    Reviewed,
    /// ExecTran after the buyer has paid on the shop's page.
    OnPage,
    /// ExecTran on a consent; its amount is the one that was entered.
    OnConsent,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    Zero,
    One,
    /// All that there is.
    Left,
    /// One yen more than there is.
    More,
    /// As much as the parameter takes.
    Max,
}

impl Amount {
    /// All of them, in the order of the columns.
    pub(super) const ALL: [Self; 5] = [Self::Zero, Self::One, Self::Left, Self::More, Self::Max];

    /// Amount and Tax, where these are what there is.
    pub(super) fn of(self, [amount, tax]: [i64; 2]) -> [i64; 2] {
        match self {
            Self::Zero => [0, 0],
            Self::One => [1, 0],
            Self::Left => [amount, tax],
            Self::More => [amount + 1, tax],
            Self::Max => [9_999_999, 0],
        }
    }
}

/// The ways of a call.
pub(super) const fn ways(call: Call) -> &'static [Way] {
    match call {
        Call::ExecTran => &[Way::Reviewed, Way::OnPage, Way::OnConsent],
        _ => &[Way::Only],
    }
}

/// It does what it does, and the transaction stays as it was.
pub(super) const SAME: &str = "";

const USED: &str = "M01004010";
const EXECUTED: &str = "M01004014";
const STATUS: &str = "M01054004";
const TOKEN: &str = "M01074090";
/// The buyer never set out; whoever has the Token is told so and sent back (5.3).
const TOO_LATE: &str = "M01052011";
/// Nothing can be neither taken nor charged (13.16). What is wrong with parameters is told before the Status (11.4).
const NOTHING: &str = "M01005011";
const ABOVE: &str = "M01055011";
/// An authorisation is cancelled as a whole, and nothing is never cancelled.
const NOT_WHOLE: &str = "M01085010";
const TOO_MUCH: &str = "M01085011";
/// The transaction has no permission, so a made-up one is named, which is nobody's.
const NONE: &str = "M01903002";
const CLOSED: &str = "AZ1000009";
/// More than the buyer permitted.
const LIMIT: &str = "AZ1000010";
/// Amazon's no ends an execution (5.2): here no buyer has paid in that session, or the month allows no more.
const UNPAID_ENDS: &str = "AZ1000007 PAYFAIL";
const LIMIT_ENDS: &str = "AZ1000010 PAYFAIL";

/// From each Status, by each amount or way: the Status afterwards; or the code of the refusal, and then the transaction
/// stays as it was unless a Status follows the code.
type Table = [(&'static str, &'static [&'static str]); 13];

/// The table of a call, and its column.
pub(super) fn table(call: Call, way: Way, amount: Option<Amount>) -> Option<(&'static Table, usize)> {
    let of_amount = |table| Some((table, amount? as usize));
    match (call, way) {
        (Call::EntryTran, Way::Only) => of_amount(&ENTRY_AGAIN),
        (Call::ExecTran, Way::OnConsent) => of_amount(&EXEC_ON_CONSENT),
        (Call::Sales, Way::Only) => of_amount(&SALES),
        (Call::Cancel, Way::Only) => of_amount(&CANCEL),
        (Call::Change, Way::Only) => of_amount(&CHANGE),
        _ if amount.is_some() => None,
        _ => Some((&OTHERS, OTHERS_COLUMNS.iter().position(|column| *column == (call, way))?)),
    }
}

/// Of the order that is there already.
const ENTRY_AGAIN: Table = [
    ("UNPROCESSED", &[USED, USED, USED, USED, USED]),
    ("REQSUCCESS", &[USED, USED, USED, USED, USED]),
    ("AUTHPROCESS", &[USED, USED, USED, USED, USED]),
    ("AUTH", &[USED, USED, USED, USED, USED]),
    ("SALES", &[USED, USED, USED, USED, USED]),
    ("CAPTURE", &[USED, USED, USED, USED, USED]),
    ("CANCEL", &[USED, USED, USED, USED, USED]),
    ("REQRETURN", &[USED, USED, USED, USED, USED]),
    ("RETURN", &[USED, USED, USED, USED, USED]),
    ("PAYFAIL", &[USED, USED, USED, USED, USED]),
    ("EXPIRED", &[USED, USED, USED, USED, USED]),
    ("REGISTER", &[USED, USED, USED, USED, USED]),
    ("END", &[USED, USED, USED, USED, USED]),
];

const EXEC_ON_CONSENT: Table = [
    ("UNPROCESSED", &[NOTHING, "AUTH", "AUTH", LIMIT_ENDS, LIMIT_ENDS]),
    ("REQSUCCESS", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("AUTHPROCESS", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("AUTH", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("SALES", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("CAPTURE", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("CANCEL", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("REQRETURN", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("RETURN", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("PAYFAIL", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("EXPIRED", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("REGISTER", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
    ("END", &[EXECUTED, EXECUTED, EXECUTED, EXECUTED, EXECUTED]),
];

const SALES: Table = [
    ("UNPROCESSED", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REQSUCCESS", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("AUTHPROCESS", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("AUTH", &[NOTHING, "SALES", "SALES", ABOVE, ABOVE]),
    ("SALES", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("CAPTURE", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("CANCEL", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REQRETURN", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("RETURN", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("PAYFAIL", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("EXPIRED", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REGISTER", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("END", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
];

const CANCEL: Table = [
    ("UNPROCESSED", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("REQSUCCESS", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("AUTHPROCESS", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("AUTH", &[NOT_WHOLE, NOT_WHOLE, "CANCEL", TOO_MUCH, TOO_MUCH]),
    ("SALES", &[NOT_WHOLE, "REQRETURN", "REQRETURN", TOO_MUCH, TOO_MUCH]),
    ("CAPTURE", &[NOT_WHOLE, "REQRETURN", "REQRETURN", TOO_MUCH, TOO_MUCH]),
    ("CANCEL", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("REQRETURN", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("RETURN", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("PAYFAIL", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("EXPIRED", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("REGISTER", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
    ("END", &[NOT_WHOLE, STATUS, STATUS, STATUS, STATUS]),
];

/// Up as well as down before the capture, down only after it (5.6).
const CHANGE: Table = [
    ("UNPROCESSED", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REQSUCCESS", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("AUTHPROCESS", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("AUTH", &[NOTHING, "AUTH", "AUTH", "AUTH", LIMIT]),
    ("SALES", &[NOTHING, "SALES", "SALES", ABOVE, ABOVE]),
    ("CAPTURE", &[NOTHING, "CAPTURE", "CAPTURE", ABOVE, ABOVE]),
    ("CANCEL", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REQRETURN", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("RETURN", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("PAYFAIL", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("EXPIRED", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("REGISTER", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
    ("END", &[NOTHING, STATUS, STATUS, STATUS, STATUS]),
];

const OTHERS_COLUMNS: [(Call, Way); 7] = [
    (Call::ExecTran, Way::Reviewed),
    (Call::ExecTran, Way::OnPage),
    (Call::Start, Way::Only),
    (Call::SearchAddress, Way::Only),
    (Call::SearchChargePermission, Way::Only),
    (Call::CloseChargePermission, Way::Only),
    (Call::SearchTradeMulti, Way::Only),
];

/// Closing the permission of a payment leaves the payment as it is (5.9).
const OTHERS: Table = [
    ("UNPROCESSED", &["REQSUCCESS", UNPAID_ENDS, TOKEN, STATUS, NONE, NONE, SAME]),
    ("REQSUCCESS", &[EXECUTED, EXECUTED, "AUTHPROCESS", SAME, NONE, NONE, SAME]),
    ("AUTHPROCESS", &[EXECUTED, EXECUTED, TOKEN, SAME, NONE, NONE, SAME]),
    ("AUTH", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "AUTH", SAME]),
    ("SALES", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "SALES", SAME]),
    ("CAPTURE", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "CAPTURE", SAME]),
    ("CANCEL", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "CANCEL", SAME]),
    ("REQRETURN", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "REQRETURN", SAME]),
    ("RETURN", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "RETURN", SAME]),
    ("PAYFAIL", &[EXECUTED, EXECUTED, TOKEN, SAME, NONE, NONE, SAME]),
    ("EXPIRED", &[EXECUTED, EXECUTED, TOO_LATE, SAME, NONE, NONE, SAME]),
    ("REGISTER", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, "END", SAME]),
    ("END", &[EXECUTED, EXECUTED, TOKEN, SAME, SAME, CLOSED, SAME]),
];
