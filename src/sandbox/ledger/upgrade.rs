//! An order becomes a subscription after the checkout (amazon-pay 3.1).

use super::session::SessionRequest;
use super::words::PermissionType;
use super::{Choice, Ledger, Party};
use crate::sandbox::error::{ApiError, ReasonCode};

impl Ledger {
    /// Opens a session in which the buyer of an order consents to a subscription with the same card. Answers its id.
    ///
    /// # Errors
    /// `ResourceNotFound` for a permission that is not the merchant's; `InvalidParameterCombination` unless it is a
    /// `OneTime` one and the session's a `Recurring` one that is paid without a review; as
    /// [`Ledger::create_session`].
    pub fn open_upgrade(
        &mut self,
        merchant_id: &str,
        permission_id: &str,
        request: SessionRequest,
    ) -> Result<String, ApiError> {
        let permission = self.charge_permission_of(merchant_id, permission_id)?;
        let refuse = |why: &str| Err(ApiError::new(ReasonCode::InvalidParameterCombination, why));
        if permission.permission_type != PermissionType::OneTime {
            return refuse("chargePermissionId is not that of a OneTime charge permission");
        }
        if request.terms.permission_type() != PermissionType::Recurring || !request.terms.is_process_order() {
            return refuse("an upgrade needs chargePermissionType Recurring and checkoutMode ProcessOrder");
        }
        let instrument = permission.party.choice.as_ref().map(|choice| choice.instrument);
        let buyer = permission.party.buyer.clone();
        let choice = instrument.map(|instrument| Choice { addresses: Vec::new(), instrument });
        let session = self.create_session(merchant_id, request)?;
        if let Some(session) = self.sessions.get_mut(&session.id) {
            session.party = Some(Party { buyer, choice });
        }
        Ok(session.id)
    }
}
