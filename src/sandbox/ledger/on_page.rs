//! A checkout inside the shop's page (amazon-pay 3.1, psp-protocol 7 E): the buyer has a window of Amazon's, the shop's
//! page has its handlers, and the two take turns.
//!
//! Who acts: the window. It reads here whose turn it is ([`Turn`]); if the shop's, it asks the shop's page what
//! [`Ask`] says and brings the [`Answer`]. An answer to something that is not being asked (a page loaded twice) changes
//! nothing. Where a payment service provider does the charging (`processorSpecifications`), paying makes the charge
//! permission at once, and the shop is handed that; else it is handed the session, which a server then finalizes.

use std::sync::Arc;

use super::checkout::BuyerError;
use super::objects::ChargePermission;
use super::session::{Payment, Progress, Session, SessionState, with_session_id};
use super::talk::{Answer, Ask, Cart, Ending, Mfa, OnPage, Pick, Trouble, Turn};
use super::words::{ChargeState, PermissionReason, SessionCancelReason};
use super::{Choice, Ledger};
use crate::sandbox::buyers::CardEffect;

impl Ledger {
    /// The session runs inside the shop's page from here on.
    pub fn open_on_page(&mut self, id: &str, on_page: OnPage) {
        self.on_page.insert(id.to_owned(), on_page);
    }

    /// What there is to know of a checkout inside the shop's page; `None` for every other.
    pub fn on_page(&self, id: &str) -> Option<&OnPage> {
        self.on_page.get(id)
    }

    /// The buyer has signed in: their first address and card are chosen for them, and the shop is asked for the cart.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`, `NotSignedIn`.
    pub fn begin_on_page(&mut self, id: &str) -> Result<(), BuyerError> {
        let session = self.unpaid_mut(id)?;
        let book = session.party.iter().flat_map(|party| &party.buyer.addresses);
        let first = book.filter(|place| session.delivers_to(place)).find(|_| session.needs_address());
        let addresses = first.into_iter().cloned().collect();
        let party = session.party.as_mut().ok_or(BuyerError::NotSignedIn)?;
        let instrument = party.buyer.instruments.first().copied();
        let instrument = instrument.ok_or_else(|| BuyerError::UnknownInstrument(String::new()))?;
        party.choice = Some(Choice { addresses, instrument });
        self.pass(id, Turn::Shop(Ask::Init))
    }

    /// The buyer chooses something else.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`, `NotSignedIn`, `UnknownAddress`, `NotDelivered`,
    /// `UnknownInstrument`.
    pub fn pick(&mut self, id: &str, pick: Pick<'_>) -> Result<(), BuyerError> {
        let known = |on_page: &OnPage, option: &str| on_page.cart.option(option).is_some();
        let unoffered = matches!(pick, Pick::Delivery(option) if !known(self.on_page_of(id)?, option));
        let session = self.unpaid_mut(id)?;
        if let Pick::Address(address_id) = pick
            && let Some(place) = session.party.as_ref().and_then(|party| party.buyer.address(address_id))
            && !session.delivers_to(place)
        {
            return Err(BuyerError::NotDelivered(address_id.to_owned()));
        }
        let party = session.party.as_mut().ok_or(BuyerError::NotSignedIn)?;
        let choice = party.choice.as_mut().ok_or(BuyerError::NotSignedIn)?;
        let next = match pick {
            Pick::Address(address_id) => {
                let address = party.buyer.address(address_id);
                let unknown = || BuyerError::UnknownAddress(address_id.to_owned());
                choice.addresses = vec![Arc::clone(address.ok_or_else(unknown)?)];
                Turn::Shop(Ask::ShippingAddress)
            }
            Pick::Payment(card) => {
                let instrument = party.buyer.instrument(card);
                choice.instrument = instrument.ok_or_else(|| BuyerError::UnknownInstrument(card.to_owned()))?;
                Turn::Buyer(None)
            }
            Pick::Delivery(_) if unoffered => Turn::Buyer(Some(Trouble::Refused)),
            Pick::Delivery(option) => {
                self.on_page_mut(id)?.delivery = Some(option.to_owned());
                Turn::Shop(Ask::DeliveryOption)
            }
        };
        self.pass(id, next)
    }

