//! Somebody looks at an effect while whoever began it is still at it: after a stall or a leap of the clock, or beside another
//! process.

use super::charges::CREATE;
use super::*;

impl House {
    /// ExecTran of an order over a consent; `act` has its intent while the answer to the new charge is held back.
    async fn beside_a_charge<T>(&self, act: impl AsyncFnOnce(Intent) -> T) -> (AccessId, Result<(), Refusal>, T) {
        let held = self.amazon.holds(CREATE);
        let beside = async {
            held.wait().await;
            let mut open = self.gateway.store().intents_to_look_at(Millis(i64::MAX), 2).await.unwrap();
            assert_eq!(open.len(), 1);
            let acted = Box::pin(act(open.remove(0).1)).await;
            held.wait().await;
            acted
        };
        let ((order, executed), acted) = tokio::join!(self.on_demand("O-1", "S03-s1"), beside);
        (order, executed, acted)
    }

    /// A look begins so.
    async fn begin_look(&self, intent: Intent) -> Option<Millis> {
        self.gateway.store().begin_look(&intent.key, self.clock.now()).await.unwrap()
    }
}

/// "Amazon did not look at it" is known of one's own calls only. Had the shop been told so, its next try would be a second
/// charge beside the looker's.
#[tokio::test]
async fn what_somebody_looks_at_is_not_said_to_be_undone() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (429, "TooManyRequests"));
    let (order, executed, begun) = house.beside_a_charge(async |intent| house.begin_look(intent).await).await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    assert_eq!(house.now(&order).await.status(), Status::Unprocessed);
    let intent = house.open_intent(&order).await.expect("the looker's word is the last");
    assert_eq!((intent.looks, Some(intent.look_at)), (0, begun), "it is left to the one who looks");

    house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 1000));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);
    assert_eq!((house.now(&order).await.status(), house.owed(&order).await), (Status::Auth, 1));
}

/// With nobody beside it, the same answer closes the effect, and the shop simply tries again.
#[tokio::test]
async fn what_nobody_looks_at_is_undone_at_once() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (429, "TooManyRequests"));
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    assert_eq!(house.open_intent(&order).await, None);
}

/// What somebody found out to be done is done, whoever else looks.
#[tokio::test]
async fn what_is_done_stands_beside_a_look() {
    let house = House::new().await;
    house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 1000));
    let (order, executed, _) = house.beside_a_charge(async |intent| house.begin_look(intent).await).await;
    assert_eq!((executed, house.now(&order).await.status()), (Ok(()), Status::Auth));
    assert_eq!(house.open_intent(&order).await, None);
}

/// The looker's word stands. Whoever began it knows nothing better, and the shop asks again.
#[tokio::test]
async fn what_somebody_else_has_brought_to_its_end_is_not_said_to_be_open() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (429, "TooManyRequests"));
    let look = async |intent: Intent| {
        house.amazon.answers_once(CREATE, 201, charge("s1", "Authorized", 1000));
        house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
        house.gateway.inquire(&intent).await.unwrap()
    };
    let (order, executed, looked) = house.beside_a_charge(look).await;
    assert_eq!((looked, executed), (Looked::Closed, Err(Refusal::Busy)));
    assert_eq!((house.now(&order).await.status(), house.owed(&order).await), (Status::Auth, 1));
}

/// A look moves the next one off before it begins, so that two processes do not look at the same moment; and it is counted when
/// it is over.
#[tokio::test]
async fn a_look_is_in_the_book_before_amazon_is_asked() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (500, "InternalServerError"));
    let (order, _) = house.on_demand("O-1", "S03-s1").await;
    let before = house.open_intent(&order).await.unwrap();
    let held = house.amazon.holds(CREATE);
    let beside = async {
        held.wait().await;
        let during = house.open_intent(&order).await.unwrap();
        held.wait().await;
        during
    };
    let (looked, during) = tokio::join!(house.gateway.inquire(&before), beside);
    assert_eq!(looked.unwrap(), Looked::StillOpen);
    // Two calls to Amazon may take a second each, and the first look at an unknown outcome comes a second later.
    assert_eq!(during.look_at, house.clock.now().plus(3000));
    let after = house.open_intent(&order).await.unwrap();
    assert_eq!((before.looks, during.looks, after.looks), (1, 1, 2));
    assert_eq!(after.look_at, house.clock.now().plus(2000), "twice as long as after the first");
}
