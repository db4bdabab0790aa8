//! Endpoints and undelivered messages as rows of the data file, and back. What has arrived or was given up is not kept.
//!
//! A message is kept unsigned: the sandbox that goes on with it after a restart has another key, and perhaps another
//! address. Its ids and its date stay the same. One that was under way is sent again, for nobody knows whether it arrived;
//! one that was held back to be sent in another order is let go.

use serde::{Deserialize, Serialize};

use super::envelope::{Message, Sender};
use super::outbox::{Changed, Delivery, Outbox, Outcome, Standing};
use crate::domain::Millis;
use crate::sandbox::held::Held;
use crate::sandbox::ledger::{Changes, KeptError, Row, Tracked};
use crate::sandbox::{Sandbox, locked};

/// What rows are called in a data file, for ever.
const ENDPOINT: &str = "ipn-endpoint";
const MESSAGE: &str = "ipn-message";

#[derive(Serialize, Deserialize)]
struct Kept {
    message: Message,
    standing: Standing,
    attempts: Vec<(Millis, Outcome)>,
}

impl Sandbox {
    /// Keep the guard for one step and never across an `await`; everybody else waits.
    pub(super) fn outbox(&self) -> Held<'_, Outbox> {
        Held::of(self, &self.ipn.outbox)
    }

    /// Puts an endpoint or a message back that was kept; `false` where the row is neither.
    pub(in crate::sandbox) fn put_back_ipn(&self, row: &Row) -> Result<bool, KeptError> {
        let put = locked(&self.ipn.outbox).put_back(row);
        put.map_err(|source| KeptError::unreadable(row, source))
    }

    /// After the last row was put back: signs the messages anew. What was under way is due now.
    pub(in crate::sandbox) fn resume_ipn(&self) {
        if locked(&self.ipn.outbox).deliveries.is_empty() {
            return;
        }
        if let Some(signer) = self.ipn.signer(self) {
            let sender = Sender { base_url: self.base_url(), signer };
            locked(&self.ipn.outbox).resume(&sender, self.now());
        }
    }
}

impl Tracked for Outbox {
    fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        let Changed { endpoints, mut deliveries } = std::mem::take(&mut self.changed);
        for merchant_id in endpoints {
            // These plain types always become JSON; one that did not would only not be kept.
            match self.endpoints.get(&merchant_id).and_then(|endpoint| serde_json::to_string(endpoint).ok()) {
                Some(body) => changes.rows.push(Row { kind: ENDPOINT.to_owned(), id: merchant_id, body }),
                None => changes.gone.push((ENDPOINT.to_owned(), merchant_id)),
            }
        }
        if deliveries.is_empty() {
            return changes;
        }
        for Delivery { number, message, standing, attempts, .. } in &self.deliveries {
            if standing.is_over() || !deliveries.remove(number) {
                continue;
            }
            let kept = Kept { message: message.clone(), standing: *standing, attempts: attempts.clone() };
            let row = |body| Row { kind: MESSAGE.to_owned(), id: number.to_string(), body };
            changes.rows.extend(serde_json::to_string(&kept).ok().map(row));
        }
        changes.gone.extend(deliveries.into_iter().map(|number| (MESSAGE.to_owned(), number.to_string())));
        changes
    }

    fn forget_changes(&mut self) {
        self.changed = Changed::default();
    }
}

impl Outbox {
    fn put_back(&mut self, row: &Row) -> Result<bool, serde_json::Error> {
        match row.kind.as_str() {
            ENDPOINT => {
                self.endpoints.insert(row.id.clone(), serde_json::from_str(&row.body)?);
            }
            MESSAGE => {
                let number: u64 = row.id.parse().map_err(serde::de::Error::custom)?;
                let Kept { message, standing, attempts } = serde_json::from_str(&row.body)?;
                self.numbered = self.numbered.max(number);
                self.deliveries.push_back(Delivery { number, message, text: String::new(), standing, attempts });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn resume(&mut self, sender: &Sender<'_>, now: Millis) {
        for delivery in &mut self.deliveries {
            let endpoint = self.endpoints.get(&delivery.message.merchant_id);
            let subscription = endpoint.map_or("", |endpoint| &endpoint.subscription);
            delivery.text = delivery.message.sealed(sender, subscription).unwrap_or_default();
            if !matches!(delivery.standing, Standing::Waiting(_)) {
                delivery.standing = Standing::Waiting(now);
            }
        }
    }
}
