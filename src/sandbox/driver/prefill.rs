//! What a page proposes: the newest object on which its operation works right now, and a body with the amounts that are
//! left. The ledger is only looked at.

use serde_json::{Value, json};

use super::operation::{Object, Page, Words};
use crate::sandbox::Merchant;
use crate::sandbox::api::Operation;
use crate::sandbox::ledger::{
    Amount, Charge, ChargePermission, ChargeState, Currency, Ledger, PaymentIntent, PermissionState, PermissionType,
    Progress, RefundState, Session, SessionState,
};

/// Of which the first session charges a third at once.
const ORDER_TOTAL_MINOR: i64 = 3_000;
const FIRST_CHARGE_MINOR: i64 = 1_000;
/// `merchantStoreName`'s most (amazon-pay 2.2).
const STORE_NAME_CHARS_MAX: usize = 50;

/// The values of a page.
#[derive(Debug, Default)]
pub(super) struct Proposal {
    /// Of the object; empty where there is none.
    pub(super) id: String,
    /// JSON with its lines broken; empty where the operation has no body.
    pub(super) body: String,
    /// Why it will not work yet, and the page to go to first.
    pub(super) lack: Option<(Words, &'static str)>,
}

/// Looks for what a merchant has.
pub(super) struct Proposer<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) merchant: &'a Merchant,
    pub(super) base_url: &'a str,
}

