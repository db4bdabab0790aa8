//! What the console offers to do by hand.

use super::captures::CAPTURE;
use super::*;
use crate::domain::ShopId;
use crate::domain::notification::{Attempt, Next};
use crate::protocol::{read_cancel, read_change};
use crate::store::{Resend, Share};

/// The charge in its Status as Amazon tells it, before and while and after money goes back.
#[tokio::test]
async fn what_a_transaction_allows() {
    let house = House::new().await;
    let order = house.away("O-1", "s1", "AUTH").await;
    let possible = async || Possible::of(&house.now(&order).await);
    assert_eq!(possible().await, Possible::default());

    house.amazon.answers(&complete("s1"), 200, session("s1", "Completed"));
    assert_eq!(house.returned(&order, "s1").await, "AUTH");
    let all = Some(house.now(&order).await.money);
    assert_eq!(possible().await, Possible { sales: all, cancel: all, refund: None, change: all });

    house.amazon.answers(CAPTURE, 200, charge("s1", "Captured", 1000));
    assert_eq!(house.sales(&order, "O-1").await, Ok(Status::Sales));
    assert_eq!(possible().await, Possible { refund: all, change: all, ..Possible::default() });

    house.amazon.answers("POST /v2/refunds", 201, refund("RefundInitiated", 100));
    let form = format!("{}&Amount=900", house.naming(&order, "O-1"));
    house.gateway.change(read(&form, read_change)).await.unwrap();
    assert_eq!(house.now(&order).await.status(), Status::Sales);
    assert_eq!(possible().await, Possible::default(), "a refund is under way");

    house.amazon.answers("GET /v2/refunds/S03-s1-R1", 200, refund("Refunded", 100));
    house.clock.advance(60 * MINUTE_MS);
    house.gateway.overdue(&house.now(&order).await).await.unwrap();
    let left = Some(house.now(&order).await.money);
    assert_eq!(left.map(|money| money.total().get()), Some(900));
    assert_eq!(possible().await, Possible { refund: left, change: left, ..Possible::default() });

    house.amazon.answers("POST /v2/refunds", 201, refund("RefundInitiated", 900));
    let form = format!("{}&CancelAmount=900", house.naming(&order, "O-1"));
    house.gateway.cancel(read(&form, read_cancel)).await.unwrap();
    assert_eq!(possible().await, Possible::default());
}

/// The sender is not woken for nothing, and not left asleep where something is to be sent.
#[tokio::test]
async fn sending_again_wakes_the_sender() {
    let house = House::new().await;
    let access_id = house.authorised().await;
    let again = Resend::Transaction { access_id: access_id.clone(), delivered_too: true };
    let resend = async || {
        let woken = house.silence.wakes.load(Ordering::Relaxed);
        let resent = house.gateway.resend_by_hand(again.clone(), 10).await.unwrap();
        let wakes = house.silence.wakes.load(Ordering::Relaxed) - woken;
        (resent.into_iter().map(|one| (one.was, one.attempts)).collect::<Vec<_>>(), wakes)
    };
    assert_eq!(resend().await, (vec![], 0), "it is due as it is");

    let now = house.clock.now();
    let share = Share { shop_id: ShopId::new("tshop00000001").unwrap(), take_max: 1, under_way_max: 1 };
    let claimed = house.book.claim_notifications(now, MINUTE_MS, vec![share]).await.unwrap().remove(0);
    let delivered = Attempt {
        notification_id: claimed.notification.id,
        number: 1,
        at: now,
        took_ms: 1,
        http_status: Some(200),
        failure: None,
        answer: "0".to_owned(),
        next: Next::Delivered,
    };
    house.book.record_attempt(delivered).await.unwrap();
    assert_eq!(resend().await, (vec![("DELIVERED".to_owned(), 1)], 1));
}
