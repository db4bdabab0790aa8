//! Objects as Amazon answers them: fixed keys in a fixed order, nulls written out, amounts as strings, moments as
//! `yyyyMMddTHHmmssZ` (amazon-pay 1.7, 1.9, 2.2 to 2.5).

use serde_json::{Map, Value, json};

use crate::domain::Millis;
use crate::sandbox::buyers::Address;
use crate::sandbox::ledger::{
    AddressPrice, Amount, Channel, Charge, ChargeInitiator, ChargePermission, ChargeReason, CheckoutMode, Choice,
    Currency, Introduction, Ledger, MerchantMetadata, Party, PaymentIntent, ProductType, RecurringMetadata, Refund,
    RefundReason, Session, SessionCancelReason, SessionState,
};

/// A checkout session's 28 keys, and two more after `shippingAddress` while an order goes to several addresses. Once it
/// is completed most are null: what they told belongs to the charge permission.
///
/// The two are left out everywhere else, not null: official clients insist on the 28 keys (Node), and break off where
/// `shippingAddressList` is there and no list (.NET).
pub fn session(ledger: &Ledger, session: &Session) -> Value {
    let fields = fields_of(ledger, session);
    if !session.request.product_type.is_multi_address() || session.state == SessionState::Completed {
        return fields;
    }
    let prices = session.request.terms.address_prices.as_ref();
    let price_of = |part: &AddressPrice| json!({"addressId": part.address_id, "price": price(part.price)});
    let prices = prices.map(|parts| parts.iter().map(price_of).collect::<Vec<_>>());
    let several = [
        ("shippingAddressList", json!(shipping_address_list(session))),
        ("multiAddressesCheckoutMetadata", json!(prices)),
    ];
    with_after(fields, "shippingAddress", several)
}

fn fields_of(ledger: &Ledger, session: &Session) -> Value {
    let terms = &session.request.terms;
    let told = (session.state != SessionState::Completed).then_some(session);
    let choice = told.and_then(Session::choice);
    let buyer = told.and_then(|session| session.party.as_ref().filter(|_| choice.is_some()));
    let constraints = |session: &Session| {
        let list = session.constraints().into_iter();
        list.map(|c| json!({"constraintId": c.id, "description": c.description})).collect::<Vec<_>>()
    };
    json!({
        "checkoutSessionId": session.id,
        "webCheckoutDetails": told.map(|session| web_checkout_details(ledger, session)),
        "productType": told.map(|session| session.request.product_type.as_str()),
        "paymentDetails": told.map(payment_details),
        "chargePermissionType": terms.permission_type().as_str(),
        "orderType": null,
        "recurringMetadata": told.and(terms.recurring.as_ref()).map(recurring_metadata),
        "paymentMethodOnFileMetadata": told
            .and_then(|session| session.request.setup_only)
            .map(|setup_only| json!({"setupOnly": setup_only})),
        "merchantDetails": null,
        "merchantMetadata": told.map(|_| merchant_metadata(&terms.merchant)),
        "supplementaryData": told.and_then(|_| terms.supplementary_data.clone()),
        "buyer": buyer.map(|party| buyer_json(party, session)),
        "billingAddress": buyer.filter(|_| in_scope(session, "billingAddress")).and_then(billing_address),
        "paymentPreferences": [choice.map(|choice| json!({"paymentDescriptor": choice.instrument.descriptor()}))],
        "statusDetails": session_status(session),
        "shippingAddress": told.and_then(|session| shipping_address(session, choice)),
        "platformId": told.and_then(|_| terms.platform_id.clone()),
        "chargePermissionId": session.charge_permission_id.as_ref().or(session.request.charge_permission_id.as_ref()),
        "chargeId": session.charge_id,
        "constraints": told.map(constraints),
        "creationTimestamp": session.created.utc_basic(),
        "expirationTimestamp": told.map(|session| session.expires.utc_basic()),
        "storeId": told.map(|session| session.request.store_id.clone()),
        "providerMetadata": told.map(|_| provider_metadata(terms.provider_reference_id.as_ref())),
        "releaseEnvironment": "Sandbox",
        "checkoutButtonText": null,
        "deliverySpecifications": told.and_then(|session| session.request.delivery_specifications.clone()),
        "tokens": null,
    })
}

