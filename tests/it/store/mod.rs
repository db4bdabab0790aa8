//! The Store contract: one suite for every engine. An engine joins it by a line of [`contract!`] with a function that
//! opens an empty store.

mod contract;
mod engines;
mod outbox;
mod sample;
mod sqlite;
mod upgrade;

use std::sync::Arc;

use sekisho::store::{MemoryStore, SqliteStore, Store};
use tempfile::TempDir;

/// A store and whatever must stay as long as it does.
struct Opened {
    store: Arc<dyn Store>,
    _data: TempDir,
}

async fn open_sqlite() -> Opened {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&data.path().join("sekisho.db")).await.unwrap();
    Opened { store: Arc::new(store), _data: data }
}

#[expect(clippy::unused_async, reason = "the suite opens every engine in one way")]
async fn open_memory() -> Opened {
    Opened { store: Arc::new(MemoryStore::default()), _data: tempfile::tempdir().unwrap() }
}

/// Runs every test of a suite on each engine: on the store that its function opens.
macro_rules! contract {
    ($($name:ident: $open:path),*; $suite:ident: $tests:tt) => {
        $(
            mod $name {
                contract! { @each $open, $suite: $tests }
            }
        )*
    };
    (@each $open:path, $suite:ident: { $($test:ident)* }) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let opened = $open().await;
                super::$suite::$test(&opened.store).await;
            }
        )*
    };
}

contract! { on_sqlite: super::open_sqlite, on_memory: super::open_memory; contract: {
    what_is_entered_is_read_back
    every_state_is_read_back
    an_order_is_entered_once
    a_change_needs_the_present_version
    one_effect_at_a_time
    an_outcome_closes_its_intent_once
    an_outcome_may_rest_on_what_nobody_else_has_done
    nothing_of_a_refused_change_is_left
    intents_come_due_oldest_first
    intents_of_a_dead_process_are_due_at_once
    transactions_come_due
    who_is_overdue_can_be_put_off
    a_session_leads_to_the_order_it_is_to_pay
    a_session_is_claimed_for_one_transaction
    a_charge_pays_one_transaction
    two_hundred_transactions_at_once
    two_hundred_changes_of_one_transaction
} }

contract! { outbox_on_sqlite: super::open_sqlite, outbox_on_memory: super::open_memory; outbox: {
    a_claim_is_a_lease
    a_shop_has_its_places_and_no_more
    none_overtakes_another_of_its_transaction
    what_was_given_up_lets_the_next_one_go
    attempts_are_recorded
    who_is_owed_something
    what_a_command_sends_again
    one_is_sent_again_from_where_it_was_seen
    everything_given_up_for_a_shop_in_its_order
    how_much_waits
} }
