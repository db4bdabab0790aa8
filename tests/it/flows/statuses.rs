//! Every call in every Status, over HTTP, against the table of psp-protocol 6 written down here by hand.

use crate::support::{Answer, Entered, MINUTE, Order, Stage, close};

/// What the shop calls, in the order of the table's columns. Amounts always fit a payment of 1,980 and 198 yen.
const CALLS: [Call; 7] =
    [Call::Exec, Call::Finalize, Call::Charge, Call::Sell, Call::Cancel, Call::Change, Call::Close];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// ExecTran by way of the review page.
    Exec,
    /// ExecTran without RetURL.
    Finalize,
    /// ExecTran on somebody's consent.
    Charge,
    Sell,
    /// The whole.
    Cancel,
    /// To a lower amount.
    Change,
    /// CloseChargePermission, where the transaction has one.
    Close,
}

const EXECUTED: &str = "M01004014";
const STATUS: &str = "M01054004";
/// Amazon says that no buyer has paid in that session.
const SESSION: &str = "AZ1000007";
const CLOSED: &str = "AZ1000009";
/// There is no permission that could be closed.
const NONE: &str = "";

/// From each Status, by each call: the Status afterwards, or the code of the refusal (then the Status stays).
const TABLE: [(&str, [&str; 7]); 13] = [
    ("UNPROCESSED", ["REQSUCCESS", SESSION, "AUTH", STATUS, STATUS, STATUS, NONE]),
    ("REQSUCCESS", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, NONE]),
    ("AUTHPROCESS", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, NONE]),
    ("AUTH", [EXECUTED, EXECUTED, EXECUTED, "SALES", "CANCEL", "AUTH", "AUTH"]),
    ("SALES", [EXECUTED, EXECUTED, EXECUTED, STATUS, "REQRETURN", "SALES", "SALES"]),
    ("CAPTURE", [EXECUTED, EXECUTED, EXECUTED, STATUS, "REQRETURN", "CAPTURE", "CAPTURE"]),
    ("CANCEL", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, "CANCEL"]),
    ("REQRETURN", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, "REQRETURN"]),
    ("RETURN", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, "RETURN"]),
    ("PAYFAIL", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, NONE]),
    ("EXPIRED", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, NONE]),
    ("REGISTER", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, "END"]),
    ("END", [EXECUTED, EXECUTED, EXECUTED, STATUS, STATUS, STATUS, CLOSED]),
];

/// A transaction that stands at `status`.
async fn standing_at(stage: &Stage, status: &str, id: &'static str) -> Entered {
    let shop = stage.shop();
    match status {
        "UNPROCESSED" => stage.entered(Order::auth(id)).await,
        "REQSUCCESS" => stage.ready(Order::auth(id)).await.entered,
        "AUTHPROCESS" => stage.at_amazon(Order::auth(id)).await.0,
        "AUTH" => stage.paid_with_room(Order::auth(id)).await,
        "SALES" => {
            let entered = stage.paid_with_room(Order::auth(id)).await;
            assert_eq!(entered.sell(shop, "1980", "198").await.errors(), "");
            entered
        }
        "CAPTURE" => stage.paid_with_room(Order::capture(id)).await,
        "CANCEL" => {
            let entered = stage.paid_with_room(Order::auth(id)).await;
            assert_eq!(entered.cancel(shop, "1980", "198").await.errors(), "");
            entered
        }
        "REQRETURN" | "RETURN" => {
            let entered = stage.paid_with_room(Order::capture(id)).await;
            assert_eq!(entered.cancel(shop, "1980", "198").await.errors(), "");
            if status == "RETURN" {
                stage.half_a_minute_later().await;
            }
            entered
        }
        "PAYFAIL" => {
            let (entered, page) = stage.at_amazon(Order::auth(id)).await;
            stage.browser.come_back(&stage.browser.press(&page, "cancel", &[]).await).await;
            entered
        }
        "EXPIRED" => {
            let ready = stage.ready(Order::auth(id)).await;
            stage.clock.advance(2 * MINUTE + 1);
            stage.reconcile().await;
            ready.entered
        }
        "REGISTER" => stage.consented(id).await.entered,
        "END" => {
            let consented = stage.consented(id).await;
            assert_eq!(close(shop, &consented.permission).await.errors(), "");
            consented.entered
        }
        other => panic!("how to come to {other}?"),
    }
}

async fn make(stage: &Stage, call: Call, entered: &Entered, own: &str, consent: &str) -> Answer {
    let shop = stage.shop();
    match call {
        Call::Exec => entered.exec(shop).await,
        Call::Finalize => entered.finalize(shop).await,
        Call::Charge => entered.charge(shop, consent).await,
        Call::Sell => entered.sell(shop, "1980", "198").await,
        Call::Cancel => entered.cancel(shop, "1980", "198").await,
        Call::Change => entered.change(shop, "1000", "100").await,
        Call::Close => close(shop, own).await,
    }
}

async fn row(status: &'static str, expected: [&'static str; 7]) {
    let stage = Stage::new().await;
    let consent = stage.consented("consent").await.permission;
    for (call, expected) in CALLS.into_iter().zip(expected) {
        let id: &'static str = format!("{status}-{call:?}").leak();
        let entered = standing_at(&stage, status, id).await;
        let before = stage.trade(id).await;
        let own = &before["AmazonChargePermissionID"];
        assert_eq!(before["Status"], status, "before {call:?}");
        if expected == NONE {
            assert!(call == Call::Close && own.is_empty(), "{id}: the table says that there is no permission");
            continue;
        }
        let answer = make(&stage, call, &entered, own, &consent).await;
        let after = stage.trade(id).await;
        if Status::is(expected) {
            assert_eq!((answer.errors().as_str(), after["Status"].as_str()), ("", expected), "{id}");
        } else if call == Call::Finalize && status == "UNPROCESSED" {
            // Amazon's no ends an execution.
            assert_eq!((answer.errors().as_str(), after["Status"].as_str()), (expected, "PAYFAIL"), "{id}");
        } else {
            assert_eq!(answer.errors(), expected, "{id}");
            assert_eq!(after, before, "{id}: a refusal changes nothing");
        }
        assert!(!stage.has_open_intent(&entered.access_id).await, "{id}");
    }
}

/// The words of psp-protocol 6.
struct Status;

impl Status {
    fn is(word: &str) -> bool {
        TABLE.iter().any(|(status, _)| *status == word)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_in_every_status() {
    let all: Vec<_> = sekisho::domain::Status::ALL.iter().map(|status| status.wire()).collect();
    assert_eq!(TABLE.map(|(status, _)| status).to_vec(), all, "the table has a row for each Status");
    futures_util::future::join_all(TABLE.map(|(status, expected)| row(status, expected))).await;
}