    /// The buyer pays. The shop is asked next, unless the card is one whose buyer cancels.
    ///
    /// # Errors
    /// As [`Ledger::enter_processing`] and [`Ledger::pay`].
    pub fn pay_on_page(&mut self, id: &str) -> Result<(), BuyerError> {
        let by_processor = self.on_page_of(id)?.processor.is_some();
        let session = self.enter_processing(id)?;
        if session.needs_address() && session.choice().and_then(Choice::address).is_none() {
            return Err(BuyerError::UnknownAddress(String::new()));
        }
        let effect = session.choice().map(Choice::effect);
        match effect {
            Some(CardEffect::DeclinedHere) => {
                return Err(BuyerError::CardDeclined(
                    session.choice().map_or("", |choice| choice.instrument.last_digits),
                ));
            }
            Some(CardEffect::BuyerCanceled) => return self.cancel_on_page(id),
            _ if by_processor => self.permit(id)?,
            _ => {
                self.pay(id)?;
            }
        }
        self.pass(id, Turn::Shop(Ask::Complete))
    }

    /// The buyer gives up. A checkout that is over stays as it ended.
    ///
    /// # Errors
    /// `UnknownSession`; `AlreadyPaid` while the shop is asked to take the payment.
    pub fn cancel_on_page(&mut self, id: &str) -> Result<(), BuyerError> {
        let now = self.now;
        match self.on_page_of(id)?.turn {
            Turn::Over(_) => return Ok(()),
            Turn::Shop(Ask::Complete) => return Err(BuyerError::AlreadyPaid),
            Turn::Shop(_) | Turn::Buyer(_) => {}
        }
        if let Ok(session) = self.open_mut(id) {
            session.cancel(SessionCancelReason::BuyerCanceled, now);
        }
        self.pass(id, Turn::Over(Ending::Canceled))
    }

    /// What the shop's page answered. Says where the browser must go first, if anywhere.
    ///
    /// # Errors
    /// `UnknownSession`.
    pub fn answer_on_page(&mut self, id: &str, ask: Ask, answer: Answer) -> Result<Option<String>, BuyerError> {
        if self.on_page_of(id)?.turn != Turn::Shop(ask) {
            return Ok(None);
        }
        let next = match (ask, answer) {
            (Ask::Complete, Answer::Redirect(url)) => return Ok(Some(url)),
            (Ask::Complete, Answer::Success) => {
                let finalized = self.sessions.get(id).is_some_and(|session| session.state == SessionState::Completed);
                self.pass(id, Turn::Over(Ending::Success))?;
                if !finalized {
                    let why = "the answer is success, but the checkout session was not finalized before it";
                    self.on_page_mut(id)?.complaint = Some(why.to_owned());
                }
                return Ok(None);
            }
            (Ask::Complete, Answer::Decline) => self.take_back(id),
            (Ask::Init | Ask::ShippingAddress | Ask::DeliveryOption, Answer::Cart(cart)) => {
                self.fill(id, cart)?;
                Turn::Buyer(None)
            }
            (Ask::ShippingAddress | Ask::DeliveryOption, _) => Turn::Buyer(Some(Trouble::Refused)),
            (Ask::Init | Ask::Complete, _) => Turn::Over(Ending::Error),
        };
        self.pass(id, next)?;
        Ok(None)
    }

    /// Notes what was wrong with an answer; it counts as an error of the shop's.
    ///
    /// # Errors
    /// `UnknownSession`.
    pub fn complain_on_page(&mut self, id: &str, ask: Ask, why: String) -> Result<(), BuyerError> {
        self.answer_on_page(id, ask, Answer::Error)?;
        self.on_page_mut(id)?.complaint = Some(why);
        Ok(())
    }