impl Proposer<'_> {
    /// What `page` shows. `wanted` is the id of the object to act on; where it is empty, one is chosen.
    pub(super) fn propose(&self, page: &Page, wanted: &str) -> Proposal {
        let (id, mut body, fits) = match page.object {
            Object::Nothing => (String::new(), self.new_session(), true),
            Object::Session => {
                let (found, fits) = self.session(page.operation, wanted);
                (found.map(|session| session.id.clone()), self.about_session(page.operation, found), fits).told(wanted)
            }
            Object::Permission => {
                let (found, fits) = self.permission(page.operation, wanted);
                let id = found.map(|permission| permission.id.clone());
                (id, self.about_permission(page.operation, found), fits).told(wanted)
            }
            Object::Charge => {
                let (found, fits) = self.charge(page.operation, wanted);
                (found.map(|charge| charge.id.clone()), self.about_charge(page.operation, found), fits).told(wanted)
            }
            Object::Refund => {
                let mine = self.ledger.refunds().filter(|refund| refund.merchant_id == self.merchant.merchant_id);
                let found = choose(mine, wanted, |refund| &refund.id, |_| true);
                (found.0.map(|refund| refund.id.clone()), Value::Null, found.1).told(wanted)
            }
        };
        // An id that nobody knows stands in the body as it was asked for: the API shall say so.
        if !page.has_path_parameter() && body.get(page.object.id_name()).is_some() {
            body[page.object.id_name()] = json!(id);
        }
        let body = if page.has_body { serde_json::to_string_pretty(&body).unwrap_or_default() } else { String::new() };
        Proposal { id, body, lack: (!fits).then(|| lack(page.operation)) }
    }

    /// The newest session of the merchant's, or the wanted one.
    pub(super) fn session(&self, operation: Operation, wanted: &str) -> (Option<&Session>, bool) {
        let mine = self.ledger.sessions().filter(|session| session.merchant_id == self.merchant.merchant_id);
        choose(
            mine,
            wanted,
            |session| &session.id,
            |session| {
                let is_open = session.state == SessionState::Open;
                match operation {
                    Operation::UpdateCheckoutSession => is_open && session.progress == Progress::Choosing,
                    Operation::CompleteCheckoutSession => is_open && matches!(session.progress, Progress::Paid(_)),
                    _ => true,
                }
            },
        )
    }

    fn permission(&self, operation: Operation, wanted: &str) -> (Option<&ChargePermission>, bool) {
        let all = self.ledger.charge_permissions();
        let mine = all.filter(|permission| permission.merchant_id == self.merchant.merchant_id);
        choose(
            mine,
            wanted,
            |permission| &permission.id,
            |permission| match operation {
                Operation::GetChargePermission => true,
                Operation::CreateCharge => {
                    let standing = self.ledger.standing(permission);
                    standing.state == PermissionState::Chargeable && !standing.balance.is_zero()
                }
                _ => permission.closed.is_none(),
            },
        )
    }

    fn charge(&self, operation: Operation, wanted: &str) -> (Option<&Charge>, bool) {
        let mine = self.ledger.charges().filter(|charge| charge.merchant_id == self.merchant.merchant_id);
        choose(
            mine,
            wanted,
            |charge| &charge.id,
            |charge| match operation {
                Operation::CaptureCharge => charge.state == ChargeState::Authorized,
                Operation::CancelCharge => {
                    matches!(charge.state, ChargeState::Authorized | ChargeState::AuthorizationInitiated)
                }
                Operation::CreateRefund => charge.state == ChargeState::Captured && !self.refundable(charge).is_zero(),
                _ => true,
            },
        )
    }

    /// What was captured, less what was given back or is on its way.
    fn refundable(&self, charge: &Charge) -> Amount {
        let captured = charge.captured.unwrap_or(charge.amount);
        let of_this = |id: &String| self.ledger.refund_of(&charge.merchant_id, id).ok();
        let counting = charge.refund_ids.iter().filter_map(of_this).filter(|it| it.state != RefundState::Declined);
        let given_back: i64 = counting.map(|refund| refund.amount.yen()).sum();
        let currency = captured.currency();
        Amount::of(currency, captured.yen() - given_back).unwrap_or(Amount::zero(currency))
    }

    fn new_session(&self) -> Value {
        let store_id = self.merchant.store_ids.first();
        json!({
            "webCheckoutDetails": {
                "checkoutReviewReturnUrl": self.return_url(),
                "checkoutResultReturnUrl": self.return_url(),
            },
            "storeId": store_id,
            "chargePermissionType": PermissionType::OneTime.as_str(),
            "scopes": ["name", "email", "phoneNumber", "shippingAddress", "billingAddress"],
        })
    }

    /// What a button's payload says: the same, for a button makes a session.
    pub(super) fn payload(&self) -> String {
        serde_json::to_string_pretty(&self.new_session()).unwrap_or_default()
    }

    /// Where the buyer comes back to, before and after paying.
    fn return_url(&self) -> String {
        format!("{}/driver/resultPage", self.base_url)
    }

    fn about_session(&self, operation: Operation, session: Option<&Session>) -> Value {
        let payment = session.map(|session| &session.request.terms.payment);
        let total = payment.and_then(|payment| payment.total_order_amount);
        match operation {
            Operation::UpdateCheckoutSession => {
                let currency = self.merchant.ledger_currency;
                let named = session.and_then(|session| session.request.terms.due());
                let mut body = json!({
                    "webCheckoutDetails": {"checkoutResultReturnUrl": self.return_url()},
                    "paymentDetails": {
                        "paymentIntent": PaymentIntent::Authorize.as_str(),
                        "canHandlePendingAuthorization": false,
                        "chargeAmount": price(named.unwrap_or(minor(currency, FIRST_CHARGE_MINOR))),
                    },
                    "merchantMetadata": self.metadata("DRIVER-00000001"),
                });
                // A total beyond the first charge leaves something for Create Charge; only an order has one.
                if session.is_none_or(|session| session.request.terms.permission_type() == PermissionType::OneTime) {
                    let total = total.or(named).unwrap_or(minor(currency, ORDER_TOTAL_MINOR));
                    body["paymentDetails"]["totalOrderAmount"] = price(total);
                }
                body
            }
            Operation::CompleteCheckoutSession => {
                let mut body = json!({});
                let amounts = [("chargeAmount", session.and_then(to_charge)), ("totalOrderAmount", total)];
                for (name, amount) in amounts {
                    if let Some(amount) = amount {
                        body[name] = price(amount);
                    }
                }
                body
            }
            _ => Value::Null,
        }
    }

    fn about_permission(&self, operation: Operation, permission: Option<&ChargePermission>) -> Value {
        let currency = self.merchant.ledger_currency;
        match operation {
            Operation::CreateCharge => {
                let balance = permission.map(|permission| self.ledger.standing(permission).balance);
                let of_period = permission.and_then(|permission| permission.recurring.as_ref()?.amount);
                let left = balance.filter(|balance| !balance.is_zero()).unwrap_or(minor(currency, FIRST_CHARGE_MINOR));
                let mut body = json!({
                    "chargePermissionId": permission.map(|permission| &permission.id),
                    "chargeAmount": price(of_period.map_or(left, |amount| amount.min(left))),
                    "captureNow": false,
                    "canHandlePendingAuthorization": false,
                });
                if permission.is_some_and(|it| it.permission_type == PermissionType::PaymentMethodOnFile) {
                    body["chargeInitiator"] = json!("CITU");
                    body["channel"] = json!("Web");
                }
                body
            }
            Operation::UpdateChargePermission => json!({"merchantMetadata": self.metadata("DRIVER-00000002")}),
            Operation::CloseChargePermission => {
                let is_open = |id: &String| {
                    let charge = self.ledger.charge_of(&self.merchant.merchant_id, id);
                    charge.is_ok_and(Charge::is_open)
                };
                let has_open = permission.is_some_and(|permission| permission.charge_ids.iter().any(is_open));
                json!({"closureReason": "No more charges required", "cancelPendingCharges": has_open})
            }
            _ => Value::Null,
        }
    }

    fn about_charge(&self, operation: Operation, charge: Option<&Charge>) -> Value {
        let or_some =
            |amount: Option<Amount>| price(amount.unwrap_or(minor(self.merchant.ledger_currency, FIRST_CHARGE_MINOR)));
        match operation {
            Operation::CaptureCharge => json!({"captureAmount": or_some(charge.map(|charge| charge.amount))}),
            Operation::CancelCharge => json!({"cancellationReason": "Out of stock"}),
            Operation::CreateRefund => {
                let left = charge.map(|charge| self.refundable(charge)).filter(|left| !left.is_zero());
                json!({"chargeId": charge.map(|charge| &charge.id), "refundAmount": or_some(left)})
            }
            _ => Value::Null,
        }
    }

    fn metadata(&self, reference: &str) -> Value {
        let store_name: String = self.merchant.name.chars().take(STORE_NAME_CHARS_MAX).collect();
        json!({
            "merchantReferenceId": reference,
            "merchantStoreName": store_name,
            "noteToBuyer": "ご注文ありがとうございます",
            "customInformation": "test driver",
        })
    }
}