/// What Finalize answers: the same, and `cartDetails` after `paymentDetails` (amazon-pay 1.9).
pub fn finalized(ledger: &Ledger, session: &Session) -> Value {
    with_after(self::session(ledger, session), "paymentDetails", [("cartDetails", Value::Null)])
}

/// `object` with these fields after the one called `name`.
fn with_after<const MANY: usize>(object: Value, name: &str, more: [(&str, Value); MANY]) -> Value {
    let Value::Object(fields) = object else { return object };
    let mut more = more.into_iter();
    let mut all = Map::new();
    for (field, value) in fields {
        let is_here = field == name;
        all.insert(field, value);
        if is_here {
            all.extend(more.by_ref().map(|(name, value)| (name.to_owned(), value)));
        }
    }
    Value::Object(all)
}

/// A charge.
pub fn charge(ledger: &Ledger, charge: &Charge) -> Value {
    json!({
        "chargeId": charge.id,
        "chargePermissionId": charge.permission_id,
        "chargeAmount": price(charge.amount),
        "captureAmount": charge.captured.map(price),
        "refundedAmount": charge.captured.map(|_| price(ledger.refunded(charge))),
        "softDescriptor": soft_descriptor(charge.soft_descriptor.as_ref()),
        "platformId": charge.platform_id,
        "providerMetadata": provider_metadata(charge.provider_reference_id.as_ref()),
        "convertedAmount": null,
        "conversionRate": null,
        "channel": charge.channel.map(Channel::as_str),
        "chargeInitiator": charge.initiator.map(ChargeInitiator::as_str),
        "statusDetails": {
            "state": charge.state.as_str(),
            "reasonCode": charge.reason.map(ChargeReason::as_str),
            "reasonDescription": charge.reason.map(ChargeReason::description),
            "lastUpdatedTimestamp": charge.updated.utc_basic(),
        },
        "creationTimestamp": charge.created.utc_basic(),
        "expirationTimestamp": charge.expires.utc_basic(),
        "releaseEnvironment": "Sandbox",
        "merchantMetadata": merchant_metadata(&charge.merchant),
        "webCheckoutDetails": charge
            .checkout_result_return_url
            .as_ref()
            .map(|url| json!({"checkoutResultReturnUrl": url})),
    })
}

/// A refund.
pub fn refund(refund: &Refund) -> Value {
    json!({
        "refundId": refund.id,
        "chargeId": refund.charge_id,
        "creationTimestamp": refund.created.utc_basic(),
        "refundAmount": refund_price(refund.amount),
        "statusDetails": {
            "state": refund.state.as_str(),
            "reasonCode": refund.reason.map(RefundReason::as_str),
            "reasonDescription": refund.reason.map(RefundReason::description),
            "lastUpdatedTimestamp": refund.updated.utc_basic(),
        },
        "softDescriptor": soft_descriptor(refund.soft_descriptor.as_ref()),
        "releaseEnvironment": "Sandbox",
    })
}

/// Two decimals in every currency: those of a refund in yen were seen at Japan's sandbox (amazon-pay 2.2).
fn refund_price(amount: Amount) -> Value {
    let decimals = if amount.currency().decimals() == 0 { ".00" } else { "" };
    json!({"amount": format!("{amount}{decimals}"), "currencyCode": amount.currency().as_str()})
}

