//! Create and Update Checkout Session: the body becomes a [`SessionRequest`] or [`Terms`] (amazon-pay 2.3, 3.3).

use serde_json::Value;

use super::delivery;
use super::fields::{Fields, missing};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{
    ADDRESSES_MAX, AddressPrice, CheckoutMode, Currency, FrequencyUnit, MerchantMetadata, PaymentDetails,
    PaymentIntent, PermissionType, ProductType, RecurringMetadata, SessionRequest, SignInRequest, Terms,
    WebCheckoutDetails, check_agreement,
};

const SCOPES: [&str; 7] =
    ["name", "email", "phoneNumber", "billingAddress", "postalCode", "shippingAddress", "primeStatus"];
const ADDRESS_FIELDS: [&str; 10] = [
    "name",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "city",
    "districtOrCounty",
    "stateOrRegion",
    "postalCode",
    "countryCode",
    "phoneNumber",
];
pub(super) const TEXT_CHARS_MAX: usize = 256;

/// Reads the body of Create Checkout Session.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn create(body: &[u8], product_type: ProductType, currency: Currency) -> Result<SessionRequest, ApiError> {
    read(body, product_type, currency, |_| false)
}

/// Reads the payload of a button for `product_type`. One that names no `webCheckoutDetails` is for a checkout inside
/// the shop's page, by the script.
///
/// # Errors
/// As [`create`].
pub fn of_button(payload: &[u8], product_type: ProductType, currency: Currency) -> Result<SessionRequest, ApiError> {
    read(payload, product_type, currency, |terms| terms.web == WebCheckoutDetails::default())
}

fn read(
    body: &[u8],
    product_type: ProductType,
    currency: Currency,
    is_on_page: impl Fn(&Terms) -> bool,
) -> Result<SessionRequest, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    let mut request = SessionRequest {
        store_id: fields.text("storeId", TEXT_CHARS_MAX)?.ok_or_else(|| missing("storeId"))?,
        product_type,
        on_page: false,
        scopes: scopes(&mut fields, "scopes")?,
        delivery_specifications: delivery::specifications(&mut fields)?,
        address_details: address_details(&mut fields)?,
        setup_only: on_file_metadata(&mut fields)?,
        charge_permission_id: fields.text("chargePermissionId", TEXT_CHARS_MAX)?,
        terms: terms(&mut fields)?,
    };
    fields.done()?;
    request.on_page = is_on_page(&request.terms);
    check_agreement(&request)?;
    check_flow(&request)?;
    Ok(request)
}

/// Reads the payload of a sign-in button.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing.
pub fn sign_in(payload: &[u8]) -> Result<SignInRequest, ApiError> {
    let mut fields = Fields::of_body(payload, Currency::default())?;
    let request = SignInRequest {
        store_id: fields.text("storeId", TEXT_CHARS_MAX)?.ok_or_else(|| missing("storeId"))?,
        return_url: fields.url("signInReturnUrl")?.ok_or_else(|| missing("signInReturnUrl"))?,
        scopes: scopes(&mut fields, "signInScopes")?,
    };
    fields.done()?;
    Ok(request)
}

/// Reads the body of Update Checkout Session.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong or unknown.
pub fn update(body: &[u8], currency: Currency) -> Result<Terms, ApiError> {
    let mut fields = Fields::of_body(body, currency)?;
    // Not of Create: there are no addresses before the buyer has chosen them.
    let address_prices = fields.list_if_any("multiAddressesCheckoutMetadata", ADDRESSES_MAX, address_price)?;
    let terms = Terms { address_prices, ..terms(&mut fields)? };
    fields.done()?;
    Ok(terms)
}

fn address_price(fields: &mut Fields) -> Result<AddressPrice, ApiError> {
    Ok(AddressPrice {
        address_id: fields.text("addressId", TEXT_CHARS_MAX)?.ok_or_else(|| fields.missing("addressId"))?,
        price: fields.price("price")?.ok_or_else(|| fields.missing("price"))?,
    })
}

fn terms(fields: &mut Fields) -> Result<Terms, ApiError> {
    Ok(Terms {
        web: web_checkout_details(fields)?,
        payment: payment_details(fields)?,
        merchant: merchant_metadata(fields)?,
        permission_type: fields.word("chargePermissionType", PermissionType::parse, PermissionType::SPELLED)?,
        recurring: recurring_metadata(fields)?,
        provider_reference_id: provider_reference_id(fields)?,
        platform_id: fields.text("platformId", TEXT_CHARS_MAX)?,
        supplementary_data: fields.text("supplementaryData", 4096)?,
        address_prices: None,
    })
}

