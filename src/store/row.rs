//! A transaction as columns, and back. Used by every engine.

use serde::Serialize;

use super::StoreError;
use crate::domain::transaction::{
    AmazonPayment, Departure, Exec, Failure, Handover, PendingCharge, Refund, Settled, Ticket,
};
use crate::domain::{
    AccessId, AmazonpayType, ChargeId, ChargePermissionId, CheckoutSessionId, Frequency, FrequencyUnit, JobCd, Millis,
    Money, OrderId, PaymentType, RefundId, ShopId, State, Status, Transaction, Way, Yen,
};

/// The columns of `transactions`, by their names.
#[derive(Debug, Clone, Default, Serialize, sqlx::FromRow)]
pub(super) struct TransactionRow {
    pub access_id: String,
    pub key_id: String,
    pub shop_id: String,
    pub order_id: String,
    pub version: i64,
    pub status: String,
    pub job_cd: String,
    pub amount: i64,
    pub tax: i64,
    pub amazonpay_type: String,
    pub payment_type: Option<String>,
    pub created_at: i64,
    pub processed_at: i64,
    pub look_at: Option<i64>,
    pub way: Option<String>,
    pub checkout_session_id: Option<String>,
    pub exec_permission_id: Option<String>,
    pub frequency_unit: Option<String>,
    pub frequency_value: Option<i64>,
    pub ret_url: Option<String>,
    pub description: Option<String>,
    pub client_field1: Option<String>,
    pub client_field2: Option<String>,
    pub client_field3: Option<String>,
    pub start_token_sha256: Option<String>,
    pub start_limit_at: Option<i64>,
    pub amazon_url: Option<String>,
    pub amazon_payload: Option<String>,
    pub charge_permission_id: Option<String>,
    pub charge_id: Option<String>,
    pub authorized_at: Option<i64>,
    pub captured_at: Option<i64>,
    pub sale_amount: Option<i64>,
    pub sale_tax: Option<i64>,
    pub cancel_amount: i64,
    pub cancel_tax: i64,
    pub refund_from: Option<String>,
    pub refund_id: Option<String>,
    pub refund_amount: Option<i64>,
    pub refund_tax: Option<i64>,
    pub err_info: Option<String>,
}

impl From<&Transaction> for TransactionRow {
    fn from(tx: &Transaction) -> Self {
        let mut row = Self {
            access_id: tx.access_id.as_str().to_owned(),
            key_id: tx.key_id.clone(),
            shop_id: tx.shop_id.as_str().to_owned(),
            order_id: tx.order_id.as_str().to_owned(),
            version: tx.version,
            status: tx.status().wire().to_owned(),
            job_cd: tx.job.wire().to_owned(),
            amount: tx.money.amount.get(),
            tax: tx.money.tax.get(),
            amazonpay_type: tx.amazonpay_type.wire().to_owned(),
            payment_type: tx.payment_type.map(|kind| kind.wire().to_owned()),
            created_at: tx.created_at.0,
            processed_at: tx.processed_at.0,
            look_at: tx.state.look_at().map(|at| at.0),
            charge_permission_id: tx.charge_permission().map(|id| id.as_str().to_owned()),
            err_info: tx.failure().map(|failure| failure.err_info.clone()),
            ..Self::default()
        };
        if let Some(exec) = &tx.exec {
            row.write_exec(exec);
        }
        row.write_state(&tx.state);
        row
    }
}

impl TransactionRow {
    fn write_exec(&mut self, exec: &Exec) {
        self.way = Some(exec.way.wire().to_owned());
        self.checkout_session_id = exec.session.as_ref().map(|id| id.as_str().to_owned());
        self.exec_permission_id = exec.permission.as_ref().map(|id| id.as_str().to_owned());
        self.frequency_unit = exec.frequency.map(|it| it.unit.wire().to_owned());
        self.frequency_value = exec.frequency.map(|it| i64::from(it.value));
        self.ret_url.clone_from(&exec.ret_url);
        self.description.clone_from(&exec.description);
        let [one, two, three] = exec.client_fields.clone();
        (self.client_field1, self.client_field2, self.client_field3) = (one, two, three);
    }

    fn write_state(&mut self, state: &State) {
        if let State::ReqSuccess(ticket) = state {
            self.start_token_sha256 = Some(ticket.token_sha256.clone());
            self.start_limit_at = Some(ticket.limit_at.0);
            match &ticket.departure {
                Departure::Url(url) => self.amazon_url = Some(url.clone()),
                Departure::Payload(payload) => self.amazon_payload = Some(payload.clone()),
            }
        }
        if let State::Expired { token_sha256, .. } = state {
            self.start_token_sha256.clone_from(token_sha256);
        }
        self.charge_id = state.pending_charge().map(|pending| pending.charge.as_str().to_owned());
        if let Some(payment) = state.payment() {
            self.charge_id = Some(payment.charge.as_str().to_owned());
            self.authorized_at = Some(payment.authorized_at.0);
            self.captured_at = payment.captured_at.map(|at| at.0);
            self.cancel_amount = payment.cancelled.amount.get();
            self.cancel_tax = payment.cancelled.tax.get();
            if let Some(refund) = &payment.refund {
                self.refund_id = Some(refund.id.as_str().to_owned());
                self.refund_amount = Some(refund.money.amount.get());
                self.refund_tax = Some(refund.money.tax.get());
            }
        }
        if let State::Selling { money, .. } = state {
            self.sale_amount = Some(money.amount.get());
            self.sale_tax = Some(money.tax.get());
        }
        if let State::ReqReturn { from, .. } = state {
            self.refund_from = Some(settled_word(*from).to_owned());
        }
    }

