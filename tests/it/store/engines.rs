//! Two engines, one story: random sequences of commands, right ones and wrong ones, are given to SQLite and to the book in
//! memory, and every answer must be the same; after each sequence every question is asked of both.
//!
//! `SEKISHO_ENGINE_SEQUENCES` says how many (`./scripts/prove engines`), `SEKISHO_ENGINE_SEED` where they begin.

use sekisho::domain::notification::{Attempt, Next, NoAnswer};
use sekisho::domain::transaction::{Event, Failure, Handover};
use sekisho::domain::{
    ChargePermissionId, CheckoutSessionId, IdempotencyKey, Millis, OrderId, Rng as _, SeededRng, ShopId, State,
    Transaction,
};
use sekisho::store::{ApplyError, Change, MemoryStore, Resend, Share, SqliteStore, Store, StoreError};

use super::sample::{NOW, access_id, charge, in_every_state, intent_on, notification, order, outcome, requested};
use crate::support::figure;

/// In the test command.
const SEQUENCES: u64 = 200;
/// How many sequences are played on one book, each with transactions of its own.
const SEQUENCES_PER_BOOK: u64 = 25;
const COMMANDS: u64 = 30;
/// How many transactions a sequence is about.
const TRANSACTIONS: u64 = 4;

#[tokio::test]
async fn random_commands_have_the_same_answers_on_every_engine() {
    let number_in = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let sequences = number_in("SEKISHO_ENGINE_SEQUENCES").unwrap_or(SEQUENCES);
    let first = number_in("SEKISHO_ENGINE_SEED").unwrap_or(0);
    let mut played = 0;
    let mut done = 0;
    while played < sequences {
        let data = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(&data.path().join("sekisho.db")).await.unwrap();
        let memory = MemoryStore::default();
        for place in 0..SEQUENCES_PER_BOOK.min(sequences - played) {
            let mut play = Play::new(first + played, place, &sqlite, &memory);
            for _ in 0..COMMANDS {
                done += u32::from(play.command().await);
            }
            play.every_question().await;
            played += 1;
        }
        sqlite.close().await;
    }
    assert!(u64::from(done) > sequences * COMMANDS / 5, "most commands change nothing: {done}");
    figure(
        "R11.engines",
        format_args!("{sequences} sequences of {COMMANDS} commands, {done} of which changed something: 0 differences"),
    );
}

/// One sequence.
struct Play<'a> {
    seed: u64,
    rng: SeededRng,
    sqlite: &'a SqliteStore,
    memory: &'a MemoryStore,
    /// The first of this sequence's own transactions.
    base: usize,
    now: Millis,
    /// Names that were given, for those that are given twice.
    names: u64,
}

/// What both engines answered, if it is the same; what an error of the database says differs.
macro_rules! both {
    ($play:expr, $method:ident($($argument:expr),*)) => {{
        let sqlite = $play.sqlite.$method($($argument),*).await;
        let memory = $play.memory.$method($($argument),*).await;
        assert_eq!(Plain::plain(memory.clone()), Plain::plain(sqlite), "seed {}: {}", $play.seed, stringify!($method));
        memory
    }};
}

impl<'a> Play<'a> {
    fn new(seed: u64, place: u64, sqlite: &'a SqliteStore, memory: &'a MemoryStore) -> Self {
        let base = usize::try_from(place * 100).unwrap();
        let rng = SeededRng::new(seed.wrapping_mul(0xA076_1D64_78BD_642F));
        Self { seed, rng, sqlite, memory, base, now: NOW.plus(i64::try_from(place).unwrap() * 1_000_000), names: 0 }
    }

    fn below(&self, end: u64) -> u64 {
        let mut word = [0; 8];
        self.rng.fill(&mut word);
        u64::from_le_bytes(word) % end
    }

    fn one(&self) -> usize {
        self.base + usize::try_from(self.below(TRANSACTIONS)).unwrap()
    }

    fn moment(&self) -> Millis {
        self.now.plus(i64::try_from(self.below(40)).unwrap() - 10)
    }

    /// A name of this sequence: mostly a new one, at times one that was given before.
    fn name(&mut self, what: &str) -> String {
        if self.names == 0 || self.below(6) > 0 {
            self.names += 1;
        }
        let number = if self.below(6) == 0 { self.below(self.names) } else { self.names - 1 };
        format!("{what}-{}-{number}", self.base)
    }

    fn session(&self) -> String {
        format!("session-{}-{}", self.base, self.below(3))
    }

    fn shop(&self) -> ShopId {
        ShopId::new(format!("tshop0000000{}", 1 + self.below(2))).unwrap()
    }