fn web_checkout_details(fields: &mut Fields) -> Result<WebCheckoutDetails, ApiError> {
    let Some(mut web) = fields.object("webCheckoutDetails")? else { return Ok(WebCheckoutDetails::default()) };
    let details = WebCheckoutDetails {
        checkout_review_return_url: web.url("checkoutReviewReturnUrl")?,
        checkout_result_return_url: web.url("checkoutResultReturnUrl")?,
        checkout_cancel_url: web.url("checkoutCancelUrl")?,
        checkout_mode: web.word("checkoutMode", CheckoutMode::parse, CheckoutMode::SPELLED)?,
    };
    web.done()?;
    Ok(details)
}

fn payment_details(fields: &mut Fields) -> Result<PaymentDetails, ApiError> {
    let Some(mut payment) = fields.object("paymentDetails")? else { return Ok(PaymentDetails::default()) };
    let details = PaymentDetails {
        payment_intent: payment.word("paymentIntent", PaymentIntent::parse, PaymentIntent::SPELLED)?,
        can_handle_pending_authorization: payment.flag("canHandlePendingAuthorization")?,
        charge_amount: payment.price("chargeAmount")?,
        total_order_amount: payment.charge_price("totalOrderAmount")?,
        soft_descriptor: payment.text("softDescriptor", 16)?,
        allow_overcharge: payment.flag("allowOvercharge")?,
        extend_expiration: payment.flag("extendExpiration")?,
        presentment_currency: payment.currency("presentmentCurrency")?,
        estimate_order_total: payment.price("estimateOrderTotal")?,
    };
    payment.done()?;
    Ok(details)
}

pub(super) fn merchant_metadata(fields: &mut Fields) -> Result<MerchantMetadata, ApiError> {
    let Some(mut merchant) = fields.object("merchantMetadata")? else { return Ok(MerchantMetadata::default()) };
    let metadata = MerchantMetadata {
        merchant_reference_id: merchant.text("merchantReferenceId", TEXT_CHARS_MAX)?,
        merchant_store_name: merchant.text("merchantStoreName", 50)?,
        note_to_buyer: merchant.text("noteToBuyer", 255)?,
        custom_information: merchant.text("customInformation", 4096)?,
    };
    merchant.done()?;
    Ok(metadata)
}

pub(super) fn recurring_metadata(fields: &mut Fields) -> Result<Option<RecurringMetadata>, ApiError> {
    let Some(mut recurring) = fields.object("recurringMetadata")? else { return Ok(None) };
    let mut frequency = recurring.object("frequency")?.ok_or_else(|| recurring.missing("frequency"))?;
    let unit = frequency.word("unit", FrequencyUnit::parse, FrequencyUnit::SPELLED)?;
    let unit = unit.ok_or_else(|| frequency.missing("unit"))?;
    let value = match frequency.value("value").ok_or_else(|| frequency.missing("value"))? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if value.is_empty() || value.len() > 5 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(frequency.invalid("value", "must be a whole number"));
    }
    if unit == FrequencyUnit::Variable && value != "0" {
        return Err(frequency.invalid("value", "must be 0 where unit is Variable"));
    }
    frequency.done()?;
    let amount = recurring.price("amount")?;
    recurring.done()?;
    Ok(Some(RecurringMetadata { unit, value, amount }))
}

pub(super) fn provider_reference_id(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let Some(mut provider) = fields.object("providerMetadata")? else { return Ok(None) };
    let reference = provider.text("providerReferenceId", TEXT_CHARS_MAX)?;
    provider.done()?;
    Ok(reference)
}

fn scopes(fields: &mut Fields, name: &str) -> Result<Option<Vec<String>>, ApiError> {
    let wrong = |fields: &Fields| fields.invalid(name, &format!("must be a list of {}", SCOPES.join(", ")));
    match fields.value(name) {
        None => Ok(None),
        Some(Value::Array(values)) => {
            let known = |value: &Value| value.as_str().filter(|text| SCOPES.contains(text)).map(str::to_owned);
            let scopes: Option<Vec<String>> = values.iter().map(known).collect();
            scopes.map(Some).ok_or_else(|| wrong(fields))
        }
        Some(_) => Err(wrong(fields)),
    }
}

fn address_details(fields: &mut Fields) -> Result<Option<Value>, ApiError> {
    let Some(mut address) = fields.object("addressDetails")? else { return Ok(None) };
    let mut kept = serde_json::Map::new();
    for name in ADDRESS_FIELDS {
        kept.insert(name.to_owned(), address.text(name, 180)?.map_or(Value::Null, Value::String));
    }
    for required in ["name", "addressLine1", "postalCode", "countryCode"] {
        if kept.get(required).is_none_or(Value::is_null) {
            return Err(address.missing(required));
        }
    }
    address.done()?;
    Ok(Some(Value::Object(kept)))
}

fn on_file_metadata(fields: &mut Fields) -> Result<Option<bool>, ApiError> {
    let Some(mut metadata) = fields.object("paymentMethodOnFileMetadata")? else { return Ok(None) };
    let setup_only = metadata.flag("setupOnly")?.unwrap_or(false);
    metadata.done()?;
    Ok(Some(setup_only))
}

