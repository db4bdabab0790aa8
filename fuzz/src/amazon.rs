//! What Amazon answers: objects, refusals, and whatever something between Amazon and the gateway may say instead.

use std::fmt::Debug;

use sekisho::amazonpay::{
    Answer, CallError, Charge, ChargePermission, CheckoutSession, Price, PriceError, Refund, UnknownCause,
};
use serde::de::DeserializeOwned;

use super::bytes::Bytes;

const STATUSES: [u16; 20] =
    [200, 201, 202, 400, 401, 403, 404, 405, 409, 422, 425, 429, 500, 502, 503, 504, 204, 301, 408, 999];

/// The answer to a call about each kind of object, under any status.
pub fn answer(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let kind = bytes.below(4);
    let status = STATUSES[bytes.below(STATUSES.len())];
    let body = bytes.all();
    match kind {
        0 => judged::<CheckoutSession>(status, body, |it| prices(it.payment_details.charge_amount.iter())),
        1 => judged::<Charge>(status, body, |it| prices([&it.charge_amount].into_iter().chain(&it.capture_amount))),
        2 => judged::<ChargePermission>(status, body, |_| {}),
        _ => judged::<Refund>(status, body, |it| prices([&it.refund_amount].into_iter())),
    }
}

fn judged<T: DeserializeOwned + Debug + PartialEq>(status: u16, body: &[u8], look: impl Fn(&T)) {
    let read = serde_json::from_slice::<T>(body);
    match Answer::<T>::judge(status, body) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            assert_eq!(Ok(&answer.value), read.as_ref().map_err(|_| ()));
            assert_eq!(answer.status, status);
            look(&answer.value);
            let _ = format!("{answer:?}");
        }
        // A no is Amazon's only in Amazon's form; everything else proves nothing.
        Err(CallError::Refused { status: refused, reason_code, message, earlier_unknown, .. }) => {
            assert!(refused == status && (400..500).contains(&status) && !earlier_unknown);
            assert!(!reason_code.is_empty() && !reason_code.chars().any(char::is_control), "{reason_code:?}");
            assert!(reason_code.chars().count() <= 128 && message.chars().count() <= 500);
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
        Err(CallError::Unknown { cause, .. }) => {
            assert!(!(200..300).contains(&status) || read.is_err(), "{cause:?}");
            assert_ne!(cause, UnknownCause::WrongObject, "nobody asked for a certain one");
        }
        Err(error @ CallError::NotSent { .. }) => panic!("there was an answer: {error}"),
    }
}

fn prices<'a>(prices: impl Iterator<Item = &'a Price>) {
    for price in prices {
        let _ = (price.yen(), price.whole_yen(), price.currency_code());
    }
}

/// An amount as Amazon may write it, against arithmetic of our own: digits, perhaps a point, never rounded.
pub fn amount(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let is_text = bytes.byte().is_multiple_of(2);
    let text = String::from_utf8_lossy(bytes.all()).into_owned();
    let spelled = if is_text { serde_json::Value::from(text.as_str()).to_string() } else { text.clone() };
    let body = format!("{{\"amount\":{spelled},\"currencyCode\":\"JPY\"}}");
    let Ok(price) = serde_json::from_str::<Price>(&body) else { return };
    // A bare number comes through the JSON reader's floating point, which is exact up to 15 digits. Amazon has eight.
    if !is_text && text.bytes().filter(u8::is_ascii_digit).count() > 15 {
        let _ = price.yen();
        return;
    }
    match price.yen() {
        Ok(yen) => {
            assert!((0..=9_999_999).contains(&yen.get()));
            if let Some((whole, fraction)) = plain(&text) {
                assert!(fraction.bytes().all(|b| b == b'0'), "{text} was rounded to {yen}");
                let digits = whole.trim_start_matches('0');
                assert_eq!(digits, if yen.get() == 0 { String::new() } else { yen.to_string() }, "{text}");
            }
            assert_eq!(price, Price::of(yen), "the same price twice");
        }
        Err(PriceError::Fraction(_)) => {
            if let Some((_, fraction)) = plain(&text) {
                assert!(fraction.bytes().any(|b| b != b'0'), "{text}");
            }
        }
        Err(PriceError::OutOfRange(_)) => {
            if let Some((whole, _)) = plain(&text) {
                assert!(whole.trim_start_matches('0').len() > 7, "{text}");
            }
        }
        Err(error @ PriceError::Currency(_)) => panic!("{error}"),
    }
}

/// The digits before and after the point, where `text` is nothing but that.
fn plain(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (!whole.is_empty() && digits(whole) && digits(fraction)).then_some((whole, fraction))
}
