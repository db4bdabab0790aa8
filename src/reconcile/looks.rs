//! The loop that looks, for as long as the process lives.
//!
//! It does not go in rounds that end with their slowest look: a shop whose Amazon account or endpoint hangs would then
//! hold up every other shop's unknown outcomes. Shops share the places ([`Turns`]), one for which nothing is answered
//! keeps a single one, and whatever ends makes room for the next.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Round, end, look};
use crate::domain::{AccessId, Intent, Places, ShopId, Transaction, Turns};
use crate::flow::{Gateway, Looked, Refusal};
use crate::store::StoreError;

/// How many looks are under way at once: over all shops, for one shop, and of one shop in one turn.
const PLACES: Places = Places { all: 32, per_shop: 8, per_turn: 8 };
/// How much of what is due is listed at once; more than there are places, so that a shop without room hides no other.
const LISTED_MAX: u32 = 512;

/// What is to be looked at.
enum Due {
    Intent(Intent),
    Transaction(Box<Transaction>),
}

/// A look that is over.
struct Over {
    shop_id: ShopId,
    access_id: AccessId,
    came_to: CameTo,
}

enum CameTo {
    Looked(Result<Looked, Refusal>),
    Ended(Result<(), Refusal>),
}

/// The looks under way.
struct Looks {
    gateway: Arc<Gateway>,
    turns: Turns,
    /// What is being looked at: it stays due until its look is over.
    at: HashSet<AccessId>,
    under_way: JoinSet<Over>,
    /// Whether something was due that found no place.
    left: bool,
    /// What came of the looks since the log was last told.
    done: Round,
}

/// Looks at what is due, every `every_ms` and whenever a place becomes free for something that waits, until `stop`. The end
/// does not wait for the looks under way: they go on, for each has a task of its own ([`Gateway::finish`] waits for
/// them), and the others come after the next start.
pub async fn run(gateway: Arc<Gateway>, every_ms: u64, stop: CancellationToken) {
    let mut looks = Looks {
        gateway,
        turns: Turns::new(PLACES),
        at: HashSet::new(),
        under_way: JoinSet::new(),
        left: false,
        done: Round::default(),
    };
    let mut every = tokio::time::interval(Duration::from_millis(every_ms));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let again = tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => true,
            Some(over) = looks.under_way.join_next() => looks.note(over),
        };
        if again && let Err(error) = looks.begin().await {
            tracing::error!(%error, "reconcile");
        }
        if looks.under_way.is_empty() {
            looks.tell();
        }
    }
}

impl Looks {
    /// Begins as many looks as there is room for.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let store = Arc::clone(self.gateway.store());
        let now = self.gateway.clock().now();
        self.left = false;
        for (shop_id, intent) in store.intents_to_look_at(now, LISTED_MAX).await? {
            self.take(shop_id, intent.access_id.clone(), Due::Intent(intent));
        }
        for transaction in store.transactions_to_look_at(now, LISTED_MAX).await? {
            let (shop_id, access_id) = (transaction.shop_id.clone(), transaction.access_id.clone());
            self.take(shop_id, access_id, Due::Transaction(Box::new(transaction)));
        }
        Ok(())
    }

    fn take(&mut self, shop_id: ShopId, access_id: AccessId, due: Due) {
        if self.at.contains(&access_id) {
            return;
        }
        if self.turns.room(&shop_id) == 0 {
            self.left = true;
            return;
        }
        self.turns.began(&shop_id);
        self.at.insert(access_id);
        let gateway = Arc::clone(&self.gateway);
        self.under_way.spawn(async move {
            let (access_id, came_to) = match due {
                Due::Intent(intent) => {
                    let (access_id, looked) = look(&gateway, intent).await;
                    (access_id, CameTo::Looked(looked))
                }
                Due::Transaction(transaction) => {
                    let (access_id, ended) = end(&gateway, *transaction).await;
                    (access_id, CameTo::Ended(ended))
                }
            };
            Over { shop_id, access_id, came_to }
        });
    }

    /// Notes what came of a look; answers whether it is worth looking for more at once.
    fn note(&mut self, over: Result<Over, tokio::task::JoinError>) -> bool {
        let Over { shop_id, access_id, came_to } = match over {
            Ok(over) => over,
            Err(error) => {
                // A defect. Its place and its transaction stay taken until the next start.
                tracing::error!(%error, "a look did not end well");
                return false;
            }
        };
        self.at.remove(&access_id);
        // What is still unknown, or failed, says that whoever was asked did not answer as one hopes for.
        let answered =
            matches!(came_to, CameTo::Looked(Ok(Looked::Closed | Looked::ClosedByAnother)) | CameTo::Ended(Ok(())));
        self.turns.ended(&shop_id, answered);
        match came_to {
            CameTo::Looked(looked) => self.done.looked(&access_id, looked),
            CameTo::Ended(ended) => self.done.ended(&access_id, ended),
        }
        self.left
    }

    fn tell(&mut self) {
        let done = std::mem::take(&mut self.done);
        if done != Round::default() {
            tracing::info!(?done, "reconcile");
        }
    }
}