/// With a review page the rest may come later; without one, everything must be there from the start.
fn check_flow(request: &SessionRequest) -> Result<(), ApiError> {
    let Terms { web, payment, .. } = &request.terms;
    if !request.terms.is_process_order() {
        if request.address_details.is_some() {
            return Err(ApiError::new(
                ReasonCode::InvalidParameterCombination,
                "addressDetails goes only with webCheckoutDetails.checkoutMode ProcessOrder",
            ));
        }
        if request.on_page {
            return Ok(());
        }
        let review = web.checkout_review_return_url.as_ref();
        return review.map(|_| ()).ok_or_else(|| missing("webCheckoutDetails.checkoutReviewReturnUrl"));
    }
    let lacks_amount = request.terms.needs_amount()
        && request.terms.permission_type() != PermissionType::PaymentMethodOnFile
        && request.terms.due().is_none();
    let lacks = [
        (web.checkout_result_return_url.is_none(), "webCheckoutDetails.checkoutResultReturnUrl"),
        (payment.payment_intent.is_none(), "paymentDetails.paymentIntent"),
        (lacks_amount, "paymentDetails.chargeAmount"),
        (request.product_type == ProductType::PayAndShip && request.address_details.is_none(), "addressDetails"),
    ];
    lacks.into_iter().find(|(lacking, _)| *lacking).map_or(Ok(()), |(_, path)| Err(missing(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::Amount;
    use serde_json::json;

    fn refused(body: &Value) -> (&'static str, String) {
        let error = create(body.to_string().as_bytes(), ProductType::PayAndShip, Currency::JPY).expect_err("refused");
        (error.code.as_str(), error.message)
    }

    fn body() -> Value {
        json!({"storeId": "amzn1.application-oa2-client.1",
               "webCheckoutDetails": {"checkoutReviewReturnUrl": "https://shop.example/review"}})
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_full_name_at_any_depth() {
        let mut unknown = body();
        unknown["paymentDetails"] = json!({"chargeAmount": {"amount": "1", "currencyCode": "JPY", "tax": "1"}});
        let (code, message) = refused(&unknown);
        assert_eq!(
            (code, message.as_str()),
            ("UnrecognizedField", "Unrecognized field: paymentDetails.chargeAmount.tax")
        );
    }

    #[test]
    fn prices_are_whole_yen_written_as_text_or_number() {
        for (amount, currency, expected) in [
            (json!("100.50"), "JPY", "InvalidParameterValue"),
            (json!(0), "JPY", "InvalidParameterValue"),
            (json!("100"), "USD", "CurrencyMismatch"),
            (json!("100"), "YEN", "InvalidParameterValue"),
        ] {
            let mut priced = body();
            priced["paymentDetails"] = json!({"chargeAmount": {"amount": amount, "currencyCode": currency}});
            assert_eq!(refused(&priced).0, expected, "{amount} {currency}");
        }
        let update =
            update(br#"{"paymentDetails":{"chargeAmount":{"amount":100,"currencyCode":"JPY"}}}"#, Currency::JPY)
                .expect("read");
        assert_eq!(update.payment.charge_amount, Amount::new(100).ok());
    }

    #[test]
    fn what_a_session_needs_is_asked_for_by_name() {
        let mut without_store = body();
        without_store["storeId"] = Value::Null;
        assert_eq!(refused(&without_store), ("MissingParameterValue", "storeId is missing".to_owned()));
        let without_review = json!({"storeId": "s"});
        assert_eq!(refused(&without_review).0, "MissingParameterValue");
        let mut at_once = body();
        at_once["webCheckoutDetails"] =
            json!({"checkoutMode": "ProcessOrder", "checkoutResultReturnUrl": "https://shop.example/result"});
        assert_eq!(refused(&at_once).1, "paymentDetails.paymentIntent is missing");
    }

    #[test]
    fn browsers_are_sent_over_https_or_within_this_machine() {
        for (url, fine) in [
            ("https://shop.example/r?a=1", true),
            ("http://127.0.0.1:8080/r", true),
            ("http://localhost/r", true),
            ("http://shop.example/r", false),
            ("javascript:alert(1)", false),
            ("/r", false),
        ] {
            let body = json!({"webCheckoutDetails": {"checkoutResultReturnUrl": url}}).to_string();
            assert_eq!(update(body.as_bytes(), Currency::JPY).is_ok(), fine, "{url}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_as_such() {
        for body in ["", "{", "[]", "\"x\"", "null"] {
            let error = update(body.as_bytes(), Currency::JPY).expect_err("refused");
            assert_eq!(error.code, ReasonCode::InvalidRequestFormat, "{body:?}");
        }
    }
}
