//! What is sent: values that the table allows, and values made from the table that it does not.

use sekisho::protocol::encoding::encode_windows_31j;
use sekisho::protocol::shape::Shape;
use sekisho::protocol::{Call, Field, Style};
use serde_json::Value;

use super::model::{Model, Sent};

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// Text, to be written in the style's encoding.
    Of(String),
    /// Bytes that are no text in any encoding: the first of a character without its second.
    Broken,
}

/// One way to send one parameter.
pub(super) struct Variant {
    pub(super) name: String,
    /// The parameter's idPass name.
    pub(super) field: String,
    /// Its values, in order; none where it is left out.
    pub(super) values: Vec<Text>,
    /// What else is sent.
    pub(super) beside: Vec<(String, Text)>,
}

/// A value that the table allows, where that does not depend on the call.
pub(super) fn fair(field: Field, model: &Model) -> String {
    let ground = &model.ground;
    match field {
        Field::ShopId => "tshop00000001",
        Field::ShopPass => "demoshop1pass",
        Field::AccessId => &ground.entered.access_id,
        Field::AccessPass => &ground.entered.access_pass,
        Field::OrderId => ground.entered.order,
        Field::JobCd => "AUTH",
        Field::Amount | Field::CancelAmount => "1980",
        Field::Tax | Field::CancelTax => "198",
        Field::AmazonpayType => "3",
        Field::PaymentType => "0",
        Field::PayType => "38",
        Field::AmazonCheckoutSessionId => &ground.session,
        Field::AmazonChargePermissionId => "S03-0000000-0000000",
        Field::AmazonBuyerToken => "nobody",
        Field::ApbType => "PayAndShip",
        Field::RetUrl => "https://shop.example/result?cart=1",
        Field::FrequencyUnit => "Month",
        Field::FrequencyValue => "1",
        Field::PaymentTermSec => "120",
        Field::AddressPostalCode => "250-0521",
        Field::AddressCountryCode => "JP",
        Field::AddressPhoneNumber => "03-0000-0000",
        Field::Token => "AAAA",
        Field::Version => "108",
        _ => "関所",
    }
    .to_owned()
}

/// A request of `call` in which `field` has a place: everything in it is right, and the answer is known.
pub(super) fn base(call: Call, field: Field, model: &Model) -> Sent {
    use Field as F;
    let apb =
        matches!(field, F::ApbType | F::RetUrl) || call == Call::ExecTran && F::rule(field).name.starts_with("Address");
    let left_out = |other: Field| match call {
        // Of these three just one is sent.
        Call::SearchAddress => KEYS.contains(&other) && other != if KEYS.contains(&field) { field } else { KEYS[0] },
        Call::ExecTran => match other {
            F::AmazonCheckoutSessionId => apb || field == F::AmazonChargePermissionId,
            F::AmazonChargePermissionId => field != other,
            F::FrequencyUnit | F::FrequencyValue => !matches!(field, F::FrequencyUnit | F::FrequencyValue),
            F::ApbType => !apb,
            _ => F::rule(other).name.starts_with("Address") && !apb,
        },
        _ => false,
    };
    let value = |other: Field| match (call, other) {
        // Executed before: whatever is right is answered with that, and nothing is done.
        (Call::ExecTran | Call::Start, F::AccessId) => model.ground.executed.access_id.clone(),
        (Call::ExecTran, F::AccessPass) => model.ground.executed.access_pass.clone(),
        (Call::ExecTran, F::OrderId) => model.ground.executed.order.to_owned(),
        _ => fair(other, model),
    };
    let fields = call.fields().iter().map(|(field, _)| *field).filter(|field| !left_out(*field));
    fields.map(|field| (field.name(Style::IdPass).into_owned(), Text::Of(value(field)))).collect()
}

/// Requests whose every parameter is right by itself, one for each way to contradict oneself.
pub(super) fn contradictions(model: &Model) -> Vec<(Call, Sent)> {
    use Field as F;
    let with = |call: Call, field: Field, changes: &[(Field, &str)]| {
        let mut sent = base(call, field, model);
        for (field, text) in changes {
            let name = field.name(Style::IdPass).into_owned();
            sent.retain(|(other, _)| *other != name);
            sent.push((name, Text::Of((*text).to_owned())));
        }
        (call, sent)
    };
    let session = (F::AmazonCheckoutSessionId, model.ground.session.as_str());
    let permission = (F::AmazonChargePermissionId, "S03-0000000-0000000");
    let month = [(F::FrequencyUnit, "Month"), (F::FrequencyValue, "1")];
    let nothing = [(F::Amount, "0"), (F::Tax, "0")];
    let too_much = [(F::Amount, "9999999"), (F::Tax, "1")];
    let mut all = vec![
        with(Call::EntryTran, F::Amount, &too_much),
        with(Call::EntryTran, F::Amount, &nothing),
        with(Call::EntryTran, F::Amount, &[(F::Amount, "0"), (F::Tax, ""), (F::PaymentType, "1")]),
        with(Call::ExecTran, F::Description, &[permission]),
        with(Call::ExecTran, F::Description, &[(F::ApbType, "PayOnly")]),
        with(Call::ExecTran, F::AmazonChargePermissionId, &[session]),
        with(Call::ExecTran, F::AmazonChargePermissionId, &month),
        with(Call::ExecTran, F::FrequencyUnit, &[(F::FrequencyValue, "0")]),
        with(Call::ExecTran, F::FrequencyUnit, &[(F::FrequencyUnit, "Variable")]),
        with(Call::Cancel, F::CancelAmount, &[(F::CancelAmount, "0"), (F::CancelTax, "0")]),
        with(Call::Cancel, F::CancelAmount, &[(F::CancelAmount, "9999999"), (F::CancelTax, "1")]),
        with(Call::SearchAddress, F::OrderId, &[session]),
        with(Call::SearchAddress, F::OrderId, &[(F::AmazonBuyerToken, "a")]),
        with(Call::SearchAddress, F::OrderId, &[session, (F::AmazonBuyerToken, "a")]),
    ];
    for call in [Call::Sales, Call::Change] {
        all.extend([with(call, F::Amount, &nothing), with(call, F::Amount, &too_much)]);
    }
    all
}