    /// The transaction that this row says.
    pub(super) fn read(self) -> Result<Transaction, StoreError> {
        let access_id = self.access_id.clone();
        self.try_read().ok_or_else(|| StoreError(format!("the row of transaction {access_id} contradicts itself")))
    }

    fn try_read(self) -> Option<Transaction> {
        Some(Transaction {
            access_id: AccessId::new(self.access_id.clone()).ok()?,
            key_id: self.key_id.clone(),
            shop_id: ShopId::new(self.shop_id.clone()).ok()?,
            order_id: OrderId::new(self.order_id.clone()).ok()?,
            job: JobCd::parse(&self.job_cd)?,
            money: money(self.amount, self.tax)?,
            amazonpay_type: AmazonpayType::parse(&self.amazonpay_type)?,
            payment_type: match &self.payment_type {
                Some(kind) => Some(PaymentType::parse(kind)?),
                None => None,
            },
            created_at: Millis(self.created_at),
            processed_at: Millis(self.processed_at),
            version: self.version,
            exec: match self.way.as_deref() {
                Some(way) => Some(self.exec(Way::parse(way)?)?),
                None => None,
            },
            state: self.state()?,
        })
    }

    fn exec(&self, way: Way) -> Option<Exec> {
        Some(Exec {
            way,
            session: optional(self.checkout_session_id.clone(), |id| CheckoutSessionId::new(id).ok())?,
            permission: optional(self.exec_permission_id.clone(), |id| ChargePermissionId::new(id).ok())?,
            frequency: match (&self.frequency_unit, self.frequency_value) {
                (Some(unit), Some(value)) => {
                    Some(Frequency { unit: FrequencyUnit::parse(unit)?, value: u16::try_from(value).ok()? })
                }
                _ => None,
            },
            ret_url: self.ret_url.clone(),
            description: self.description.clone(),
            client_fields: [self.client_field1.clone(), self.client_field2.clone(), self.client_field3.clone()],
        })
    }

    fn state(&self) -> Option<State> {
        Some(match Status::parse(&self.status)? {
            Status::Unprocessed => State::Unprocessed,
            Status::ReqSuccess => State::ReqSuccess(Ticket {
                token_sha256: self.start_token_sha256.clone()?,
                limit_at: Millis(self.start_limit_at?),
                departure: match (&self.amazon_url, &self.amazon_payload) {
                    (Some(url), None) => Departure::Url(url.clone()),
                    (None, Some(payload)) => Departure::Payload(payload.clone()),
                    _ => return None,
                },
                charge: self.pending_charge()?,
            }),
            Status::AuthProcess => {
                State::AuthProcess(Handover { look_at: Millis(self.look_at?), charge: self.pending_charge()? })
            }
            Status::Auth => match (self.sale_amount, self.sale_tax) {
                (Some(amount), Some(tax)) => State::Selling {
                    payment: self.payment()?,
                    money: money(amount, tax)?,
                    look_at: Millis(self.look_at?),
                },
                _ => State::Auth(self.payment()?),
            },
            Status::Sales => State::Sales(self.payment()?),
            Status::Capture => State::Capture(self.payment()?),
            Status::Cancel => State::Cancel(self.payment()?),
            Status::ReqReturn => State::ReqReturn {
                payment: self.payment()?,
                from: if self.refund_from.as_deref()? == "SALES" { Settled::Sales } else { Settled::Capture },
            },
            Status::Return => State::Return(self.payment()?),
            Status::PayFail => State::PayFail(self.failure()?),
            Status::Expired => {
                State::Expired { failure: self.failure()?, token_sha256: self.start_token_sha256.clone() }
            }
            Status::Register => State::Register(self.permission()?),
            Status::End => State::End(self.permission()?),
        })
    }

    fn payment(&self) -> Option<AmazonPayment> {
        Some(AmazonPayment {
            permission: self.permission()?,
            charge: ChargeId::new(self.charge_id.clone()?).ok()?,
            authorized_at: Millis(self.authorized_at?),
            captured_at: self.captured_at.map(Millis),
            cancelled: money(self.cancel_amount, self.cancel_tax)?,
            refund: match self.refund_id.clone() {
                Some(id) => Some(Refund {
                    id: RefundId::new(id).ok()?,
                    money: money(self.refund_amount?, self.refund_tax?)?,
                    look_at: Millis(self.look_at?),
                }),
                None => None,
            },
        })
    }

    /// The charge of a transaction that waits for Amazon.
    #[expect(clippy::option_option, reason = "the outer one is a fault, the inner one an empty column")]
    fn pending_charge(&self) -> Option<Option<PendingCharge>> {
        match self.charge_id.clone() {
            None => Some(None),
            Some(id) => {
                let charge = ChargeId::new(id).ok()?;
                Some(Some(PendingCharge { permission: self.permission()?, charge }))
            }
        }
    }

    fn permission(&self) -> Option<ChargePermissionId> {
        ChargePermissionId::new(self.charge_permission_id.clone()?).ok()
    }

    fn failure(&self) -> Option<Failure> {
        Some(Failure { err_info: self.err_info.clone()? })
    }
}

fn money(amount: i64, tax: i64) -> Option<Money> {
    Money::new(Yen::new(amount)?, Yen::new(tax)?)
}

/// What `read` makes of a column that may be empty; `None` where it is full and makes no sense.
#[expect(clippy::option_option, reason = "the outer one is a fault, the inner one an empty column")]
fn optional<T>(column: Option<String>, read: impl Fn(String) -> Option<T>) -> Option<Option<T>> {
    match column {
        None => Some(None),
        Some(text) => read(text).map(Some),
    }
}

fn settled_word(from: Settled) -> &'static str {
    match from {
        Settled::Sales => "SALES",
        Settled::Capture => "CAPTURE",
    }
}
