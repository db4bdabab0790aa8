//! What a change of a transaction means for its shop: the notification it is owed (psp-protocol 9 and 13.5).

use super::Shop;
use crate::config::NotifyEvent;
use crate::domain::{Millis, Notification, Rng, Status, Transaction, random_hex};
use crate::protocol::{self, ErrInfo, codes};

/// The notification that the change from `before` to `after` calls for, if the shop wants to hear of it.
pub(super) fn of_change(
    shop: &Shop,
    before: &Transaction,
    after: &Transaction,
    rng: &dyn Rng,
    now: Millis,
) -> Option<Notification> {
    let event = event_of(before, after)?;
    let url = shop.settings.notify_url.clone().filter(|_| shop.settings.is_notified_of(event))?;
    let cancelled = after.state.payment().map(|payment| payment.cancelled);
    let message = protocol::Notification {
        shop_id: after.shop_id.clone(),
        access_id: after.access_id.clone(),
        order_id: after.order_id.clone(),
        status: after.status(),
        job: after.job,
        amount: after.money.amount,
        tax: after.money.tax,
        tran_date: after.processed_at,
        error: match event {
            NotifyEvent::RefundRefused => Some(codes::REFUND_REJECTED),
            _ => after.failure().and_then(|failure| ErrInfo::parse(&failure.err_info)),
        },
        charge_permission_id: after.charge_permission().cloned(),
        cancel_amount: cancelled.map(|money| money.amount),
        cancel_tax: cancelled.map(|money| money.tax),
    };
    // Percent-encoded, so it is ASCII whatever it says.
    let body = String::from_utf8_lossy(&message.body()).into_owned();
    Some(Notification {
        id: format!("msg_{}", random_hex::<16>(rng)),
        access_id: after.access_id.clone(),
        shop_id: after.shop_id.clone(),
        url,
        body,
        created_at: now,
    })
}

fn under_way(transaction: &Transaction) -> bool {
    transaction.state.payment().is_some_and(|payment| payment.refund.is_some())
}

/// Which event of `notify_events` a change is; none before the buyer's word has been given or refused, and none where
/// a capture has only begun.
fn event_of(before: &Transaction, after: &Transaction) -> Option<NotifyEvent> {
    let refund_over = under_way(before) && !under_way(after);
    if refund_over && after.cancelled() == before.cancelled() {
        return Some(NotifyEvent::RefundRefused);
    }
    if after.status() == Status::AuthProcess && after.state.pending_charge().is_some() {
        // A charge that waits for the buyer was there before; one that waits for Amazon is news.
        return before.state.pending_charge().is_none().then_some(NotifyEvent::AuthProcess);
    }
    if before.status() == after.status() {
        return (before.money != after.money).then_some(NotifyEvent::Change);
    }
    Some(match after.status() {
        Status::Unprocessed | Status::ReqSuccess | Status::AuthProcess => return None,
        Status::Auth => NotifyEvent::Auth,
        // Back from REQRETURN: a part was refunded.
        Status::Sales | Status::Capture if before.status() == Status::ReqReturn => NotifyEvent::Return,
        Status::Sales => NotifyEvent::Sales,
        Status::Capture => NotifyEvent::Capture,
        Status::Cancel => NotifyEvent::Cancel,
        Status::ReqReturn => NotifyEvent::ReqReturn,
        Status::Return => NotifyEvent::Return,
        Status::PayFail => NotifyEvent::PayFail,
        Status::Expired => NotifyEvent::Expired,
        Status::Register => NotifyEvent::Register,
        Status::End => NotifyEvent::End,
    })
}
