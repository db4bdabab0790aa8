//! A sandbox with a data file goes on where it was.

use sekisho::domain::Millis;
use sekisho::sandbox::ArchiveError;
use sekisho::sandbox::buyers::Address;
use serde_json::json;

use super::caller::{BUYER, Caller, NOW, charge, order, yen};
use crate::support::eventually;

/// Opens the file again once the one who had it is gone.
pub(super) async fn again(path: &std::path::Path, run: u64) -> Caller {
    again_at(path, NOW, run).await
}

/// The same at this moment of the machine's clock.
async fn again_at(path: &std::path::Path, now: Millis, run: u64) -> Caller {
    eventually("the file is free", || async {
        match Caller::kept_in(path, now, run).await {
            Ok(caller) => Some(caller),
            Err(ArchiveError::InUse(_)) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let caller = Caller::kept_in(&path, NOW, 1).await.unwrap();
    assert!(matches!(Caller::kept_in(&path, NOW, 9).await, Err(ArchiveError::InUse(_))), "one at a time");
    let open = caller.paid(&order("Authorize"), "card-1111", "open").await;
    let completed = caller.completed(&order("AuthorizeWithCapture"), "card-4444", "done").await;
    let (permission, charge_id) = (completed.text_of("chargePermissionId"), completed.text_of("chargeId"));
    let refund =
        caller.call("POST", "/v2/refunds", &json!({"chargeId": charge_id, "refundAmount": yen(10)}), "r").await;
    let asked = json!({"reportType": "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_"});
    let report = caller.call("POST", "/v2/reports", &asked, "p").await.text_of("reportId");
    caller.advance(10_000).await;
    let paths = [
        format!("/v2/checkoutSessions/{open}"),
        format!("/v2/chargePermissions/{permission}"),
        format!("/v2/charges/{charge_id}"),
        format!("/v2/refunds/{}", refund.text_of("refundId")),
        format!("/v2/reports/{report}"),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(caller.get(path).await.text);
    }
    drop(caller);

    let caller = again(&path, 2).await;
    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(&caller.get(path).await.text, before, "{path}");
    }
    assert_eq!(caller.sandbox.now(), NOW.plus(10_000), "the clock stays moved");
    // A key counts for ever: the same request again is answered as it was the first time.
    let body = json!({"chargeId": charge_id, "refundAmount": yen(10)});
    assert_eq!(caller.call("POST", "/v2/refunds", &body, "r").await.text, refund.text);
    let changed = json!({"chargeId": charge_id, "refundAmount": yen(11)});
    assert_eq!(caller.call("POST", "/v2/refunds", &changed, "r").await.code(), "DuplicateIdempotencyKey");
    // What was under way ends at its time, and a session that was paid can be completed.
    caller.advance(20_000).await;
    assert_eq!(caller.get(&paths[3]).await.state(), "Refunded");
    let complete = format!("{}/complete", paths[0]);
    assert_eq!(caller.call("POST", &complete, &json!({"chargeAmount": yen(1000)}), "c").await.state(), "Completed");
    caller.advance(86_400_000).await;
    assert_eq!(
        caller.call("POST", "/v2/charges", &charge(&permission, 1), "x").await.code(),
        "InvalidChargePermissionStatus"
    );
}

#[tokio::test]
async fn an_address_that_a_buyer_wrote_is_there_after_a_restart_also_where_the_buyers_come_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let ready = sekisho::sandbox::buyers::ready();
    let caller = Caller::kept_in(&path, NOW, 1).await.unwrap();
    caller.sandbox.inhabit(ready.clone());
    let id = caller.call("POST", "/v2/checkoutSessions", &order("Authorize"), "k").await.text_of("checkoutSessionId");
    let (new, changed) = {
        let mut ledger = caller.sandbox.ledger();
        ledger.sign_in(&id, BUYER).unwrap();
        let first = ledger.buyers().find(BUYER).unwrap().addresses[0].as_ref().clone();
        let changed = Address { line1: "新しい町 1-2-3".to_owned(), ..first };
        ledger.write_address(&id, changed.clone()).unwrap();
        let new = Address { id: String::new(), name: "箱根 三郎".to_owned(), ..changed.clone() };
        (ledger.write_address(&id, new).unwrap(), changed)
    };
    // What was written goes to the file when the next answer is sent.
    assert_eq!(caller.get("/v2/charges/none").await.status, 404);
    drop(caller);

    let caller = again(&path, 2).await;
    for inhabited in [false, true] {
        if inhabited {
            caller.sandbox.inhabit(ready.clone());
        }
        let ledger = caller.sandbox.ledger();
        let buyer = ledger.buyers().find(BUYER).unwrap();
        assert_eq!(buyer.address("address-1").unwrap().as_ref(), &changed);
        assert_eq!(buyer.address(&new).unwrap().name, "箱根 三郎");
    }
    caller.sandbox.ledger().reset(NOW);
    let ledger = caller.sandbox.ledger();
    assert_eq!(ledger.buyers(), &ready, "a reset forgets it");
}

#[tokio::test]
async fn what_fell_due_in_between_happens_at_the_next_start_and_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let caller = Caller::kept_in(&path, NOW, 1).await.unwrap();
    let taken = caller.completed(&order("AuthorizeWithCapture"), "card-1111", "k").await.text_of("chargeId");
    let told = caller.sandbox.ledger().news();
    caller.sandbox.ledger().told(told.last().unwrap().0);
    let body = json!({"chargeId": taken, "refundAmount": yen(10)});
    let refund = caller.call("POST", "/v2/refunds", &body, "r").await.text_of("refundId");
    drop(caller);

    let caller = again_at(&path, NOW.plus(60_000), 2).await;
    let news = caller.sandbox.ledger().news();
    let told: Vec<_> = news.iter().map(|(_, one)| one.object_id.as_str()).collect();
    assert_eq!(told, [refund.as_str()]);
    let shown = caller.get(&format!("/v2/refunds/{refund}")).await;
    assert_eq!(shown.state(), "Refunded");
    assert_eq!(shown.body["statusDetails"]["lastUpdatedTimestamp"], "20261122T181030Z", "at its own moment");
}

#[tokio::test]
async fn a_reset_is_kept_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sandbox.db");
    let caller = Caller::kept_in(&path, NOW, 1).await.unwrap();
    caller.paid(&order("Authorize"), "card-1111", "k").await;
    caller.sandbox.ledger().reset(NOW);
    drop(caller);
    assert_eq!(again(&path, 2).await.sandbox.ledger().sessions().count(), 0);
}

#[tokio::test]
async fn another_programs_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(&path, "not a database, but long enough to look at: ".repeat(40)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Caller::kept_in(&path, NOW, 1).await, Err(ArchiveError::Foreign(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let nowhere = directory.path().join("missing").join("sandbox.db");
    assert!(matches!(Caller::kept_in(&nowhere, NOW, 1).await, Err(ArchiveError::Sqlite { .. })));
}
