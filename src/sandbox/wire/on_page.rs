//! What the script in the shop's page says and hears (amazon-pay 3.1): the button's configuration, the events that its
//! handlers are called with, and what they answer.

use serde_json::{Map, Value, json};

use super::fields::{Fields, missing};
use super::session_request::of_button;
use super::views::{billing_address, buyer_json, in_scope, price, shipping_address};
use crate::sandbox::error::{ApiError, ReasonCode};
use crate::sandbox::ledger::{
    Answer, Ask, Cart, Currency, DeliveryOption, Ledger, OnPage, ProductType, Session, SessionRequest,
};

/// Totals that a button for a payment service provider carries in `paymentDetails`, besides those of a session.
const TOTALS: [&str; 4] = ["totalBaseAmount", "totalTaxAmount", "totalShippingAmount", "totalDiscountAmount"];
/// What `CartDetails` may have besides, and the sandbox does not show.
const UNSHOWN: [&str; 5] = ["lineItems", "invalidCouponCodes", "couponCodes", "giftDetails", "cartId"];
const OPTIONS_MAX: usize = 50;

/// A button of `renderJSButton`.
#[derive(Debug, Clone)]
pub struct OnPageRequest {
    /// What is bought.
    pub session: SessionRequest,
    /// `processorSpecifications.name`: who charges the permission, where a payment service provider does.
    pub processor: Option<String>,
    /// The amounts the button knows before anybody was asked.
    pub cart: Cart,
}

/// Reads `checkoutSessionConfig`, or the signed `payloadJSON` in its place.
///
/// # Errors
/// [`ApiError`] of the first field that is wrong, unknown or missing; `webCheckoutDetails` does not belong here.
pub fn request(config: &[u8], product_type: ProductType, currency: Currency) -> Result<OnPageRequest, ApiError> {
    let refuse = |message: String| ApiError::new(ReasonCode::InvalidRequestFormat, message);
    let mut config: Map<String, Value> = serde_json::from_slice(config)
        .map_err(|error| refuse(format!("checkoutSessionConfig is not a JSON object: {error}")))?;
    if config.contains_key("webCheckoutDetails") {
        let message = "webCheckoutDetails does not go with renderJSButton: the buyer stays on your page. Leave it out";
        return Err(ApiError::new(ReasonCode::InvalidParameterCombination, message));
    }
    let processor = processor(&mut config, currency)?;
    let cart = known_totals(&mut config, currency)?;
    let session = of_button(Value::Object(config).to_string().as_bytes(), product_type, currency)?;
    let payment = &session.terms.payment;
    payment.payment_intent.ok_or_else(|| missing("paymentDetails.paymentIntent"))?;
    let cart = Cart { charge: payment.charge_amount, order: payment.total_order_amount, ..cart };
    Ok(OnPageRequest { session, processor, cart })
}

fn processor(config: &mut Map<String, Value>, currency: Currency) -> Result<Option<String>, ApiError> {
    let Some(specifications) = config.remove("processorSpecifications") else { return Ok(None) };
    let mut fields = Fields::of_value("processorSpecifications", specifications, currency)?;
    let name = fields.text("name", 64)?.ok_or_else(|| fields.missing("name"))?;
    fields.done()?;
    Ok(Some(name))
}

fn known_totals(config: &mut Map<String, Value>, currency: Currency) -> Result<Cart, ApiError> {
    let Some(Value::Object(payment)) = config.get_mut("paymentDetails") else { return Ok(Cart::default()) };
    let totals = TOTALS.iter().filter_map(|name| payment.remove_entry(*name)).collect();
    let mut fields = Fields::of_value("paymentDetails", Value::Object(totals), currency)?;
    amounts(&mut fields)
}