/// A charge permission. Who the buyer is can be read for a time only.
pub fn charge_permission(ledger: &Ledger, permission: &ChargePermission) -> Value {
    let standing = ledger.standing(permission);
    let session = ledger.session(&permission.session_id).filter(|_| permission.tells_buyer(ledger.now()));
    let party = &permission.party;
    let reasons = standing
        .reason
        .map(|reason| json!([{"reasonCode": reason.as_str(), "reasonDescription": reason.description()}]));
    json!({
        "chargePermissionId": permission.id,
        "chargePermissionReferenceId": null,
        "platformId": permission.platform_id,
        "buyer": session.map(|session| buyer_json(party, session)),
        "shippingAddress": session.and_then(|session| shipping_address(session, party.choice.as_ref())),
        "billingAddress": session
            .filter(|session| in_scope(session, "billingAddress"))
            .and_then(|_| billing_address(party)),
        "paymentPreferences": [party.choice.as_ref().map(|choice| json!({"paymentDescriptor": choice.instrument.descriptor()}))],
        "statusDetails": {
            "state": standing.state.as_str(),
            "reasons": reasons,
            "lastUpdatedTimestamp": permission.updated.utc_basic(),
        },
        "creationTimestamp": permission.created.utc_basic(),
        "expirationTimestamp": permission.expires.map(Millis::utc_basic),
        "merchantMetadata": merchant_metadata(&permission.merchant),
        "releaseEnvironment": "Sandbox",
        "limits": {"amountLimit": price(permission.limit.amount()), "amountBalance": price(standing.balance)},
        "chargePermissionType": permission.permission_type.as_str(),
        "recurringMetadata": permission.recurring.as_ref().map(recurring_metadata),
        "presentmentCurrency": permission.limit.amount().currency().as_str(),
    })
}

/// The buyer behind a token: the id always, the rest as the merchant asked for it (amazon-pay 2.7).
pub fn introduction(introduction: &Introduction) -> Value {
    let buyer = &introduction.buyer;
    let home = buyer.addresses.first();
    let told = |scope: &str, value: Value| if introduction.tells(scope) { value } else { Value::Null };
    let address = json!(home.map(|home| address(home)));
    json!({
        "buyerId": buyer.id,
        "countryCode": "JP",
        "name": told("name", json!(buyer.name)),
        "email": told("email", json!(buyer.email)),
        "postalCode": told("postalCode", json!(home.map(|home| &home.postal_code))),
        "shippingAddress": told("shippingAddress", address.clone()),
        "billingAddress": told("billingAddress", address),
        "phoneNumber": told("phoneNumber", json!(buyer.phone_number)),
        "primeMembershipTypes": null,
    })
}

/// `{amount, currencyCode}`.
pub fn price(amount: Amount) -> Value {
    json!({"amount": amount.to_string(), "currencyCode": amount.currency().as_str()})
}

fn web_checkout_details(ledger: &Ledger, session: &Session) -> Value {
    let web = &session.request.terms.web;
    json!({
        "checkoutReviewReturnUrl": web.checkout_review_return_url,
        "checkoutResultReturnUrl": web.checkout_result_return_url,
        "checkoutCancelUrl": web.checkout_cancel_url,
        "amazonPayRedirectUrl": ledger.pay_redirect_url(session),
        "checkoutMode": web.checkout_mode.map(CheckoutMode::as_str),
    })
}

fn payment_details(session: &Session) -> Value {
    let payment = &session.request.terms.payment;
    json!({
        "paymentIntent": payment.payment_intent.map(PaymentIntent::as_str),
        "canHandlePendingAuthorization": payment.can_handle_pending_authorization.unwrap_or(false),
        "chargeAmount": payment.charge_amount.map(price),
        "totalOrderAmount": payment.total_order_amount.map(price),
        "presentmentCurrency": payment.presentment_currency.map(Currency::as_str),
        "softDescriptor": payment.soft_descriptor,
        "allowOvercharge": payment.allow_overcharge,
        "extendExpiration": payment.extend_expiration,
        "estimateOrderTotal": payment.estimate_order_total.map(price),
    })
}

