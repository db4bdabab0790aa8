//! A checkout session: what the merchant asked for, who is buying, how far they have come (amazon-pay 2.3).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{CheckoutMode, FrequencyUnit, PaymentIntent, PermissionType, ProductType, SessionCancelReason};
use super::{Amount, Choice, Currency, Party};
use crate::domain::Millis;

/// How long a session may stay open: 24 hours.
pub(super) const SESSION_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a session can be read: 30 days from its making. Ours; amazon-pay 2.3 says "deleted 30 days later".
const SESSION_READABLE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What Create Checkout Session, or the signed payload of a button, asks for. Read one with
/// [`session_request::create`](crate::sandbox::wire::session_request::create).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionRequest {
    /// One of the merchant's stores.
    pub store_id: String,
    /// What the button was rendered for; `PayAndShip` where the API makes the session.
    pub product_type: ProductType,
    /// Whether the checkout runs inside the shop's page, by the script: a button's payload that names no
    /// `webCheckoutDetails` at all. Such a session is finalized, every other completed.
    pub on_page: bool,
    /// What the merchant may learn of the buyer; `None` means everything but the billing address.
    pub scopes: Option<Vec<String>>,
    /// Carried and shown, not enforced.
    pub delivery_specifications: Option<Value>,
    /// Where the shop itself asked for the address (`ProcessOrder` with `PayAndShip`).
    pub address_details: Option<Value>,
    /// `paymentMethodOnFileMetadata.setupOnly`: stores a payment method and charges nothing.
    pub setup_only: Option<bool>,
    /// The stored payment method's permission, where the buyer only comes to choose another card for it.
    pub charge_permission_id: Option<String>,
    /// What Update may change later.
    pub terms: Terms,
}

/// The part of a session that Update Checkout Session may change. `None` is "not said".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Where the browser goes.
    pub web: WebCheckoutDetails,
    /// What is to be paid.
    pub payment: PaymentDetails,
    /// The merchant's own words for the order.
    pub merchant: MerchantMetadata,
    /// How often the permission may be used; `OneTime` where not said.
    pub permission_type: Option<PermissionType>,
    /// The subscription's period.
    pub recurring: Option<RecurringMetadata>,
    /// The solution provider's reference.
    pub provider_reference_id: Option<String>,
    /// The solution provider.
    pub platform_id: Option<String>,
    /// Carried and shown.
    pub supplementary_data: Option<String>,
    /// `multiAddressesCheckoutMetadata`: what goes to each of the buyer's addresses is worth. Carried and shown.
    pub address_prices: Option<Vec<AddressPrice>>,
}

/// What of an order goes to one of several addresses (amazon-pay 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressPrice {
    /// As `shippingAddressList` names the address; see [`Party::shipping_address_id`].
    pub address_id: String,
    /// What that part of the order costs.
    pub price: Amount,
}

/// `webCheckoutDetails`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebCheckoutDetails {
    /// Where the buyer confirms the order at the shop.
    pub checkout_review_return_url: Option<String>,
    /// Where the buyer goes after Amazon.
    pub checkout_result_return_url: Option<String>,
    /// Where a buyer goes who cancels at Amazon.
    pub checkout_cancel_url: Option<String>,
    /// Whether the buyer pays without the shop's review page.
    pub checkout_mode: Option<CheckoutMode>,
}

/// `paymentDetails`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDetails {
    /// What Complete shall do.
    pub payment_intent: Option<PaymentIntent>,
    /// Whether the merchant can wait for the authorization's outcome.
    pub can_handle_pending_authorization: Option<bool>,
    /// What is charged at Complete.
    pub charge_amount: Option<Amount>,
    /// What the whole order costs, where it is charged in parts.
    pub total_order_amount: Option<Amount>,
    /// What the bank statement shall say, at most 16 characters.
    pub soft_descriptor: Option<String>,
    /// Whether the amount may grow later; counts only where the session is created with it.
    pub allow_overcharge: Option<bool>,
    /// Whether a one-time permission shall last as long as a subscription's.
    pub extend_expiration: Option<bool>,
    /// The currency the buyer sees: the ledger's.
    pub presentment_currency: Option<Currency>,
    /// What the order may come to, for the buyer who is still choosing. Nothing is held against it.
    pub estimate_order_total: Option<Amount>,
}