const KEYS: [Field; 3] = [Field::AmazonCheckoutSessionId, Field::OrderId, Field::AmazonBuyerToken];

/// Every way to send `field`.
pub(super) fn variants(call: Call, field: Field) -> Vec<Variant> {
    let name = field.name(Style::IdPass).into_owned();
    let of = |what: &str, values: &[&str]| Variant {
        name: what.to_owned(),
        field: name.clone(),
        values: values.iter().map(|text| Text::Of((*text).to_owned())).collect(),
        beside: Vec::new(),
    };
    let mut all = vec![of("missing", &[]), of("blank", &[""])];
    if let Some((at, over)) = length(field) {
        all.extend([of("at the limit", &[&at]), of("one over", &[&over])]);
    }
    for (least, most) in
        flat(field).filter_map(|shape| if let Shape::Range(a, b) = shape { Some((a, b)) } else { None })
    {
        all.extend([of("the least", &[&least.to_string()]), of("the most", &[&most.to_string()])]);
        all.push(of("beyond the most", &[&(most + 1).to_string()]));
        all.extend(least.checked_sub(1).map(|below| of("below the least", &[&below.to_string()])));
    }
    for words in flat(field).filter_map(|shape| if let Shape::OneOf(words) = shape { Some(words) } else { None }) {
        all.extend(words.iter().map(|word| of(&format!("= {word}"), &[word])));
        all.push(of("in other letters", &[&swapped_case(words[0])]));
    }
    all.extend([of("symbols", &["a_!"]), of("Japanese", &["日本語"]), of("control", &["a\tb"])]);
    all.push(Variant { values: vec![Text::Broken], ..of("broken bytes", &[]) });
    all.push(of("first bad, then blank", &["!\t", ""]));
    all.push(of("blank, then bad", &["", "!\t"]));
    if call != Call::EntryTran || field != Field::OrderId {
        all.push(of("zero, then bad", &["0", "!\t"]));
    }
    let other_case = swapped_case(&name);
    for unknown in ["Nonsense", &other_case] {
        let beside = vec![(unknown.to_owned(), Text::Of("!\t".to_owned()))];
        all.push(Variant { beside, ..of(&format!("only as {unknown}"), &[]) });
    }
    all
}

fn swapped_case(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

/// The shapes of a parameter, those inside [`Shape::All`] too.
pub(super) fn flat(field: Field) -> impl Iterator<Item = Shape> {
    field.rule().checks.iter().flat_map(|check| match check.shape {
        Shape::All(shapes) => shapes.to_vec(),
        shape => vec![shape],
    })
}

/// A text as long as the table allows, and one that is a character or byte longer; both right in every other way.
fn length(field: Field) -> Option<(String, String)> {
    let filled = |count: usize| match field {
        Field::RetUrl => format!("https://shop.example/{}", "a".repeat(count - 21)),
        Field::Amount | Field::Tax | Field::CancelAmount | Field::CancelTax | Field::PaymentTermSec => {
            "9".repeat(count)
        }
        Field::AddressPostalCode | Field::AddressPhoneNumber => "0".repeat(count),
        Field::Description => "関".repeat(count),
        _ => "A".repeat(count),
    };
    flat(field).find_map(|shape| match shape {
        Shape::Length(max) | Shape::CharactersMax(max) | Shape::BytesMax(max) => Some((filled(max), filled(max + 1))),
        Shape::Windows31jBytesMax(max) => Some(("関".repeat(max / 2), "関".repeat(max / 2) + "a")),
        _ => None,
    })
}

/// The request as a form in Windows-31J.
pub(super) fn as_form(sent: &Sent) -> Vec<u8> {
    let bytes: Vec<(&str, Vec<u8>)> = sent
        .iter()
        .map(|(name, text)| match text {
            Text::Of(text) => (name.as_str(), encode_windows_31j(text)),
            Text::Broken => (name.as_str(), b"\x94".to_vec()),
        })
        .collect();
    let pairs: Vec<(&str, &[u8])> = bytes.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    crate::support::form(&pairs)
}

/// The request as JSON, repeated names and all; `None` where a value is no text.
pub(super) fn as_json(sent: &Sent) -> Option<Vec<u8>> {
    let mut members = Vec::new();
    for (name, text) in sent {
        let Text::Of(text) = text else { return None };
        let (first, rest) = name.split_at(1);
        let name = Value::from(first.to_lowercase() + rest);
        // Numbers may come as such.
        let value = match text.parse::<u32>() {
            Ok(number) if number.to_string() == *text => Value::from(number),
            _ => Value::from(text.as_str()),
        };
        members.push(format!("{name}:{value}"));
    }
    Some(format!("{{{}}}", members.join(",")).into_bytes())
}
