//! A shop's call: which parameters it has, and what stands in them.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use sekisho::protocol::encoding::encode_windows_31j;
use sekisho::protocol::{Call, Field, Style};
use serde_json::{Map, Value};

use super::super::bytes::{Bytes, escaped};
use super::super::request::{LIMITS, right};
use super::memory::{Memory, SHOPS};

/// A call, ready to be sent.
pub(super) struct ShopCall {
    pub(super) call: Call,
    pub(super) shop: usize,
    /// By the idPass names.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) request: Request<Body>,
}

const WAYS: [&[Field]; 6] = [
    &[Field::AmazonCheckoutSessionId, Field::RetUrl],
    &[Field::AmazonCheckoutSessionId, Field::RetUrl, Field::FrequencyUnit, Field::FrequencyValue],
    &[Field::AmazonCheckoutSessionId],
    &[Field::AmazonChargePermissionId],
    &[Field::ApbType, Field::RetUrl],
    &[Field::AmazonChargePermissionId, Field::ApbType, Field::RetUrl],
];
const ALWAYS: [Field; 11] = [
    Field::ShopId,
    Field::ShopPass,
    Field::AccessId,
    Field::AccessPass,
    Field::OrderId,
    Field::JobCd,
    Field::Amount,
    Field::AmazonpayType,
    Field::CancelAmount,
    Field::PayType,
    Field::Tax,
];

impl ShopCall {
    /// Any call of any shop. Three of four are right in every parameter, as far as one call can tell.
    pub(super) fn any(memory: &mut Memory, bytes: &mut Bytes<'_>) -> Self {
        let call = Call::ALL[bytes.below(Call::ALL.len())];
        Self::of(call, memory, bytes)
    }

    /// That call.
    pub(super) fn of(call: Call, memory: &mut Memory, bytes: &mut Bytes<'_>) -> Self {
        let manner = bytes.byte();
        let style = if manner & 1 == 0 { Style::IdPass } else { Style::Json };
        let transaction = memory.transaction(usize::from(manner >> 1 & 3));
        let shop = if call == Call::EntryTran { usize::from(manner >> 3 & 1) } else { transaction.shop };
        let way = WAYS[usize::from(manner >> 4) % WAYS.len()];
        let wrong = bytes.byte();
        let mut parameters = BTreeMap::new();
        for (field, _) in call.fields() {
            let name = field.name(Style::IdPass).into_owned();
            let value = match field {
                Field::ShopId => SHOPS[shop].0.to_owned(),
                Field::ShopPass => SHOPS[shop].1.to_owned(),
                Field::OrderId if call == Call::EntryTran => memory.new_order(),
                Field::OrderId => transaction.order_id.clone(),
                Field::AccessId => transaction.access_id.clone(),
                Field::AccessPass => transaction.access_pass.clone(),
                Field::Token => transaction.token.clone(),
                Field::AmazonCheckoutSessionId => memory.session(shop),
                Field::AmazonChargePermissionId => memory.permissions.last().cloned().unwrap_or_default(),
                _ => {
                    let right = right(*field);
                    right[usize::from(wrong >> 4) % right.len()].to_owned()
                }
            };
            let belongs = ALWAYS.contains(field) || call != Call::ExecTran || way.contains(field);
            match wrong & 3 {
                // Each parameter has a byte of its own.
                3 => parameters.extend(distorted(*field, value, bytes).map(|value| (name, value))),
                _ if belongs => _ = parameters.insert(name, value),
                _ => {}
            }
        }
        if wrong & 7 == 4 {
            // Then ExecTran decides what the payment is.
            parameters.remove("PaymentType");
        }
        if call == Call::SearchAddress && wrong & 3 != 3 {
            parameters.remove("AmazonBuyerToken");
            parameters.remove(if wrong & 4 == 0 { "OrderID" } else { "AmazonCheckoutSessionID" });
        }
        let charset = match (wrong & 8, manner & 16) {
            (0, _) => Charset::Utf8,
            (_, 0) => Charset::Windows31J,
            _ => Charset::Unsaid,
        };
        let request = request(call, style, charset, &parameters);
        Self { call, shop, parameters, request }
    }
}

fn distorted(field: Field, value: String, bytes: &mut Bytes<'_>) -> Option<String> {
    match bytes.below(16) {
        0..=8 => Some(value),
        9 => None,
        10 => Some(String::new()),
        11 => Some(bytes.pick(LIMITS).to_owned()),
        12 => Some(bytes.pick(right(field)).to_owned()),
        13 => Some("あ".repeat(usize::from(bytes.byte()))),
        14 => Some("9".repeat(usize::from(bytes.byte()))),
        _ => Some(bytes.text()),
    }
}

/// How a form's text is written, and whether it says so.
#[derive(Debug, Clone, Copy)]
enum Charset {
    Utf8,
    Windows31J,
    /// UTF-8 that does not say so: the first shop reads it as `auto`, the second as Windows-31J.
    Unsaid,
}

fn request(call: Call, style: Style, charset: Charset, parameters: &BTreeMap<String, String>) -> Request<Body> {
    let (suffix, content_type, body) = match style {
        Style::IdPass => {
            let bytes = |value: &String| match charset {
                Charset::Windows31J => encode_windows_31j(value),
                Charset::Utf8 | Charset::Unsaid => value.as_bytes().to_vec(),
            };
            let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(&bytes(value))));
            let content_type = match charset {
                Charset::Utf8 => "application/x-www-form-urlencoded;charset=utf-8",
                Charset::Windows31J => "application/x-www-form-urlencoded;charset=windows-31j",
                Charset::Unsaid => "application/x-www-form-urlencoded",
            };
            ("idPass", content_type, pairs.collect::<Vec<_>>().join("&"))
        }
        Style::Json => {
            let lowered = |name: &str| name[..1].to_ascii_lowercase() + &name[1..];
            let members = parameters.iter().map(|(name, value)| (lowered(name), Value::from(value.as_str())));
            ("json", "application/json", Value::Object(members.collect::<Map<_, _>>()).to_string())
        }
    };
    Request::post(format!("/payment/{}.{suffix}", call.name()))
        .header("content-type", content_type)
        .body(Body::from(body))
        .expect("a request")
}