/// `merchantMetadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantMetadata {
    /// The merchant's number for the order.
    pub merchant_reference_id: Option<String>,
    /// The shop's name, at most 50 characters.
    pub merchant_store_name: Option<String>,
    /// Words to the buyer.
    pub note_to_buyer: Option<String>,
    /// The merchant's own notes.
    pub custom_information: Option<String>,
}

/// `recurringMetadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurringMetadata {
    /// How long a period is.
    pub unit: FrequencyUnit,
    /// How many of them.
    pub value: String,
    /// What each costs, where it is fixed.
    pub amount: Option<Amount>,
}

/// Takes each field of `$new` that is said.
macro_rules! take_said {
    ($old:expr, $new:expr; $($field:ident),+) => { $(if $new.$field.is_some() { $old.$field = $new.$field; })+ };
}

impl MerchantMetadata {
    /// Changes what `changes` says and keeps the rest, field by field.
    pub fn amend(&mut self, changes: Self) {
        take_said!(self, changes; merchant_reference_id, merchant_store_name, note_to_buyer, custom_information);
    }
}

impl Terms {
    /// Changes what `changes` says and keeps the rest, field by field.
    pub fn amend(&mut self, changes: Self) {
        let Self { web, payment, .. } = self;
        take_said!(web, changes.web;
            checkout_review_return_url, checkout_result_return_url, checkout_cancel_url, checkout_mode
        );
        // allow_overcharge is absent on purpose: it cannot be set after the session was made (amazon-pay 2.4).
        take_said!(payment, changes.payment;
            payment_intent, can_handle_pending_authorization, charge_amount, total_order_amount,
            soft_descriptor, extend_expiration, presentment_currency, estimate_order_total
        );
        self.merchant.amend(changes.merchant);
        take_said!(self, changes;
            permission_type, recurring, provider_reference_id, platform_id, supplementary_data, address_prices
        );
    }

    /// `OneTime` where nothing was said.
    pub fn permission_type(&self) -> PermissionType {
        self.permission_type.unwrap_or(PermissionType::OneTime)
    }

    /// Whether an amount must be named before the buyer can consent: not where the consent is to later charges only.
    pub fn needs_amount(&self) -> bool {
        self.permission_type() == PermissionType::OneTime || self.payment.payment_intent != Some(PaymentIntent::Confirm)
    }

    /// What the merchant named to be paid now, more than nothing: the amount of a subscription's period where there is
    /// no other.
    pub fn due(&self) -> Option<Amount> {
        let of_period = || self.recurring.as_ref().and_then(|period| period.amount);
        let subscribes = self.permission_type() == PermissionType::Recurring;
        let named = self.payment.charge_amount.or_else(|| of_period().filter(|_| subscribes));
        named.filter(|amount| !amount.is_zero())
    }

    /// Whether the buyer pays on Amazon's page at once, without the shop's review page.
    pub fn is_process_order(&self) -> bool {
        self.web.checkout_mode == Some(CheckoutMode::ProcessOrder)
    }
}

/// Whether a session can still become a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    /// It can.
    Open,
    /// It has.
    Completed,
    /// It never will.
    Canceled(SessionCancelReason),
}

impl SessionState {
    /// `statusDetails.state`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Completed => "Completed",
            Self::Canceled(_) => "Canceled",
        }
    }
}

/// How far the buyer of an open session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Choosing, or on the shop's review page. The merchant may still change the session.
    Choosing,
    /// On the page that `amazonPayRedirectUrl` names. The merchant may not change the session any more.
    Processing,
    /// Paid; the merchant may Complete.
    Paid(Payment),
}

/// How a payment went at the buyer's bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payment {
    /// Approved. The money is reserved unless the intent is Confirm.
    Approved,
    /// Approved after a while (30 s from Complete).
    PendingThenAuthorized,
    /// Declined after a while (30 s from Complete).
    PendingThenDeclined,
}

/// What a session still lacks before the buyer may be sent to pay (amazon-pay 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constraint {
    /// Amazon's word.
    pub id: &'static str,
    /// What to do about it.
    pub description: &'static str,
}

/// A checkout session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// UUID version 4, lower case.
    pub id: String,
    /// Whose it is.
    pub merchant_id: String,
    /// What the merchant is paid in.
    pub currency: Currency,
    /// What was asked for; `request.terms` as later updates left it.
    pub request: SessionRequest,
    /// Whether it can still become a payment.
    pub state: SessionState,
    /// How far the buyer has come.
    pub progress: Progress,
    /// Who buys, once somebody signed in.
    pub party: Option<Party>,
    /// Set by Complete.
    pub charge_permission_id: Option<String>,
    /// Set by Complete, unless the intent is Confirm.
    pub charge_id: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// When its state last changed.
    pub updated: Millis,
    /// When it is cancelled if it is still open.
    pub expires: Millis,
}

