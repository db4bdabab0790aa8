//! Amazon's books: sessions, charge permissions, charges, and every movement of money. Plain structs, no server.
//!
//! The caller holds the lock (one `Mutex` around the whole [`Ledger`]), moves the ledger to the present with
//! [`Ledger::at`], and then calls. So every method is one step that happens at one moment, and nothing here waits,
//! reads a clock or speaks HTTP. Methods for the API refuse with [`ApiError`]; those for the buyer's pages with
//! [`BuyerError`].

mod address_book;
mod agreement;
mod amount;
mod browsing;
mod charges;
mod charging;
mod checkout;
mod closing;
mod complete;
mod currency;
mod finalize;
mod force;
mod history;
mod idempotency;
mod ids;
mod introductions;
mod keeping;
mod kept;
mod mfa;
mod news;
mod objects;
mod on_page;
mod opening;
mod party;
mod permissions;
mod records;
mod refunds;
mod session;
mod simulation;
mod table;
mod talk;
mod timers;
mod updating;
mod upgrade;
mod wording;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use address_book::ADDRESSES_MAX;
pub use agreement::check_agreement;
pub use amount::{Amount, AmountError};
pub use browsing::{Object, ObjectKind, Sum};
pub use charging::ChargeRequest;
pub use checkout::{AfterChoice, BuyerError};
pub use closing::PermissionChanges;
pub use complete::{Completed, CompletionRequest};
pub use currency::Currency;
pub use finalize::{FinalizeRequest, SpokenAddress};
pub use force::{ForceError, Way};
pub use history::{Cause, History, Step};
pub use idempotency::{Effect, Remembered};
pub use introductions::{Introduction, SignIn, SignInRequest};
pub use keeping::{Changes, KeptError, Tracked};
pub use mfa::Factor;
pub use news::{ChangeType, News, ObjectType};
pub use objects::{Charge, ChargePermission, Limit, Movement, MovementKind, Standing};
pub use party::{Choice, Party};
pub use records::{
    AccountDetails, Delegation, Disbursement, Dispute, DisputeChanges, DisputeRequest, DisputeStanding, Evidence,
    FREQUENCIES, FileRequest, MerchantAccount, PROCESSING_STATUSES, Parcel, REPORT_TYPES, Report, ReportFilter,
    ReportRequest, Schedule, ScheduleRequest, Shipment, ShipmentRequest, Store, StoredFile,
};
pub use refunds::{Refund, RefundRequest};
pub use session::{
    AddressPrice, Constraint, MerchantMetadata, Payment, PaymentDetails, Progress, RecurringMetadata, Session,
    SessionRequest, SessionState, Terms, WebCheckoutDetails, with_session_id,
};
pub use simulation::Simulation;
pub use table::Row;
pub use talk::{Answer, Ask, Cart, DeliveryOption, Ending, OnPage, Pick, Trouble, Turn};
pub use words::{
    Channel, ChargeInitiator, ChargeReason, ChargeState, CheckoutMode, DisputeReason, DisputeResolution, DisputeState,
    FilingReason, FrequencyUnit, PaymentIntent, PermissionReason, PermissionState, PermissionType, ProductType,
    RefundReason, RefundState, SessionCancelReason,
};

use crate::domain::{Millis, Rng};
use crate::sandbox::buyers::{self, Address, Buyers};
use crate::sandbox::error::{ApiError, ReasonCode};
use table::{Journal, Queue, Table};
use timers::Due;

/// What the books have to know of a merchant.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The merchant's stores.
    pub store_ids: Vec<String>,
    /// What the merchant is paid in.
    pub currency: Currency,
}

