//! The verdict: what must be true in the end, wherever one asks.

use sekisho::domain::AccessId;
use sekisho::store::Store as _;
use serde_json::Value;

use super::moves::wait_for_notifications;
use super::world::{Gateway, World};
use crate::trade::shop::Entered;

/// What must be true in the end.
pub(super) struct Verdict {
    /// The order that the play is about.
    pub(super) order: Entered,
    /// Its Status.
    pub(super) status: &'static str,
    /// Amount, Tax, AmazonPayCancelAmount, AmazonPayCancelTax.
    pub(super) amounts: [&'static str; 4],
    /// The states of all charges at Amazon, oldest first. The last one pays the order.
    pub(super) charges: &'static [&'static str],
    /// The states of all refunds at Amazon.
    pub(super) refunds: &'static [&'static str],
    /// All money that moved at Amazon, in order.
    pub(super) moved: &'static [(&'static str, i64)],
    /// Every notification, in order.
    pub(super) told: Vec<(String, String)>,
}

/// Notifications, as `(OrderID, Status)`.
pub(super) fn told<const N: usize>(list: [(&str, &str); N]) -> Vec<(String, String)> {
    list.map(|(order, status)| (order.to_owned(), status.to_owned())).to_vec()
}

pub(super) async fn judge(world: &World, gateway: Gateway, verdict: Verdict) {
    wait_for_notifications(world, verdict.told.len()).await;
    let trade = world.search(&gateway, &verdict.order.order).await;
    let names = ["Amount", "Tax", "AmazonPayCancelAmount", "AmazonPayCancelTax"];
    assert_eq!((&*trade["Status"], names.map(|name| &*trade[name])), (verdict.status, verdict.amounts));
    assert_eq!(trade["AccessPass"], verdict.order.access_pass);

    let ledger = world.ledger().await;
    assert_eq!(states(&ledger, "charges"), verdict.charges, "charges at Amazon");
    assert_eq!(states(&ledger, "refunds"), verdict.refunds, "refunds at Amazon");
    assert_eq!(movements(&ledger), verdict.moved, "movements at Amazon");
    let permissions = ledger["chargePermissions"].as_array().unwrap();
    assert_eq!(permissions.len(), 1, "one permission");
    assert_eq!(trade["AmazonChargePermissionID"], permissions[0]["chargePermissionId"].as_str().unwrap());

    let store = world.end(gateway).await;
    let access_id = AccessId::new(verdict.order.access_id).unwrap();
    let transaction = store.transaction(&access_id).await.unwrap().expect("the transaction");
    let in_the_book = transaction.state.payment().map(|payment| payment.charge.as_str().to_owned());
    let at_amazon = ledger["charges"].as_array().unwrap().last().map(|charge| charge["chargeId"].as_str().unwrap());
    assert_eq!(in_the_book.as_deref(), at_amazon, "the charge's id is in the book");
    assert_eq!(world.receiver.received(), verdict.told, "each told once");
    store.close().await;
}

/// The states of all objects of a kind.
pub(super) fn states<'a>(ledger: &'a Value, kind: &str) -> Vec<&'a str> {
    let objects = ledger[kind].as_array().unwrap().iter();
    objects.map(|one| one["statusDetails"]["state"].as_str().unwrap()).collect()
}

fn movements(ledger: &Value) -> Vec<(&str, i64)> {
    let movements = ledger["movements"].as_array().unwrap().iter();
    movements.map(|one| (one["kind"].as_str().unwrap(), one["amount"].as_i64().unwrap())).collect()
}