fn merchant_metadata(merchant: &MerchantMetadata) -> Value {
    json!({
        "merchantReferenceId": merchant.merchant_reference_id,
        "merchantStoreName": merchant.merchant_store_name,
        "noteToBuyer": merchant.note_to_buyer,
        "customInformation": merchant.custom_information,
    })
}

fn recurring_metadata(recurring: &RecurringMetadata) -> Value {
    json!({
        "frequency": {"unit": recurring.unit.as_str(), "value": recurring.value},
        "amount": recurring.amount.map(price),
    })
}

fn soft_descriptor(text: Option<&String>) -> Option<String> {
    text.map(|text| format!("AMZ*{text}"))
}

fn provider_metadata(reference: Option<&String>) -> Value {
    json!({"providerReferenceId": reference})
}

fn session_status(session: &Session) -> Value {
    let reason = if let SessionState::Canceled(reason) = session.state { Some(reason) } else { None };
    json!({
        "state": session.state.as_str(),
        "reasonCode": reason.map(SessionCancelReason::as_str),
        "reasonDescription": reason.map(SessionCancelReason::description),
        "lastUpdatedTimestamp": session.updated.utc_basic(),
    })
}

/// Whether the merchant asked to know this of the buyer. Not asked: everything but the billing address, which only
/// Finalize needs, where nothing is sent.
pub(super) fn in_scope(session: &Session, scope: &str) -> bool {
    if scope == "billingAddress" && session.request.on_page && !session.request.product_type.ships() {
        return true;
    }
    session
        .request
        .scopes
        .as_ref()
        .map_or(scope != "billingAddress", |scopes| scopes.iter().any(|asked| asked == scope))
}

pub(super) fn buyer_json(party: &Party, session: &Session) -> Value {
    let told = |scope: &str, text: &str| in_scope(session, scope).then(|| text.to_owned());
    json!({
        "buyerId": party.buyer.id,
        "name": told("name", &party.buyer.name),
        "email": told("email", &party.buyer.email),
        "phoneNumber": told("phoneNumber", &party.buyer.phone_number),
        "primeMembershipTypes": null,
    })
}

/// Where the goods go, where that is one address.
pub(super) fn shipping_address(session: &Session, choice: Option<&Choice>) -> Option<Value> {
    if session.request.product_type != ProductType::PayAndShip || !in_scope(session, "shippingAddress") {
        return None;
    }
    match &session.request.address_details {
        Some(details) => choice.map(|_| shop_address(details)),
        None => choice.and_then(Choice::address).map(|place| address(place)),
    }
}

/// Each a JSON text of its own, which the official clients read once more (amazon-pay 1.7).
fn shipping_address_list(session: &Session) -> Vec<String> {
    let party = session.party.as_ref().filter(|_| in_scope(session, "shippingAddress"));
    let with_id = |(id, place): (String, &Address)| {
        let mut fields = Map::from_iter([("addressId".to_owned(), json!(id))]);
        fields.extend(place.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
        Value::Object(fields).to_string()
    };
    party.into_iter().flat_map(Party::destinations).map(with_id).collect()
}

pub(super) fn billing_address(party: &Party) -> Option<Value> {
    party.buyer.addresses.first().map(|home| address(home))
}

fn address(place: &Address) -> Value {
    place.fields().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// The address that the shop itself asked for, in the shape of an answer.
fn shop_address(details: &Value) -> Value {
    json!({
        "name": details["name"],
        "addressLine1": details["addressLine1"],
        "addressLine2": details["addressLine2"],
        "addressLine3": details["addressLine3"],
        "city": details["city"],
        "county": null,
        "district": details["districtOrCounty"],
        "stateOrRegion": details["stateOrRegion"],
        "postalCode": details["postalCode"],
        "countryCode": details["countryCode"],
        "phoneNumber": details["phoneNumber"],
    })
}