/// Reads what a handler returned: the text of a JSON value; nothing at all is `null`.
///
/// # Errors
/// [`ApiError`] that says what to write.
pub fn answer(ask: Ask, text: &str, currency: Currency) -> Result<Answer, ApiError> {
    let refuse = |message: &str| ApiError::new(ReasonCode::InvalidParameterValue, message);
    let value = serde_json::from_str(text).map_err(|error| refuse(&format!("the answer is not JSON: {error}")))?;
    let mut fields = match value {
        Value::Null if ask == Ask::Complete => return Ok(Answer::Success),
        Value::Null => return Ok(Answer::Cart(Cart::default())),
        value @ Value::Object(_) => Fields::of_value("", value, currency)?,
        _ => {
            return Err(refuse(
                "return an object, such as { totalChargeAmount: { amount: \"100\", currencyCode: \"JPY\" } }",
            ));
        }
    };
    let status = fields.text("status", 32)?;
    match (ask, status.as_deref()) {
        (_, Some("error")) => Ok(Answer::Error),
        (Ask::Complete, Some("success")) => Ok(Answer::Success),
        (Ask::Complete, Some("decline")) => Ok(Answer::Decline),
        (Ask::Complete, Some("redirectRequired")) => {
            let url = fields.url("redirectUrl")?;
            url.map(Answer::Redirect).ok_or_else(|| fields.missing("redirectUrl"))
        }
        (Ask::Complete, _) => Err(refuse(
            "return { status: \"success\" }, or \"decline\", \"error\", or \"redirectRequired\" with a redirectUrl",
        )),
        (_, Some(_)) => Err(refuse("status can only be \"error\" here; return the cart otherwise")),
        (_, None) => cart(fields, currency).map(Answer::Cart),
    }
}

fn cart(mut fields: Fields, currency: Currency) -> Result<Cart, ApiError> {
    let mut cart = amounts(&mut fields)?;
    cart.charge = fields.charge_price("totalChargeAmount")?;
    cart.order = fields.charge_price("totalOrderAmount")?;
    cart.options = match fields.value("deliveryOptions") {
        None => None,
        Some(Value::Array(options)) if options.len() <= OPTIONS_MAX => {
            Some(options.into_iter().map(|option| delivery_option(option, currency)).collect::<Result<_, _>>()?)
        }
        Some(_) => return Err(fields.invalid("deliveryOptions", &format!("must be a list of at most {OPTIONS_MAX}"))),
    };
    for name in UNSHOWN {
        fields.value(name);
    }
    fields.done()?;
    Ok(cart)
}

fn amounts(fields: &mut Fields) -> Result<Cart, ApiError> {
    Ok(Cart {
        base: fields.price("totalBaseAmount")?,
        tax: fields.price("totalTaxAmount")?,
        shipping: fields.price("totalShippingAmount")?,
        discount: fields.price("totalDiscountAmount")?,
        ..Cart::default()
    })
}

fn delivery_option(value: Value, currency: Currency) -> Result<DeliveryOption, ApiError> {
    let mut option = Fields::of_value("deliveryOptions", value, currency)?;
    let mut method = option.object("shippingMethod")?.ok_or_else(|| option.missing("shippingMethod"))?;
    let name = method.text("shippingMethodName", 256)?.ok_or_else(|| method.missing("shippingMethodName"))?;
    Ok(DeliveryOption {
        id: option.text("id", 256)?.ok_or_else(|| option.missing("id"))?,
        price: option.price("price")?.ok_or_else(|| option.missing("price"))?,
        is_default: option.flag("isDefault")?.unwrap_or(false),
        name,
    })
}

/// The event that the handler of `ask` is called with.
pub fn event(ledger: &Ledger, session: &Session, on_page: &OnPage, ask: Ask) -> Value {
    let mut event = Map::new();
    let mut say = |name: &str, value: Value| event.insert(name.to_owned(), value);
    let permission = on_page.processor.as_ref().and_then(|_| session.permission(ledger));
    match permission.filter(|_| ask == Ask::Complete) {
        Some(permission) => {
            say("amazonChargePermissionId", json!(permission.id));
            say("amazonPayMFAReturnUrl", json!(ledger.mfa_return_url(&session.id)));
        }
        None => {
            say("amazonCheckoutSessionId", json!(session.id));
        }
    }
    let party = session.party.as_ref();
    if matches!(ask, Ask::Init | Ask::Complete) {
        say("buyer", json!(party.map(|party| buyer_json(party, session))));
        let billing = party.filter(|_| in_scope(session, "billingAddress")).and_then(billing_address);
        say("billingAddress", json!(billing));
    }
    say("shippingAddress", json!(shipping_address(session, session.choice())));
    match ask {
        Ask::Init => {
            say("checkoutLanguage", json!(on_page.checkout_language));
        }
        Ask::ShippingAddress => {}
        Ask::DeliveryOption => {
            say("deliveryOptions", json!(chosen_option(on_page)));
        }
        Ask::Complete => {
            say("deliveryOptions", json!(chosen_option(on_page)));
            let payment = session.choice().map(|choice| choice.instrument.descriptor());
            say("paymentDescriptor", json!(payment));
            say("amazonPayCheckoutType", json!("ProcessOrder"));
        }
    }
    Value::Object(event)
}

