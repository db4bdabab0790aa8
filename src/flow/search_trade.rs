//! SearchTradeMulti: what the book says of an order (psp-protocol 5.10).

use super::{Gateway, Refusal};
use crate::domain::access::access_pass;
use crate::protocol::{Call, Reading, SearchTradeMulti, TradeReply};

impl Gateway {
    /// Answers a transaction of the shop's own, its AccessPass included.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn search_trade_multi(&self, reading: Reading<SearchTradeMulti>) -> Result<TradeReply, Refusal> {
        let (_, transaction) = self.admit_to_order(Call::SearchTradeMulti, reading).await?;
        let cancelled = transaction.state.payment().map(|payment| payment.cancelled);
        Ok(TradeReply {
            status: transaction.status(),
            process_date: transaction.processed_at,
            job: transaction.job,
            access_pass: access_pass(&self.parts.deployment_key, &transaction.access_id),
            amount: transaction.money.amount,
            tax: transaction.money.tax,
            client_fields: transaction.exec.as_ref().map(|exec| exec.client_fields.clone()).unwrap_or_default(),
            cancel_amount: cancelled.map(|money| money.amount),
            cancel_tax: cancelled.map(|money| money.tax),
            charge_permission_id: transaction.charge_permission().cloned(),
            access_id: transaction.access_id,
        })
    }
}
