//! What the book keeps for those who read a transaction's story: what each call was for, and on whose word an effect ended.

use super::charges::CREATE;
use super::*;
use crate::domain::{Scope, Verdict};
use crate::store::overview::Timeline;
use crate::store::{Occasion, Overview as _};

impl House {
    /// The story as it stands once the gateway's work is over: nothing can be done in this house any more.
    pub(super) async fn story(&self, access_id: &AccessId) -> Timeline {
        self.book.close().await;
        let reading = SqliteStore::join(&self.files.path().join(BOOK)).await.unwrap();
        reading.timeline(&Scope::EveryShop, access_id).await.unwrap().unwrap()
    }
}

/// Who began it waits for it; what comes after is a look, also where the same call is made once more.
#[tokio::test]
async fn a_call_is_for_the_effect_and_once_more_for_a_look() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (500, "InternalServerError"));
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert_eq!(executed, Err(Refusal::Provider(codes::AMAZON_UNREACHABLE)));
    house.amazon.answers(CREATE, 201, charge("s1", "Authorized", 1000));
    house.amazon.answers(&get_charge("s1"), 200, charge("s1", "Authorized", 1000));
    let intent = house.open_intent(&order).await.unwrap();
    assert_eq!(house.gateway.inquire(&intent).await.unwrap(), Looked::Closed);

    let exchanges = house.story(&order).await.exchanges;
    let told: Vec<_> = exchanges.iter().map(|it| (it.method.as_str(), it.attempt, it.status, it.occasion)).collect();
    assert_eq!(
        told,
        [
            ("POST", 1, Some(500), Occasion::Effect),
            ("POST", 2, Some(500), Occasion::Effect),
            ("POST", 1, Some(201), Occasion::Look),
            ("GET", 1, Some(200), Occasion::Look),
        ]
    );
    assert!(exchanges.iter().all(|it| it.key.as_deref() == Some(intent.key.as_str())), "{exchanges:#?}");
}

/// Amazon's support is asked about a refusal by the name that Amazon gave the answer.
#[tokio::test]
async fn a_refusal_is_kept_in_amazons_words() {
    let house = House::new().await;
    house.amazon.refuses(CREATE, (402, "HardDeclined"));
    let (order, executed) = house.on_demand("O-1", "S03-s1").await;
    assert!(matches!(executed, Err(Refusal::Provider(_))), "{executed:?}");

    let story = house.story(&order).await;
    let [effect] = &story.operations[..] else { panic!("{:#?}", story.operations) };
    assert_eq!((effect.verdict, effect.evidence.as_deref()), (Some(Verdict::NotDone), Some("402 HardDeclined")));
    assert_eq!(effect.request_id.as_deref(), Some("answer-1"));
    assert_eq!(story.exchanges[0].request_id, effect.request_id);
}