impl Session {
    /// Whether the API finds it for this merchant.
    pub(super) fn is_readable_by(&self, merchant_id: &str, now: Millis) -> bool {
        self.merchant_id == merchant_id && now.since(self.created) <= SESSION_READABLE_MS
    }

    /// What the buyer has chosen, if anything.
    pub fn choice(&self) -> Option<&Choice> {
        self.party.as_ref()?.choice.as_ref()
    }

    /// Whether the buyer has to choose where to send the goods.
    pub fn needs_address(&self) -> bool {
        self.request.product_type.ships() && self.request.address_details.is_none()
    }

    /// Whether this session only stores a payment method and charges nothing (`setupOnly`).
    pub fn is_setup_only(&self) -> bool {
        self.request.setup_only == Some(true)
    }

    /// What is still missing, in a fixed order. Nothing missing: the buyer may be sent to pay.
    pub fn constraints(&self) -> Vec<Constraint> {
        let terms = &self.request.terms;
        let recurring = terms.permission_type() == PermissionType::Recurring;
        let needs_amount = !self.is_setup_only() && terms.needs_amount();
        let rules = [
            (
                self.choice().is_none(),
                Constraint {
                    id: "BuyerNotAssociated",
                    description: "No buyer has chosen how to pay yet. Send the buyer through the button.",
                },
            ),
            (
                needs_amount && terms.due().is_none(),
                Constraint { id: "ChargeAmountNotSet", description: "chargeAmount is not set." },
            ),
            (
                terms.web.checkout_result_return_url.is_none() && !self.request.on_page,
                Constraint { id: "CheckoutResultReturnUrlNotSet", description: "checkoutResultReturnUrl is not set." },
            ),
            (
                terms.payment.payment_intent.is_none(),
                Constraint { id: "PaymentIntentNotSet", description: "paymentIntent is not set." },
            ),
            (
                recurring && terms.recurring.is_none(),
                Constraint { id: "RecurringFrequencyNotSet", description: "recurringMetadata.frequency is not set." },
            ),
        ];
        rules.into_iter().filter_map(|(missing, constraint)| missing.then_some(constraint)).collect()
    }
}

/// What a merchant who names no scopes may learn of the buyer: everything but the billing address (amazon-pay 2.3).
pub(super) fn in_default_scope(scope: &str) -> bool {
    scope != "billingAddress"
}

/// `url` with `amazonCheckoutSessionId=<session_id>` added to its query; what stood in the query stays as it was.
pub fn with_session_id(url: &str, session_id: &str) -> String {
    with_parameter(url, "amazonCheckoutSessionId", session_id)
}

/// `url` with `<name>=<value>`, which need no encoding, added to its query.
pub(super) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (before_fragment, fragment) = url.split_once('#').map_or((url, None), |(before, after)| (before, Some(after)));
    let joint = match before_fragment.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
    format!("{before_fragment}{joint}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_id_joins_a_query_and_leaves_it_as_it_was() {
        for (url, expected) in [
            ("https://s.example/r", "https://s.example/r?amazonCheckoutSessionId=i"),
            ("https://s.example/r?", "https://s.example/r?amazonCheckoutSessionId=i"),
            ("https://s.example/r?p=%83e+&q", "https://s.example/r?p=%83e+&q&amazonCheckoutSessionId=i"),
            ("https://s.example/r?a=1#top", "https://s.example/r?a=1&amazonCheckoutSessionId=i#top"),
        ] {
            assert_eq!(with_session_id(url, "i"), expected);
        }
    }

    #[test]
    fn an_amendment_changes_only_what_it_says_and_never_the_overcharge_flag() {
        let mut terms = Terms::default();
        terms.web.checkout_result_return_url = Some("https://s.example/result".to_owned());
        terms.payment.payment_intent = Some(PaymentIntent::Confirm);
        let mut changes = Terms::default();
        changes.payment.payment_intent = Some(PaymentIntent::Authorize);
        changes.payment.allow_overcharge = Some(true);
        terms.amend(changes);
        assert_eq!(terms.payment.payment_intent, Some(PaymentIntent::Authorize));
        assert_eq!(terms.payment.allow_overcharge, None);
        assert_eq!(terms.web.checkout_result_return_url.as_deref(), Some("https://s.example/result"));
    }
}
