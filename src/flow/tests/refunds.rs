//! Refunds: a no at once, and what a shop is told of one that is over.

use super::captures::CAPTURE;
use super::*;
use crate::config::NotifyEvent;
use crate::protocol::read_cancel;

impl House {
    /// A transaction in SALES over session s1.
    async fn sold(&self) -> AccessId {
        let order = self.authorised().await;
        self.amazon.answers(CAPTURE, 200, charge("s1", "Captured", 1000));
        assert_eq!(self.sales(&order, "O-1").await, Ok(Status::Sales));
        order
    }

    async fn refunded(&self, access_id: &AccessId, yen: u32) -> Result<Status, Refusal> {
        let form = format!("{}&CancelAmount={yen}", self.naming(access_id, "O-1"));
        self.gateway.cancel(read(&form, read_cancel)).await.map(|reply| reply.status)
    }
}

#[tokio::test]
async fn a_refund_that_is_declined_at_once_changes_nothing() {
    let house = House::new().await;
    let order = house.sold().await;
    house.amazon.answers("POST /v2/refunds", 201, refund("Declined", 1000));
    assert_eq!(house.refunded(&order, 1000).await, Err(Refusal::Provider(codes::REFUND_REJECTED)));
    let open = house.open_intent(&order).await;
    assert_eq!((house.now(&order).await.status(), open), (Status::Sales, None));
    assert_eq!(house.owed(&order).await, 2, "AUTH and SALES, and no more");
}

/// A part that was refunded leaves the transaction in SALES again, and is no sale: the end of the refund is told as RETURN.
#[tokio::test]
async fn a_refunded_part_is_told_as_a_return() {
    for (wanted, after_sale, after_refund) in [(NotifyEvent::Return, 0, 1), (NotifyEvent::Sales, 1, 1)] {
        let mut settings = shops();
        settings[0].notify_events = [wanted].into();
        let house = House::of(settings).await;
        let order = house.sold().await;
        assert_eq!(house.owed(&order).await, after_sale, "{wanted:?}");

        house.amazon.answers("POST /v2/refunds", 201, refund("RefundInitiated", 400));
        assert_eq!(house.refunded(&order, 400).await, Ok(Status::ReqReturn));
        house.amazon.answers("GET /v2/refunds/S03-s1-R1", 200, refund("Refunded", 400));
        house.clock.advance(60 * MINUTE_MS);
        house.gateway.overdue(&house.now(&order).await).await.unwrap();
        assert_eq!(house.now(&order).await.status(), Status::Sales);
        assert_eq!(house.owed(&order).await, after_refund, "{wanted:?}");
    }
}
