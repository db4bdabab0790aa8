//! The second factor (amazon-pay 3.4): what card 8006 does to a payment.
//!
//! On Amazon's own pages the buyer is asked between "pay" and the shop's result page. Where a payment service provider
//! charges a permission of the on-page script, nobody at Amazon's is looking: Create Charge is refused with
//! `MFANotCompleted` and notes the request's `checkoutResultReturnUrl`; the buyer proves themselves at
//! `amazonPayMFAReturnUrl`, goes to the noted address, and the next Create Charge passes. The permission stays
//! Chargeable in between, and is NonChargeable (`MFAFailed`) once the buyer could not prove it. Ours: nothing public
//! says how Amazon does it.

use super::charging::ChargeRequest;
use super::checkout::BuyerError;
use super::session::{Progress, SessionState, with_session_id};
use super::talk::{Ask, Mfa, Turn};
use super::words::PermissionReason;
use super::{Choice, Ledger};
use crate::sandbox::buyers::CardEffect;

/// What the buyer says to the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// The code is right.
    Right,
    /// The buyer has no code.
    Missing,
}

impl Ledger {
    /// Whether the bank waits for this checkout's buyer.
    pub fn mfa_demanded(&self, id: &str) -> bool {
        if self.on_page.get(id).is_some_and(|on_page| on_page.processor.is_some()) {
            return self.on_page.get(id).is_some_and(|on_page| matches!(on_page.mfa, Mfa::Demanded(_)));
        }
        self.sessions.get(id).is_some_and(|session| {
            session.state == SessionState::Open
                && session.progress == Progress::Processing
                && session.choice().map(Choice::effect) == Some(CardEffect::AsksMfa)
        })
    }

    /// The buyer answers the bank. Says where the browser goes: on with the payment, or back to the paying page.
    ///
    /// # Errors
    /// `UnknownSession`; `NotProcessing` where nobody is asking; as [`Ledger::pay`].
    pub fn answer_mfa(&mut self, id: &str, factor: Factor) -> Result<String, BuyerError> {
        if !self.mfa_demanded(id) {
            return Err(if self.sessions.contains_key(id) {
                BuyerError::NotProcessing
            } else {
                BuyerError::UnknownSession(id.to_owned())
            });
        }
        let here = |ledger: &Self, page: &str| with_session_id(&format!("{}/checkout/{page}", ledger.base_url), id);
        let Some(on_page) = self.on_page.get_mut(id) else {
            return match factor {
                Factor::Right => self.pay_proven(id),
                Factor::Missing => Ok(format!("{}&trouble=mfa", here(self, "processing"))),
            };
        };
        let Mfa::Demanded(return_url) = &on_page.mfa else {
            if factor == Factor::Right {
                self.pay_proven(id)?;
                self.on_page_mut(id)?.turn = Turn::Shop(Ask::Complete);
            }
            return Ok(here(self, "on-page"));
        };
        let next = return_url.clone();
        on_page.mfa = if factor == Factor::Right { Mfa::Proven } else { Mfa::Failed };
        let permission_id = self.sessions.get(id).and_then(|session| session.charge_permission_id.clone());
        if let (Factor::Missing, Some(permission_id)) = (factor, permission_id) {
            // A permission that was closed in the meantime stays as it is.
            let _ = self.befall(&permission_id, PermissionReason::MFAFailed);
        }
        Ok(next.unwrap_or_else(|| here(self, "on-page")))
    }

    /// Whether the bank wants to hear from the buyer before this charge; notes where the buyer goes afterwards.
    pub(super) fn demands_mfa(&mut self, request: &ChargeRequest) -> bool {
        let Some(permission) = self.permissions.get(&request.permission_id) else { return false };
        let effect = permission.party.choice.as_ref().map(Choice::effect);
        let Some(on_page) = self.on_page.get_mut(&permission.session_id) else { return false };
        let demands = effect == Some(CardEffect::AsksMfa) && on_page.processor.is_some() && on_page.mfa != Mfa::Proven;
        if demands {
            on_page.mfa = Mfa::Demanded(request.checkout_result_return_url.clone());
        }
        demands
    }
}