fn chosen_option(on_page: &OnPage) -> Option<Value> {
    let option = on_page.cart.option(on_page.delivery.as_ref()?)?;
    Some(json!({"id": option.id, "displayName": option.name, "amount": price(option.price)}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::ledger::Amount;

    #[test]
    fn a_handlers_answer_is_read_or_told_what_to_write() {
        let yen = |amount: i64| Amount::new(amount).ok();
        let price = |amount: &str| format!(r#"{{"amount":"{amount}","currencyCode":"JPY"}}"#);
        let text = format!(
            r#"{{"totalChargeAmount":{},"totalShippingAmount":{},"lineItems":[{{}}],"deliveryOptions":[
               {{"id":"a","price":{},"shippingMethod":{{"shippingMethodName":"速達","shippingMethodCode":"x"}},"isDefault":true}}]}}"#,
            price("1980"),
            price("0.00"),
            price("500")
        );
        let Ok(Answer::Cart(cart)) = answer(Ask::Init, &text, Currency::JPY) else { panic!("a cart") };
        assert_eq!((cart.charge, cart.shipping, cart.base), (yen(1_980), yen(0), None));
        assert_eq!(cart.option("a").map(|option| option.name.as_str()), Some("速達"));
        assert_eq!(answer(Ask::Init, "null", Currency::JPY).ok(), Some(Answer::Cart(Cart::default())));
        assert_eq!(answer(Ask::Complete, "null", Currency::JPY).ok(), Some(Answer::Success));
        for (ask, text, says) in [
            (Ask::Complete, "{}", "status: \"success\""),
            (Ask::Complete, r#"{"status":"redirectRequired"}"#, "redirectUrl is missing"),
            (Ask::Complete, r#"{"status":"redirectRequired","redirectUrl":"javascript:0"}"#, "redirectUrl must be"),
            (Ask::Init, r#"{"status":"success"}"#, "status can only be"),
            (Ask::Init, "3", "return an object"),
            (Ask::Init, r#"{"totalChargAmount":1}"#, "totalChargAmount"),
            (
                Ask::ShippingAddress,
                r#"{"totalChargeAmount":{"amount":"1.5","currencyCode":"JPY"}}"#,
                "totalChargeAmount.amount",
            ),
        ] {
            let error = answer(ask, text, Currency::JPY).expect_err(text);
            assert!(error.message.contains(says), "{text}: {}", error.message);
        }
    }

    #[test]
    fn a_providers_button_names_it_and_the_totals() {
        let config = json!({"storeId": "s", "processorSpecifications": {"name": "sekisho"}, "paymentDetails": {
            "paymentIntent": "Confirm", "totalBaseAmount": {"amount": "8000", "currencyCode": "JPY"},
            "chargeAmount": {"amount": "8800", "currencyCode": "JPY"}}});
        let read = request(config.to_string().as_bytes(), ProductType::PayOnly, Currency::JPY).expect("read");
        assert_eq!((read.processor.as_deref(), read.session.on_page), (Some("sekisho"), true));
        assert_eq!((read.cart.base, read.cart.charge), (Amount::new(8_000).ok(), Amount::new(8_800).ok()));
        let mut wrong = config.clone();
        wrong["webCheckoutDetails"] = json!({"checkoutMode": "ProcessOrder"});
        let error = request(wrong.to_string().as_bytes(), ProductType::PayOnly, Currency::JPY).expect_err("refused");
        assert!(error.message.contains("Leave it out"), "{}", error.message);
        let error = request(br#"{"storeId":"s"}"#, ProductType::PayOnly, Currency::JPY).expect_err("refused");
        assert!(error.message.contains("paymentIntent is missing"), "{}", error.message);
    }
}
