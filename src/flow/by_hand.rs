//! What people do about a payment: the use cases of the shop's calls, for somebody whom the console has let in.
//!
//! The console vouches for who asks and for the shops they see; everything else is judged as it is for the shop itself:
//! whether the shop is switched on and may make this call, whether the transaction's state and amounts allow it. A person
//! decides by what a page showed, and that may have passed: so whoever acts names the version that they saw, and nothing is
//! done on top of another one. That is also what makes a form that is sent twice do its work once: the first one's outcome
//! is a new version, and while it is under way nobody else gets in.

use std::sync::Arc;

use super::gate::contract;
use super::{Gateway, Refusal, Shop};
use crate::domain::{AccessId, ChargePermissionId, Money, ShopId, State, Transaction};
use crate::protocol::{AmountReply, Call, CancelReply, ChargePermissionReply, ClosedReply};
use crate::store::{Resend, Resent, StoreError};

/// A transaction as a person saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub access_id: AccessId,
    /// Its version on the page.
    pub version: i64,
}

/// Why nothing was done by hand, or why it is not known whether anything was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ByHandError {
    /// It stands otherwise than the person saw.
    #[error("the transaction has changed since it was shown")]
    Changed,
    /// The shop is not in shops.toml.
    #[error("the shop is not in shops.toml")]
    ShopMissing,
    /// As the shop would be told.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<StoreError> for ByHandError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// What a transaction's state allows. Amazon may still refuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Possible {
    /// So much may be captured.
    pub sales: Option<Money>,
    /// The authorisation may be let go, as a whole.
    pub cancel: Option<Money>,
    /// So much may be given back.
    pub refund: Option<Money>,
    /// The amounts may be changed: from these.
    pub change: Option<Money>,
}

impl Possible {
    /// Of this transaction.
    pub fn of(transaction: &Transaction) -> Self {
        let money = Some(transaction.money);
        match &transaction.state {
            State::Auth(_) => Self { sales: money, cancel: money, change: money, refund: None },
            State::Sales(payment) | State::Capture(payment) if payment.refund.is_none() => {
                Self { refund: money, change: money, ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

impl Gateway {
    /// AmazonpaySales by hand.
    ///
    /// # Errors
    /// [`ByHandError`]; see [`Gateway::sales`].
    pub async fn sales_by_hand(&self, seen: Seen, money: Money) -> Result<AmountReply, ByHandError> {
        let (shop, transaction) = self.as_seen(Call::Sales, &seen).await?;
        Ok(self.sell(&shop, &transaction, Some(money)).await?)
    }

    /// AmazonpayCancel by hand: an authorisation as a whole, or captured money.
    ///
    /// # Errors
    /// [`ByHandError`]; see [`Gateway::cancel`].
    pub async fn cancel_by_hand(&self, seen: Seen, money: Money) -> Result<CancelReply, ByHandError> {
        let (shop, transaction) = self.as_seen(Call::Cancel, &seen).await?;
        Ok(self.give_back(&shop, &transaction, money).await?)
    }

    /// AmazonpayChange by hand.
    ///
    /// # Errors
    /// [`ByHandError`]; see [`Gateway::change`].
    pub async fn change_by_hand(&self, seen: Seen, money: Money) -> Result<AmountReply, ByHandError> {
        let (shop, transaction) = self.as_seen(Call::Change, &seen).await?;
        Ok(self.change_to(&shop, &transaction, Some(money)).await?)
    }

    /// SearchChargePermissionAmazonpay by hand: what Amazon says of a shop's permission now.
    ///
    /// # Errors
    /// [`ByHandError`]; a permission of another shop is unknown to this one.
    pub async fn permission_by_hand(
        &self,
        shop: &ShopId,
        permission: ChargePermissionId,
    ) -> Result<ChargePermissionReply, ByHandError> {
        let shop = self.shop_by_hand(Call::SearchChargePermission, shop)?;
        Ok(self.permission_of(&shop, permission).await?)
    }

    /// CloseChargePermissionAmazonpay by hand. Once closed it stays so: done twice, the second is told that it is.
    ///
    /// # Errors
    /// [`ByHandError`]; a permission of another shop is unknown to this one.
    pub async fn close_by_hand(
        &self,
        shop: &ShopId,
        permission: ChargePermissionId,
    ) -> Result<ClosedReply, ByHandError> {
        let shop = self.shop_by_hand(Call::CloseChargePermission, shop)?;
        Ok(self.close_permission(&shop, permission).await?)
    }

    /// Sends notifications again, at most `limit`; wakes the notifier.
    ///
    /// # Errors
    /// The database failed.
    pub async fn resend_by_hand(&self, what: Resend, limit: u32) -> Result<Vec<Resent>, StoreError> {
        let resent = self.parts.store.resend(what, self.parts.clock.now(), limit).await?;
        if !resent.is_empty() {
            self.parts.notifier.wake();
        }
        Ok(resent)
    }

    async fn as_seen(&self, call: Call, seen: &Seen) -> Result<(Arc<Shop>, Transaction), ByHandError> {
        let transaction = self.parts.store.transaction(&seen.access_id).await?.ok_or(Refusal::TransactionUnknown)?;
        let shop = self.shop_by_hand(call, &transaction.shop_id)?;
        if transaction.version != seen.version {
            return Err(ByHandError::Changed);
        }
        Ok((shop, transaction))
    }

    fn shop_by_hand(&self, call: Call, shop: &ShopId) -> Result<Arc<Shop>, ByHandError> {
        let shop = self.parts.shops.get(shop).ok_or(ByHandError::ShopMissing)?;
        contract(&shop, call)?;
        Ok(shop)
    }
}
