//! What goes out: text into Windows-31J and back, and a call's answer as the provider's own client takes it apart.

use std::borrow::Cow;

use sekisho::domain::{AccessId, ChargePermissionId, JobCd, Millis, Status, Yen};
use sekisho::protocol::encoding::{decode_windows_31j, encode_windows_31j};
use sekisho::protocol::{
    AddressReply, ChargePermissionReply, Reply, RequestEncoding, ResponseEncoding, Style, TradeReply,
};
use serde_json::Value;

use super::bytes::{Bytes, unescaped};

/// Bytes into text, in every encoding; text that came out of Windows-31J goes back into it without loss.
pub fn encoding(input: &[u8]) {
    for encoding in [RequestEncoding::Windows31J, RequestEncoding::Utf8, RequestEncoding::Auto] {
        let _ = encoding.decode(input);
    }
    if let Some(text) = decode_windows_31j(input) {
        let again = decode_windows_31j(&encode_windows_31j(&text)).expect("what was encoded can be decoded");
        assert_eq!(again, text);
    }
    let text = String::from_utf8_lossy(input);
    let bytes = encode_windows_31j(&text);
    assert_eq!(decode_windows_31j(&bytes).expect("decodable").chars().count(), text.chars().count());
}

/// A call's answer with any text in it, in both styles and both encodings.
pub fn reply(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    match bytes.below(3) {
        0 => round_trips(&trade(&mut bytes)),
        1 => round_trips(&address(&mut bytes)),
        _ => round_trips(&permission(&mut bytes)),
    }
}

fn round_trips(reply: &dyn Reply) {
    let fields = reply.fields();
    let percent = reply.encode(Style::IdPass, ResponseEncoding::Percent);
    assert!(percent.is_ascii());
    let raw = reply.encode(Style::IdPass, ResponseEncoding::Raw);
    let json = reply.encode(Style::Json, ResponseEncoding::Percent);
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    let json = json.as_object().expect("an object");
    assert_eq!(json.len(), fields.len(), "a name twice");
    for (lines, style) in [(split(&percent), ResponseEncoding::Percent), (split(&raw), ResponseEncoding::Raw)] {
        assert_eq!(lines.len(), fields.len(), "{style:?} splits a value");
        for ((name, value), field) in lines.iter().zip(&fields) {
            assert_eq!(*name, field.name.as_bytes());
            let on_the_wire = match style {
                ResponseEncoding::Percent if !field.verbatim => Cow::Owned(unescaped(value)),
                _ => Cow::Borrowed(*value),
            };
            let sent = if style == ResponseEncoding::Raw && !field.verbatim {
                Cow::Owned(field.value.replace('&', "＆").replace(['\r', '\n'], " "))
            } else {
                Cow::Borrowed(&*field.value)
            };
            assert_eq!(on_the_wire, encode_windows_31j(&sent));
        }
    }
    for ((name, value), field) in json.iter().zip(&fields) {
        assert!(name.eq_ignore_ascii_case(field.name), "{name}");
        assert_eq!(value, &field.value);
    }
}

/// As the provider's own client does it: at `&`, then at the first `=` (psp-protocol 2.3).
fn split(line: &[u8]) -> Vec<(&[u8], &[u8])> {
    let pair = |pair: &'_ [u8]| pair.iter().position(|b| *b == b'=').expect("a name and a value");
    line.split(|b| *b == b'&').map(|it| (&it[..pair(it)], &it[pair(it) + 1..])).collect()
}

fn trade(bytes: &mut Bytes<'_>) -> TradeReply {
    let yen = |bytes: &mut Bytes<'_>| Yen::new(i64::from(bytes.byte()) * 39_215).unwrap_or(Yen::ZERO);
    let status = Status::ALL[bytes.below(Status::ALL.len())];
    let (amount, tax, cancelled) = (yen(bytes), yen(bytes), yen(bytes));
    let permission = bytes.text();
    TradeReply {
        status,
        process_date: Millis(i64::from(bytes.byte()) * 86_400_000_000),
        job: if bytes.byte().is_multiple_of(2) { JobCd::Auth } else { JobCd::Capture },
        access_id: AccessId::new("0123456789abcdef0123456789abcdef").expect("an id"),
        access_pass: "fedcba9876543210fedcba9876543210".to_owned(),
        amount,
        tax,
        cancel_amount: Some(cancelled).filter(|it| *it != Yen::ZERO),
        cancel_tax: None,
        charge_permission_id: ChargePermissionId::new(permission).ok(),
        client_fields: [bytes.text(), bytes.text(), bytes.text()].map(|text| Some(text).filter(|it| !it.is_empty())),
    }
}

fn address(bytes: &mut Bytes<'_>) -> AddressReply {
    let mut reply = AddressReply {
        buyer_id: bytes.text(),
        account_name: bytes.text(),
        mail_address: bytes.text(),
        payment_descriptor: bytes.text(),
        ..AddressReply::default()
    };
    reply.shipping.name = bytes.text();
    reply.shipping.line1 = bytes.text();
    reply.billing.state_or_region = bytes.text();
    reply
}

fn permission(bytes: &mut Bytes<'_>) -> ChargePermissionReply {
    ChargePermissionReply {
        charge_permission_id: ChargePermissionId::new("S03-1234567-1234567").expect("an id"),
        status: bytes.text(),
        reason_code: bytes.text(),
        amount_limit: Yen::new(i64::from(bytes.byte())),
        amount_balance: None,
    }
}