/// The object with the wanted id; without one the newest that fits, or else the newest. And whether it fits.
fn choose<'a, T>(
    mine: impl Iterator<Item = &'a T>,
    wanted: &str,
    id: impl Fn(&T) -> &str,
    fits: impl Fn(&T) -> bool,
) -> (Option<&'a T>, bool) {
    let (mut newest, mut fitting) = (None, None);
    for object in mine.filter(|object| wanted.is_empty() || id(object) == wanted) {
        newest = Some(object);
        if fits(object) {
            fitting = newest;
        }
    }
    (fitting.or(newest), fitting.is_some())
}

/// Puts what was asked for in the place of an id that was not found.
trait Told {
    fn told(self, wanted: &str) -> (String, Value, bool);
}

impl Told for (Option<String>, Value, bool) {
    fn told(self, wanted: &str) -> (String, Value, bool) {
        (self.0.unwrap_or_else(|| wanted.to_owned()), self.1, self.2)
    }
}

/// What Complete must name: what is charged, or for a consent what was said (amazon-pay 2.3).
fn to_charge(session: &Session) -> Option<Amount> {
    let terms = &session.request.terms;
    match terms.payment.payment_intent {
        Some(PaymentIntent::Confirm) => terms.payment.charge_amount.filter(|amount| !amount.is_zero()),
        _ => terms.due(),
    }
}

fn price(amount: Amount) -> Value {
    json!({"amount": amount.to_string(), "currencyCode": amount.currency().as_str()})
}

fn minor(currency: Currency, minor: i64) -> Amount {
    Amount::of(currency, minor).unwrap_or(Amount::zero(currency))
}

/// What is missing for this operation, and where it comes from.
const fn lack(operation: Operation) -> (Words, &'static str) {
    match operation {
        Operation::GetCheckoutSession => (
            (
                "Checkout Session がまだありません。先に作ってください。",
                "There is no checkout session yet. Make one first.",
            ),
            "createCheckoutSession",
        ),
        Operation::UpdateCheckoutSession => (
            (
                "書き換えられる Checkout Session がありません。先に作ってください。",
                "There is no checkout session that can still be changed. Make one first.",
            ),
            "createCheckoutSession",
        ),
        Operation::CompleteCheckoutSession => (
            (
                "購入者が支払いを終えた Checkout Session がありません。先に購入者として支払ってください。",
                "There is no checkout session that the buyer has paid. Pay as the buyer first.",
            ),
            "resultPage",
        ),
        Operation::CreateCharge => (
            (
                "残額のある Charge Permission がありません。先に Checkout Session を確定してください。",
                "There is no charge permission with anything left. Complete a checkout session first.",
            ),
            "completeCheckoutSession",
        ),
        Operation::CreateRefund => (
            (
                "返金できる Charge がありません。先に売上請求してください。",
                "There is no charge that can be refunded. Capture one first.",
            ),
            "captureCharge",
        ),
        Operation::GetRefund => (
            ("返金がまだありません。先に返金してください。", "There is no refund yet. Make one first."),
            "createRefund",
        ),
        Operation::CaptureCharge | Operation::CancelCharge => (
            (
                "オーソリ中の Charge がありません。先にオーソリを取ってください。",
                "There is no authorized charge. Make one first.",
            ),
            "createCharge",
        ),
        _ => (
            (
                "対象がありません。先に Checkout Session を確定してください。",
                "There is nothing to act on. Complete a checkout session first.",
            ),
            "completeCheckoutSession",
        ),
    }
}
