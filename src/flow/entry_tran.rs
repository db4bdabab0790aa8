//! EntryTranAmazonpay: one row in the book, nothing at Amazon (psp-protocol 5.1).

use super::{Gateway, Refusal};
use crate::domain::access::access_pass;
use crate::domain::{AccessId, Money, State, Transaction, random_hex};
use crate::protocol::{Call, EntryTran, EntryTranReply, Reading};
use crate::store::Change;

impl Gateway {
    /// Enters a transaction and names it.
    ///
    /// # Errors
    /// [`Refusal`]; an OrderID that this shop has used before, whatever became of it, is refused.
    pub async fn entry_tran(&self, reading: Reading<EntryTran>) -> Result<EntryTranReply, Refusal> {
        let admitted = self.admit(Call::EntryTran, reading)?;
        let request = admitted.request;
        let now = self.parts.clock.now();
        let access_id = AccessId::new(random_hex::<16>(&*self.parts.rng))
            .map_err(|_| Refusal::Internal("the new AccessID is malformed"))?;
        let money = Money::new(request.amount, request.tax).ok_or(Refusal::Internal("the total is out of range"))?;
        let transaction = Transaction {
            access_id: access_id.clone(),
            key_id: self.parts.deployment_key.id.clone(),
            shop_id: admitted.shop.id.clone(),
            order_id: request.order_id,
            job: request.job,
            money,
            amazonpay_type: request.amazonpay_type,
            payment_type: request.payment_type,
            created_at: now,
            processed_at: now,
            version: 1,
            exec: None,
            state: State::Unprocessed,
        };
        self.parts.store.apply(Change::entered(transaction)).await?;
        let access_pass = access_pass(&self.parts.deployment_key, &access_id);
        Ok(EntryTranReply { access_id, access_pass })
    }
}
