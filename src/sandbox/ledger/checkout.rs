//! What the buyer does on Amazon's pages, one method a button: sign in, choose, continue, pay, cancel.
//!
//! The pages call these in order: [`Ledger::sign_in`], [`Ledger::choose`] (which says where the browser goes next),
//! then, when the shop sends the browser to `amazonPayRedirectUrl`, [`Ledger::enter_processing`] and [`Ledger::pay`]
//! (which says where the browser goes next); at any time [`Ledger::cancel_by_buyer`]. A page that is loaded or posted
//! twice does no harm: each method, called again, ends where it ended before.

use std::sync::Arc;

use super::objects::{Movement, MovementKind};
use super::session::{Payment, Progress, Session, SessionState, with_session_id};
use super::words::{PaymentIntent, SessionCancelReason};
use super::{Amount, Choice, Ledger, Party};
use crate::domain::Millis;
use crate::sandbox::buyers::{Buyer, CardEffect};

/// Why a buyer's step cannot be done. The page shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuyerError {
    /// No session has this id.
    #[error("there is no checkout session {0}")]
    UnknownSession(String),
    /// It was completed, cancelled, or its 24 hours are over.
    #[error("the checkout session is {0}, no longer open")]
    NotOpen(&'static str),
    /// Nobody with this id lives in the sandbox.
    #[error("there is no buyer {0}")]
    UnknownBuyer(String),
    /// Choosing comes after signing in.
    #[error("nobody has signed in")]
    NotSignedIn,
    /// The buyer has no such address, or named none where one is needed.
    #[error("the buyer has no address {0:?}")]
    UnknownAddress(String),
    /// The buyer has no such card.
    #[error("the buyer has no payment method {0:?}")]
    UnknownInstrument(String),
    /// The shop does not send there.
    #[error("the shop does not send to address {0:?}")]
    NotDelivered(String),
    /// The buyer chose several addresses for an order that goes to one.
    #[error("the order goes to one address")]
    OneAddressOnly,
    /// The address book is full.
    #[error("there are {max} addresses already", max = super::ADDRESSES_MAX)]
    TooManyAddresses,
    /// Paid already: nothing can be chosen or cancelled any more.
    #[error("the buyer has already paid")]
    AlreadyPaid,
    /// The shop sent the browser to the paying page before the session was ready for it.
    #[error("the checkout session is not ready: {}", .0.join(", "))]
    ConstraintsLeft(Vec<&'static str>),
    /// Paying happens on the paying page.
    #[error("the shop has not sent the buyer to pay")]
    NotProcessing,
    /// The test cards 0701 and 4354 need `paymentIntent` Authorize and `canHandlePendingAuthorization` true.
    #[error(
        "card {0} is pending for 30 seconds: it needs paymentIntent Authorize and canHandlePendingAuthorization true"
    )]
    CardNeedsPending(&'static str),
    /// The bank wants a second factor first.
    #[error("the bank asks for a second factor")]
    AsksMfa,
    /// The bank says no to this card; the buyer may choose another.
    #[error("card {0} is declined; the buyer may choose another")]
    CardDeclined(&'static str),
}

/// Where the buyer goes after choosing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterChoice {
    /// To the shop's review page, at this URL.
    ReviewAtShop(String),
    /// To the paying page (`/checkout/processing`): the session is one without a review, or the buyer came back from
    /// that page to choose another card.
    PayHere,
}

impl Ledger {
    /// The buyer signs in. Somebody else may sign in until the buyer was sent to pay; what was chosen is then
    /// forgotten.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`; `UnknownBuyer`, also for one who did not store the payment method
    /// that is to be changed.
    pub fn sign_in(&mut self, id: &str, buyer_id: &str) -> Result<&Session, BuyerError> {
        let unknown = || BuyerError::UnknownBuyer(buyer_id.to_owned());
        let buyer = Arc::clone(self.buyers.find(buyer_id).ok_or_else(unknown)?);
        if self.owner_of_stored(id).is_some_and(|owner| owner.id != buyer.id) {
            return Err(unknown());
        }
        let session = self.unpaid_mut(id)?;
        if session.party.as_ref().is_none_or(|party| party.buyer.id != buyer.id) {
            session.party = Some(Party { buyer, choice: None });
        }
        Ok(session)
    }