/// Everything this sandbox knows. See the module's first lines for how to call it.
pub struct Ledger {
    now: Millis,
    base_url: String,
    accounts: HashMap<String, Account>,
    rng: Arc<dyn Rng>,
    buyers: Buyers,
    first_buyers: Buyers,
    /// The address books that were written into, by their buyers' ids.
    books: Table<Vec<Address>>,
    sessions: Table<Session>,
    permissions: Table<ChargePermission>,
    charges: Table<Charge>,
    refunds: Table<Refund>,
    movements: Journal<Movement>,
    sign_ins: Table<SignIn>,
    introductions: Table<Introduction>,
    on_page: Table<OnPage>,
    remembered: Table<Remembered>,
    shipments: Table<Shipment>,
    delegations: Table<Delegation>,
    delegation_tokens: Table<String>,
    files: Table<StoredFile>,
    merchant_accounts: Table<MerchantAccount>,
    disputes: Table<Dispute>,
    reports: Table<Report>,
    schedules: Table<Schedule>,
    timers: BTreeSet<(Millis, Due)>,
    histories: Table<History>,
    cause: Cause,
    all_forgotten: bool,
    news: Queue<News>,
}

impl Ledger {
    /// An empty ledger. `accounts` are the merchants' by their ids; `base_url` is where the buyer's pages are, without
    /// a slash at its end.
    pub fn new(base_url: String, accounts: HashMap<String, Account>, now: Millis, rng: Arc<dyn Rng>) -> Self {
        Self {
            now,
            base_url,
            accounts,
            rng,
            buyers: buyers::ready(),
            first_buyers: buyers::ready(),
            books: Table::new("address-book"),
            sessions: Table::new("session"),
            permissions: Table::new("permission"),
            charges: Table::new("charge"),
            refunds: Table::new("refund"),
            movements: Journal::new("movement"),
            sign_ins: Table::new("sign-in"),
            introductions: Table::new("introduction"),
            on_page: Table::new("on-page"),
            remembered: Table::new("answer"),
            shipments: Table::new("shipment"),
            delegations: Table::new("delegation"),
            delegation_tokens: Table::new("delegation-token"),
            files: Table::new("file"),
            merchant_accounts: Table::new("merchant-account"),
            disputes: Table::new("dispute"),
            reports: Table::new("report"),
            schedules: Table::new("report-schedule"),
            timers: BTreeSet::new(),
            histories: Table::new("history"),
            cause: Cause::default(),
            all_forgotten: false,
            news: Queue::new("news"),
        }
    }

    /// Moves the ledger to the moment `now`: everything that was due by then happens first, each at its own moment.
    /// Time does not run backwards here; an earlier `now` changes nothing.
    pub fn at(&mut self, now: Millis) -> &mut Self {
        self.run_timers(now);
        self.now = self.now.max(now);
        self
    }

    /// The moment the ledger stands at.
    pub const fn now(&self) -> Millis {
        self.now
    }

    /// What this merchant is paid in.
    pub fn currency_of(&self, merchant_id: &str) -> Currency {
        self.accounts.get(merchant_id).map(|account| account.currency).unwrap_or_default()
    }

    /// Forgets everything, as of `now`.
    pub fn reset(&mut self, now: Millis) {
        let buyers = self.first_buyers.clone();
        let mut news = std::mem::replace(&mut self.news, Queue::new("news"));
        news.clear();
        *self = Self::new(self.base_url.clone(), self.accounts.clone(), now, Arc::clone(&self.rng));
        self.news = news;
        self.inhabit(buyers);
        self.all_forgotten = true;
    }

    /// Opens a session for the merchant: Create Checkout Session, and the buyer's page that a button leads to.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a store that is not the merchant's; for the permission of a stored payment method
    /// `ResourceNotFound`, `InvalidParameterCombination` or `InvalidChargePermissionStatus`.
    pub fn create_session(&mut self, merchant_id: &str, request: SessionRequest) -> Result<Session, ApiError> {
        self.check_store(merchant_id, &request.store_id)?;
        self.check_stored(merchant_id, request.charge_permission_id.as_deref())?;
        let session = Session {
            id: self.unused(|ledger| ids::session_id(&*ledger.rng), |ledger, id| ledger.sessions.contains_key(id)),
            merchant_id: merchant_id.to_owned(),
            currency: self.currency_of(merchant_id),
            request,
            state: SessionState::Open,
            progress: Progress::Choosing,
            party: None,
            charge_permission_id: None,
            charge_id: None,
            created: self.now,
            updated: self.now,
            expires: self.now.plus(session::SESSION_LIFETIME_MS),
        };
        self.timers.insert((session.expires, Due::SessionExpires(session.id.clone())));
        self.sessions.insert(session.id.clone(), session.clone());
        Ok(session)
    }