    /// One command; whether it changed something.
    async fn command(&mut self) -> bool {
        self.now = self.now.plus(i64::try_from(self.below(15)).unwrap());
        match self.below(16) {
            0..=2 => {
                let entry = self.entry();
                self.apply(entry).await
            }
            3..=9 => match self.change().await {
                Some(change) => self.apply(change).await,
                None => false,
            },
            10 => {
                let key = IdempotencyKey::new(self.name("key")).unwrap();
                let at = self.moment();
                if self.below(2) == 0 {
                    return both!(self, begin_look(&key, at)).unwrap().is_some();
                }
                both!(self, look_again(&key, at)).is_ok()
            }
            11 => {
                let version = 1 + i64::try_from(self.below(4)).unwrap();
                let (id, at) = (access_id(self.one()), self.moment());
                both!(self, put_off(&id, version, at)).is_ok()
            }
            12 => {
                let shares: Vec<_> = (0..self.below(3)).map(|_| self.share()).collect();
                !both!(self, claim_notifications(self.now, 15, shares.clone())).unwrap().is_empty()
            }
            13 => {
                let attempt = self.attempt();
                both!(self, record_attempt(attempt.clone())).is_ok()
            }
            14 => {
                let what = self.resend();
                !both!(self, resend(what.clone(), self.now, 2_u32)).unwrap().is_empty()
            }
            _ if self.below(2) == 0 => both!(self, adopt_open_intents(self.now)).unwrap() > 0,
            _ => both!(self, release_claims(self.now)).unwrap() > 0,
        }
    }

    async fn apply(&self, change: Change) -> bool {
        both!(self, apply(change.clone())).is_ok()
    }

    /// A transaction in any state, with names that are perhaps taken.
    fn entry(&mut self) -> Change {
        let mut entered = in_every_state().swap_remove(usize::try_from(self.below(18)).unwrap());
        let number = self.one();
        entered.access_id = access_id(number);
        entered.order_id = if self.below(5) == 0 { order(self.one()) } else { order(number) };
        entered.shop_id = self.shop();
        // No two are of one moment: which of such is the newer no engine promises.
        self.now = self.now.plus(1);
        entered.created_at = self.now;
        pay_with(&mut entered, self.base + usize::try_from(self.below(6)).unwrap());
        if let Some(exec) = &mut entered.exec
            && exec.session.is_some()
        {
            exec.session = Some(CheckoutSessionId::new(self.session()).unwrap());
        }
        let told = (self.below(2) == 0).then(|| notification(&entered, &self.name("msg"), self.now));
        Change::entered(entered).telling(told)
    }

    /// A change of a transaction as it stands, or as it stood before.
    async fn change(&mut self) -> Option<Change> {
        let id = access_id(self.one());
        let mut before = both!(self, transaction(&id)).unwrap()?;
        if self.below(6) == 0 {
            before.version += 1;
        }
        let open = both!(self, open_intent(&before.access_id)).unwrap();
        let key = open.as_ref().map_or_else(|| self.name("key"), |intent| intent.key.to_string());
        let (message, at) = (self.name("msg"), self.moment());
        let told = (self.below(3) == 0).then(|| notification(&before, &message, at));
        let next = self.name("key");
        let intends = intent_on(&self.session(), &before, &next, self.moment());
        let change = match self.below(6) {
            0 | 1 => Change::intent(&before, intends),
            2 => Change::outcome(&before, outcome(&key)),
            3 => Change::event(&before, self.event(&before)?, self.now).ok()?,
            4 => Change::event(&before, self.event(&before)?, self.now).ok()?.closing(outcome(&key)),
            _ => Change::event(&before, self.event(&before)?, self.now).ok()?.closing(outcome(&key)).promising(intends),
        };
        let change = match open {
            // As it is, or as it was.
            Some(mut known) if self.below(4) == 0 => {
                known.looks -= i64::from(self.below(4) == 0);
                known.look_at = known.look_at.plus(-i64::from(self.below(4) == 0));
                change.unless_looked_at(&known)
            }
            _ => change,
        };
        Some(change.telling(told))
    }

    fn event(&self, before: &Transaction) -> Option<Event> {
        let failure = Failure { err_info: "M01052011".to_owned() };
        Some(match &before.state {
            State::Unprocessed => requested(self.moment()),
            State::ReqSuccess(_) if self.below(2) == 0 => Event::Expired(failure),
            State::ReqSuccess(_) => Event::Started(Handover { look_at: self.moment(), charge: None }),
            State::AuthProcess(_) if self.below(2) == 0 => Event::Failed(failure),
            State::AuthProcess(_) => Event::Pending(Handover { look_at: self.moment(), charge: None }),
            State::Auth(_) if self.below(2) == 0 => Event::Cancelled,
            State::Auth(_) => Event::SaleBegun(before.money, self.moment()),
            State::Selling { .. } => Event::SaleRefused(failure),
            State::Register(_) => Event::Ended,
            _ => return None,
        })
    }

    fn share(&self) -> Share {
        let few = |most| u32::try_from(self.below(most)).unwrap();
        Share { shop_id: self.shop(), take_max: few(4), under_way_max: few(6) }
    }