    /// The buyer chooses a card and an address (none where [`Session::needs_address`] says no; several, each taken once,
    /// with `PayAndShipMultiAddress`), for the first time or anew.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`, `NotSignedIn`, `UnknownAddress`, `OneAddressOnly`, `NotDelivered`,
    /// `UnknownInstrument`; and `ConstraintsLeft` where there is no review page and the session is not ready to be paid.
    pub fn choose<'a>(
        &mut self,
        id: &str,
        address_ids: impl IntoIterator<Item = &'a str>,
        instrument_id: &str,
    ) -> Result<AfterChoice, BuyerError> {
        let session = self.unpaid_mut(id)?;
        let party = session.party.as_ref().ok_or(BuyerError::NotSignedIn)?;
        let addresses = session.places_of(&party.buyer, address_ids)?;
        let instrument = party.buyer.instrument(instrument_id);
        let instrument = instrument.ok_or_else(|| BuyerError::UnknownInstrument(instrument_id.to_owned()))?;
        session.party = Some(Party { buyer: Arc::clone(&party.buyer), choice: Some(Choice { addresses, instrument }) });
        session.forget_other_prices();
        match (&session.progress, &session.request.terms.web.checkout_review_return_url) {
            (Progress::Choosing, Some(review)) if !session.request.terms.is_process_order() => {
                Ok(AfterChoice::ReviewAtShop(with_session_id(review, id)))
            }
            _ => match missing(session) {
                missing if missing.is_empty() => Ok(AfterChoice::PayHere),
                missing => Err(BuyerError::ConstraintsLeft(missing)),
            },
        }
    }

    /// The browser arrives at the paying page. From here on the merchant cannot change the session.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `ConstraintsLeft`. A buyer who has already paid is let in again.
    pub fn enter_processing(&mut self, id: &str) -> Result<&Session, BuyerError> {
        let session = self.open_mut(id)?;
        let missing = missing(session);
        if !missing.is_empty() {
            return Err(BuyerError::ConstraintsLeft(missing));
        }
        if session.progress == Progress::Choosing {
            session.progress = Progress::Processing;
        }
        Ok(session)
    }

    /// The buyer pays. Answers where the browser goes: the result URL, whatever the card did (the merchant learns that
    /// from Complete), or `/checkout/paid` here, where the on-page script is waiting. An approved payment reserves the money, unless the intent is Confirm.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `NotProcessing`; `CardNeedsPending`, `CardDeclined` (the buyer may choose another
    /// card); `AsksMfa` (the buyer answers the bank first: [`Ledger::answer_mfa`]).
    pub fn pay(&mut self, id: &str) -> Result<String, BuyerError> {
        self.pay_as(id, false)
    }

    /// The same, once the buyer has given a second factor.
    pub(super) fn pay_proven(&mut self, id: &str) -> Result<String, BuyerError> {
        self.pay_as(id, true)
    }

    fn pay_as(&mut self, id: &str, proven: bool) -> Result<String, BuyerError> {
        let now = self.now;
        let here = with_session_id(&format!("{}/checkout/paid", self.base_url), id);
        let session = self.open_mut(id)?;
        let next = result_url(session).or_else(|| session.request.on_page.then_some(here));
        let (Some(choice), Some(next)) = (session.choice().cloned(), next) else {
            return Err(BuyerError::ConstraintsLeft(missing(session)));
        };
        match session.progress {
            Progress::Choosing => return Err(BuyerError::NotProcessing),
            Progress::Paid(_) => return Ok(next),
            Progress::Processing => {}
        }
        match choice.effect() {
            CardEffect::BuyerCanceled => session.cancel(SessionCancelReason::BuyerCanceled, now),
            CardEffect::DeclinedHere => {
                return Err(BuyerError::CardDeclined(choice.instrument.last_digits));
            }
            CardEffect::AsksMfa if !proven => return Err(BuyerError::AsksMfa),
            CardEffect::Declined => session.cancel(SessionCancelReason::Declined, now),
            CardEffect::Approved | CardEffect::LaterDeclined(_) | CardEffect::AsksMfa => {
                session.progress = Progress::Paid(Payment::Approved);
                if let Some(amount) = session.reserved() {
                    let movement = session.movement(MovementKind::Reserved, amount, now);
                    self.movements.push(movement);
                }
            }
            CardEffect::PendingThenAuthorized if session.may_be_pending() => {
                session.progress = Progress::Paid(Payment::PendingThenAuthorized);
            }
            CardEffect::PendingThenDeclined if session.may_be_pending() => {
                session.progress = Progress::Paid(Payment::PendingThenDeclined);
            }
            CardEffect::PendingThenAuthorized | CardEffect::PendingThenDeclined => {
                return Err(BuyerError::CardNeedsPending(choice.instrument.last_digits));
            }
        }
        Ok(next)
    }

    /// The buyer cancels. On the paying page this cancels the session; before, the session stays open, for the buyer
    /// may press the button again (amazon-pay 3.4). Answers where the browser goes: `checkoutCancelUrl` as the
    /// merchant gave it; else, from the paying page, the result URL; else, for a buyer who came from the shop's review
    /// page to change something, that page; else nowhere, and the page says so.
    ///
    /// # Errors
    /// `UnknownSession`, `NotOpen`, `AlreadyPaid`.
    pub fn cancel_by_buyer(&mut self, id: &str) -> Result<Option<String>, BuyerError> {
        let now = self.now;
        let session = self.unpaid_mut(id)?;
        let was_processing = session.progress == Progress::Processing;
        let was_associated = session.choice().is_some();
        if was_processing {
            session.cancel(SessionCancelReason::BuyerCanceled, now);
        }
        let web = &session.request.terms.web;
        Ok(match (&web.checkout_cancel_url, &web.checkout_review_return_url) {
            (Some(cancel_url), _) => Some(cancel_url.clone()),
            (None, _) if was_processing => result_url(session),
            (None, Some(review)) if was_associated => Some(with_session_id(review, id)),
            _ => None,
        })
    }

    /// Who stored the payment method that a session is to change; `None` where it is to change none.
    fn owner_of_stored(&self, id: &str) -> Option<&Buyer> {
        let permission_id = self.sessions.get(id)?.request.charge_permission_id.as_ref()?;
        Some(&self.permissions.get(permission_id)?.party.buyer)
    }

    pub(super) fn open_mut(&mut self, id: &str) -> Result<&mut Session, BuyerError> {
        let session = self.sessions.get_mut(id).ok_or_else(|| BuyerError::UnknownSession(id.to_owned()))?;
        if session.state == SessionState::Open { Ok(session) } else { Err(BuyerError::NotOpen(session.state.as_str())) }
    }

    pub(super) fn unpaid_mut(&mut self, id: &str) -> Result<&mut Session, BuyerError> {
        let session = self.open_mut(id)?;
        if matches!(session.progress, Progress::Paid(_)) { Err(BuyerError::AlreadyPaid) } else { Ok(session) }
    }
}

