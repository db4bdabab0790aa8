//! `/openapi.json`: the `.json` calls as OpenAPI 3.1, made of the same tables that the validator reads.
//!
//! Written as JSON by hand, because a schema here comes from data ([`Field`], [`Call`]) and not from Rust types.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::protocol::shape::Shape;
use crate::protocol::{
    AnswerField, AnswerShape, Call, Clash, ErrClass, ErrInfo, Field, Language, Need, Style, meaning,
};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

/// `/openapi.json`.
pub(super) async fn serve() -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], DOCUMENT.as_str()).into_response()
}

/// The document: one path a call that speaks JSON.
pub fn document() -> Value {
    let calls = || Call::ALL.into_iter().filter(|call| call.speaks(Style::Json));
    let paths: Map<_, _> =
        calls().map(|call| (format!("/payment/{}.json", call.name()), json!({"post": operation(call)}))).collect();
    let mut schemas: Map<_, _> = calls().map(|call| (request_name(call), request(call))).collect();
    for call in calls() {
        schemas.extend(call.answers().iter().map(|shape| (shape.name.to_owned(), answer(shape))));
    }
    schemas.insert("Errors".to_owned(), errors());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What a shop's server calls, in the JSON style. Every call also exists as `.idPass`: a form in \
                            Windows-31J whose names begin with a capital letter. A blank value or null is no value; of \
                            several values of one name the first that is not blank counts; unknown names are ignored; a \
                            number may come as a number or as a string.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The gateway that serves this document."}],
        // A shop names itself and its password in every body.
        "security": [],
        "tags": [{"name": "payment", "description": "What a shop's server calls."}],
        "paths": paths,
        "components": {"schemas": schemas, "responses": error_responses()},
    })
}

fn operation(call: Call) -> Value {
    let may_be = |class| call.errors().iter().any(|code| code.class() == class);
    let mut answers: Vec<_> = call.answers().iter().map(|shape| reference(shape.name)).collect();
    answers.extend(may_be(ErrClass::Busy).then(|| reference("Errors")));
    let failure = |name: &str| json!({"$ref": format!("#/components/responses/{name}")});
    let mut responses = Map::from_iter([
        (
            "200".to_owned(),
            json!({
                "description": "The answer; or E90010001, where something else is at work on the transaction.",
                "content": {"application/json": {"schema": {"oneOf": answers}}},
            }),
        ),
        ("400".to_owned(), failure("Input")),
        ("500".to_owned(), failure("System")),
    ]);
    if may_be(ErrClass::Provider) {
        responses.insert("502".to_owned(), failure("Provider"));
    }
    json!({
        "operationId": call.name(),
        "tags": ["payment"],
        "summary": call.purpose(Language::English),
        "description": description(call),
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": reference(&request_name(call))}},
        },
        "responses": responses,
    })
}