    fn attempt(&mut self) -> Attempt {
        Attempt {
            notification_id: self.name("msg"),
            number: 1 + i64::try_from(self.below(3)).unwrap(),
            at: self.now,
            took_ms: 3,
            http_status: (self.below(2) == 0).then_some(500),
            failure: (self.below(2) == 0).then_some(NoAnswer::Hang),
            answer: "0".to_owned(),
            next: match self.below(3) {
                0 => Next::Delivered,
                1 => Next::RetryAt(self.moment()),
                _ => Next::GivenUp,
            },
        }
    }

    fn resend(&self) -> Resend {
        if self.below(3) == 0 {
            return Resend::GivenUpOf { shop_id: self.shop() };
        }
        Resend::Transaction { access_id: access_id(self.one()), delivered_too: self.below(2) == 0 }
    }

    /// Everything that can be asked, of this sequence and of the whole book.
    async fn every_question(&self) {
        let shops = ["tshop00000001", "tshop00000002"].map(|id| ShopId::new(id).unwrap());
        for number in (self.base..).take(usize::try_from(TRANSACTIONS).unwrap()) {
            let order = OrderId::new(format!("order-{number}")).unwrap();
            let session = CheckoutSessionId::new(format!("session-{}-{}", self.base, number - self.base)).unwrap();
            let id = access_id(number);
            let _ = both!(self, transaction(&id));
            let _ = both!(self, open_intent(&id));
            let paid_by = charge(number);
            let _ = both!(self, transaction_of_charge(&paid_by));
            for one in both!(self, notifications_of(&id)).unwrap() {
                let _ = both!(self, attempts_of(&one.id));
            }
            for shop in &shops {
                let _ = both!(self, transaction_of_order(shop, &order));
                let _ = both!(self, transaction_of_session(shop, &session));
            }
        }
        for permission in ["S03-1234567-1234567", "C03-1234567-1234567"] {
            let permission = ChargePermissionId::new(permission).unwrap();
            let _ = both!(self, shops_of_permission(&permission));
            for shop in &shops {
                let _ = both!(self, transaction_of_permission(shop, &permission));
            }
        }
        for now in [self.now, self.now.plus(1_000)] {
            let _ = both!(self, intents_to_look_at(now, 1_000_u32));
            let _ = both!(self, transactions_to_look_at(now, 1_000_u32));
            let _ = both!(self, backlog(now));
        }
        let _ = both!(self, shops_owed());
        let _ = both!(self, next_notification_at());
        let _ = both!(self, ping());
    }
}

fn pay_with(transaction: &mut Transaction, number: usize) {
    match &mut transaction.state {
        State::ReqSuccess(ticket) => {
            if let Some(pending) = &mut ticket.charge {
                pending.charge = charge(number);
            }
        }
        State::AuthProcess(handover) => {
            if let Some(pending) = &mut handover.charge {
                pending.charge = charge(number);
            }
        }
        State::Auth(payment)
        | State::Selling { payment, .. }
        | State::Sales(payment)
        | State::Capture(payment)
        | State::Cancel(payment)
        | State::ReqReturn { payment, .. }
        | State::Return(payment) => payment.charge = charge(number),
        _ => {}
    }
}

/// An answer without what may differ: the words of an error, and an order that nobody promises.
trait Plain {
    fn plain(self) -> String;
}

impl<T: Listed> Plain for Result<T, StoreError> {
    fn plain(self) -> String {
        self.map_or_else(|_| "failed".to_owned(), Listed::listed)
    }
}

impl Plain for Result<(), ApplyError> {
    fn plain(self) -> String {
        match self {
            Err(ApplyError::Unavailable(_)) => "failed".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

trait Listed: std::fmt::Debug + Sized {
    fn listed(self) -> String {
        format!("{self:?}")
    }
}

macro_rules! as_it_is {
    ($($type:ty),* $(,)?) => {
        $(impl Listed for $type {})*
    };
}

as_it_is! {
    (), u64, Option<Transaction>, Option<sekisho::domain::Intent>, Option<Millis>, sekisho::store::Backlog,
    Vec<sekisho::store::ShopOwed>, Vec<sekisho::store::NotificationRecord>, Vec<sekisho::store::AttemptRecord>,
    Vec<sekisho::store::Resent>,
}

/// Lists whose order is nobody's promise, or only by moments that several may share.
macro_rules! sorted {
    ($($type:ty),* $(,)?) => {
        $(impl Listed for Vec<$type> {
            fn listed(self) -> String {
                let mut lines: Vec<_> = self.iter().map(|one| format!("{one:?}")).collect();
                lines.sort();
                lines.join("\n")
            }
        })*
    };
}

sorted! { ShopId, (ShopId, sekisho::domain::Intent), Transaction, sekisho::domain::notification::Claimed }