    /// Where the buyer comes back after a second factor: `amazonPayMFAReturnUrl`.
    pub fn mfa_return_url(&self, id: &str) -> String {
        with_session_id(&format!("{}/checkout/mfa", self.base_url), id)
    }

    /// The payment service provider's charge permission, made when the buyer pays.
    fn permit(&mut self, id: &str) -> Result<(), BuyerError> {
        let now = self.now;
        let session = self.open_mut(id)?.clone();
        let party = session.party.clone().ok_or(BuyerError::NotSignedIn)?;
        let permission_id = self.open_permission(&session, party);
        self.on_page_mut(id)?.mfa = Mfa::NotAsked;
        let session = self.open_mut(id)?;
        session.charge_permission_id = Some(permission_id);
        session.progress = Progress::Paid(Payment::Approved);
        session.state = SessionState::Completed;
        session.updated = now;
        Ok(())
    }

    /// The shop declined. The buyer may pay anew, with another card, unless the session is over.
    fn take_back(&mut self, id: &str) -> Turn {
        let Some(session) = self.sessions.get(id).cloned() else { return Turn::Over(Ending::Error) };
        let by_processor = self.on_page.get(id).is_some_and(|on_page| on_page.processor.is_some());
        match (session.state, &session.charge_permission_id) {
            (SessionState::Open, None) => self.release(id),
            (SessionState::Completed, Some(permission_id)) if by_processor && !self.is_in_use(permission_id) => {
                // A permission that was closed in the meantime stays as it is.
                let _ = self.befall(permission_id, PermissionReason::AmazonCanceled);
            }
            _ => return Turn::Over(Ending::Error),
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.state = SessionState::Open;
            session.progress = Progress::Processing;
            session.charge_permission_id = None;
        }
        Turn::Buyer(Some(Trouble::Declined))
    }

    fn is_in_use(&self, permission_id: &str) -> bool {
        let charges = self.permissions.get(permission_id).into_iter().flat_map(|permission| &permission.charge_ids);
        charges
            .filter_map(|charge_id| self.charges.get(charge_id))
            .any(|charge| charge.is_open() || charge.state == ChargeState::Captured)
    }

    /// The cart as the shop now says, and the session's amounts with it. An order's total is noted only where it is
    /// another than what is paid now.
    fn fill(&mut self, id: &str, new: Cart) -> Result<(), BuyerError> {
        let on_page = self.on_page_mut(id)?;
        on_page.cart.amend(new);
        let cart = &on_page.cart;
        let kept = on_page.delivery.take().filter(|chosen| cart.option(chosen).is_some());
        let options = cart.options.as_deref().unwrap_or_default();
        let first = options.iter().find(|option| option.is_default).or_else(|| options.first());
        on_page.delivery = kept.or_else(|| first.map(|option| option.id.clone()));
        let (charge, order) = (on_page.cart.charge, on_page.cart.order);
        let payment = &mut self.unpaid_mut(id)?.request.terms.payment;
        payment.charge_amount = charge.or(payment.charge_amount);
        if order.is_some() {
            payment.total_order_amount = order.filter(|order| Some(*order) > payment.charge_amount);
        }
        Ok(())
    }

    fn pass(&mut self, id: &str, turn: Turn) -> Result<(), BuyerError> {
        let on_page = self.on_page_mut(id)?;
        on_page.turn = turn;
        on_page.complaint = None;
        Ok(())
    }

    fn on_page_of(&self, id: &str) -> Result<&OnPage, BuyerError> {
        self.on_page.get(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))
    }

    pub(super) fn on_page_mut(&mut self, id: &str) -> Result<&mut OnPage, BuyerError> {
        self.on_page.get_mut(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))
    }
}

impl Session {
    /// The charge permission of the checkout, where a provider charges it.
    pub fn permission<'a>(&self, ledger: &'a Ledger) -> Option<&'a ChargePermission> {
        ledger.permissions.get(self.charge_permission_id.as_ref()?)
    }
}