    /// Changes an open session that the buyer has not yet taken to the paying page.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidCheckoutSessionStatus` once the session is not open or the buyer was sent to pay;
    /// what [`check_agreement`] refuses; `InvalidParameterCombination` for another kind of permission than before,
    /// unless an order becomes a subscription, and for addresses of an order that goes to one; `InvalidParameterValue`
    /// for an address that the buyer has not chosen, or that is named twice.
    pub fn update_session(&mut self, merchant_id: &str, id: &str, changes: Terms) -> Result<&Session, ApiError> {
        let now = self.now;
        let session = self.session_of_mut(merchant_id, id)?;
        if session.state != SessionState::Open {
            return Err(wrong_status(session, "it can no longer be updated"));
        }
        if session.progress != Progress::Choosing {
            return Err(wrong_status(session, "the buyer was already sent to amazonPayRedirectUrl"));
        }
        let mut request = session.request.clone();
        request.terms.amend(changes);
        agreement::check_upgrade(session.request.terms.permission_type(), request.terms.permission_type())?;
        check_agreement(&request)?;
        session.check_address_prices(&request.terms)?;
        session.request = request;
        session.updated = now;
        Ok(session)
    }

    /// The session with this id, whoever's it is: for the buyer's pages.
    pub fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// The merchant's session with this id.
    ///
    /// # Errors
    /// `ResourceNotFound`, also for another merchant's, and after 30 days.
    pub fn session_of(&self, merchant_id: &str, id: &str) -> Result<&Session, ApiError> {
        let found = self.sessions.get(id).filter(|session| session.is_readable_by(merchant_id, self.now));
        found.ok_or_else(|| not_found("CheckoutSession", id))
    }

    /// Where to send the buyer to pay: `amazonPayRedirectUrl`. `None` until nothing is missing, and once it is over.
    pub fn pay_redirect_url(&self, session: &Session) -> Option<String> {
        let may_pay = session.state == SessionState::Open && session.constraints().is_empty();
        may_pay.then(|| with_session_id(&format!("{}/checkout/processing", self.base_url), &session.id))
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter()
    }

    /// All charge permissions, oldest first.
    pub fn charge_permissions(&self) -> impl Iterator<Item = &ChargePermission> {
        self.permissions.iter()
    }

    /// All charges, oldest first.
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter()
    }

    /// All movements of money, oldest first.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    fn session_of_mut(&mut self, merchant_id: &str, id: &str) -> Result<&mut Session, ApiError> {
        let now = self.now;
        let found = self.sessions.get_mut(id).filter(|session| session.is_readable_by(merchant_id, now));
        found.ok_or_else(|| not_found("CheckoutSession", id))
    }

    /// Draws ids until one is free; with ten million and more to draw from, the first one nearly always is.
    fn unused(&self, draw: impl Fn(&Self) -> String, taken: impl Fn(&Self, &str) -> bool) -> String {
        loop {
            let id = draw(self);
            if !taken(self, &id) {
                return id;
            }
        }
    }
}

fn not_found(kind: &str, id: &str) -> ApiError {
    ApiError::new(ReasonCode::ResourceNotFound, format!("{kind} {id} was not found"))
}

fn wrong_status(session: &Session, why: &str) -> ApiError {
    let message = format!("CheckoutSession {} is {}: {why}", session.id, session.state.as_str());
    ApiError::new(ReasonCode::InvalidCheckoutSessionStatus, message)
}

#[cfg(test)]
mod tests;