fn missing(session: &Session) -> Vec<&'static str> {
    session.constraints().into_iter().map(|constraint| constraint.id).collect()
}

fn result_url(session: &Session) -> Option<String> {
    let url = session.request.terms.web.checkout_result_return_url.as_ref()?;
    Some(with_session_id(url, &session.id))
}

impl Session {
    /// Ends the session without a payment.
    pub(super) fn cancel(&mut self, reason: SessionCancelReason, now: Millis) {
        self.state = SessionState::Canceled(reason);
        self.updated = now;
    }

    /// Whether the merchant said that it can wait for an authorization's outcome.
    pub(super) fn may_be_pending(&self) -> bool {
        let payment = &self.request.terms.payment;
        payment.payment_intent == Some(PaymentIntent::Authorize)
            && payment.can_handle_pending_authorization == Some(true)
    }

    /// What the bank sets aside when an approved buyer pays, and what is charged at Complete: the amount, unless the
    /// intent is Confirm.
    pub(super) fn reserved(&self) -> Option<Amount> {
        let terms = &self.request.terms;
        let reserves = terms.payment.payment_intent.is_some_and(|intent| intent != PaymentIntent::Confirm);
        terms.due().filter(|_| reserves)
    }

    /// The amount that the merchant must name when the session ends: what is charged, or for a consent what was said.
    pub(super) fn to_charge(&self) -> Option<Amount> {
        let said = self.request.terms.payment.charge_amount.filter(|amount| !amount.is_zero());
        self.reserved().or(said)
    }

    pub(super) fn movement(&self, kind: MovementKind, amount: Amount, at: Millis) -> Movement {
        Movement {
            at,
            kind,
            amount,
            merchant_id: self.merchant_id.clone(),
            session_id: self.id.clone(),
            charge_id: self.charge_id.clone(),
            refund_id: None,
        }
    }
}