fn request_name(call: Call) -> String {
    format!("{}Request", call.name())
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// What a schema cannot say: combinations, and the codes with their texts.
fn description(call: Call) -> String {
    let mut lines = vec![call.purpose(Language::Japanese).to_owned()];
    if !call.clashes().is_empty() {
        lines.push("\nRefused together:\n".to_owned());
    }
    let when = |clash: &Clash| clash.when.describe(Language::English, Style::Json);
    lines.extend(call.clashes().iter().map(|clash| format!("- {}: {}", clash.otherwise, when(clash))));
    lines.push("\nErrors:\n".to_owned());
    lines.extend(call.errors().iter().map(|code| format!("- {code}: {} {}", code.english(), code.japanese())));
    lines.join("\n")
}

fn request(call: Call) -> Value {
    let name = |field: Field| field.name(Style::Json).into_owned();
    let properties: Map<_, _> =
        call.fields().iter().map(|(field, need)| (name(*field), property(*field, *need))).collect();
    let required = call.fields().iter().filter(|(_, need)| *need == Need::Required).map(|(field, _)| name(*field));
    json!({"type": "object", "properties": properties, "required": required.collect::<Vec<_>>()})
}

fn property(field: Field, need: Need) -> Value {
    let rule = field.rule();
    let mut schema = Map::new();
    for check in rule.checks {
        add_limit(check.shape, &mut schema);
    }
    let needed = need.describe(Language::English, Style::Json);
    let limits = field.limits(Language::English);
    let between = if limits.is_empty() { "" } else { ": " };
    let description = format!(
        "{} ({needed}{between}{limits}) {}",
        meaning(rule.name, Language::English),
        meaning(rule.name, Language::Japanese)
    );
    schema.insert("description".to_owned(), description.into());
    if let Some(default) = rule.default {
        schema.insert("default".to_owned(), default.into());
    }
    let is_number = rule.checks.iter().any(|check| matches!(check.shape, Shape::Digits));
    if let Some(digits) = schema.get("maxLength").and_then(Value::as_u64).filter(|_| is_number) {
        let most = (0..digits).fold(0_u64, |most, _| most * 10 + 9);
        schema.entry("maximum").or_insert(json!(most));
    }
    let mut types = vec!["string"];
    types.extend(is_number.then_some("integer"));
    // Only what must be there must not be null.
    types.extend((need != Need::Required).then_some("null"));
    if need == Need::Required {
        schema.entry("minLength").or_insert(json!(1));
    }
    if schema.contains_key("enum") {
        widen_enum(&mut schema, need);
    }
    schema.insert("type".to_owned(), json!(types));
    Value::Object(schema)
}

/// `null` and the blank are no value; an `enum` that does not say so would forbid them.
fn widen_enum(schema: &mut Map<String, Value>, need: Need) {
    if let Some(Value::Array(words)) = schema.get_mut("enum")
        && need != Need::Required
    {
        words.extend([json!(""), Value::Null]);
    }
}

/// What JSON Schema can say of a limit. A blank is no value and breaks none, so patterns let it pass; whether one is
/// allowed is said by `minLength`.
fn add_limit(shape: Shape, schema: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| _ = schema.insert(key.to_owned(), value);
    match shape {
        Shape::All(shapes) => shapes.iter().for_each(|shape| add_limit(*shape, schema)),
        Shape::Length(count) => {
            put("minLength", json!(count));
            put("maxLength", json!(count));
        }
        // A text of n bytes in Windows-31J has at most n characters.
        Shape::CharactersMax(max) | Shape::BytesMax(max) | Shape::Windows31jBytesMax(max) => {
            put("maxLength", json!(max));
        }
        Shape::OneOf(words) => put("enum", json!(words)),
        Shape::Range(least, most) => {
            put("minimum", json!(least));
            put("maximum", json!(most));
        }
        Shape::WebUrl => put("format", json!("uri")),
        Shape::Alphanumeric => put("pattern", json!("^[0-9A-Za-z]*$")),
        Shape::AlphanumericOrHyphen => put("pattern", json!("^[0-9A-Za-z-]*$")),
        Shape::Digits => {
            put("pattern", json!("^[0-9]*$"));
            schema.entry("minimum").or_insert(json!(0));
        }
        Shape::MadeOf(alphabet) => put("pattern", json!(format!("^[{}]*$", class_of(alphabet)))),
        Shape::AmazonId => put("pattern", json!("^[0-9A-Za-z._-]*$")),
        Shape::VisibleAscii => put("pattern", json!("^[!-~]*$")),
        Shape::CountryCode => put("pattern", json!("^([A-Z]{2})?$")),
        Shape::OneLine => put("pattern", json!("^[^\\u0000-\\u001F\\u007F-\\u009F]*$")),
        Shape::OneLineWithoutSymbols => {
            put("pattern", json!("^[^\\u0000-\\u001F\\u007F-\\u009F^`{|}~&<>\"']*$"));
        }
    }
}

/// An alphabet inside the brackets of a regular expression.
fn class_of(alphabet: &str) -> String {
    alphabet
        .chars()
        .flat_map(|c| (!c.is_ascii_alphanumeric() && c != ' ').then_some('\\').into_iter().chain([c]))
        .collect()
}

fn answer(shape: &AnswerShape) -> Value {
    let name = |field: &AnswerField| field.name(Style::Json);
    let property = |field: &AnswerField| {
        let text = format!("{} {}", meaning(field.name, Language::English), meaning(field.name, Language::Japanese));
        (name(field), json!({"type": "string", "description": text}))
    };
    let properties: Map<_, _> = shape.fields.iter().map(property).collect();
    let required: Vec<_> = shape.fields.iter().filter(|field| field.always).map(name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn errors() -> Value {
    let codes: Vec<_> = ErrInfo::all().map(ErrInfo::as_str).collect();
    json!({
        "type": "array",
        "description": "Every fault at once, in the order of the parameters.",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "errCode": {"type": "string", "description": meaning("ErrCode", Language::English)},
                "errInfo": {"type": "string", "description": meaning("ErrInfo", Language::English), "enum": codes},
            },
            "required": ["errCode", "errInfo"],
            "additionalProperties": false,
        },
    })
}

fn error_responses() -> Value {
    let response = |description: &str| json!({"description": description, "content": {"application/json": {"schema": reference("Errors")}}});
    json!({
        "Input": response("Parameters, the shop's settings or the transaction do not allow it."),
        "System": response("The gateway or its database failed."),
        "Provider": response("Amazon refused, or could not be reached."),
    })
}
