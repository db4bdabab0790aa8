//! `/_control/openapi.json`: the control API as OpenAPI 3.1. A table kept by hand; a test holds it against the routes.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::routes::routes;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));

/// `/_control/openapi.json`.
pub(super) async fn serve() -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], DOCUMENT.as_str()).into_response()
}

/// One method at one path, in words.
struct Doc {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    takes: Takes,
    gives: Gives,
}

/// What a request carries.
enum Takes {
    Nothing,
    /// The query of a list.
    Filter,
    /// A body of this schema.
    Body(&'static str),
}

/// What is answered when all is well.
enum Gives {
    Page,
    /// 200, and a body of this schema.
    Json(&'static str),
    /// 201, and a body of this schema.
    Created(&'static str),
}

use Gives::{Created, Json, Page};
use Takes::{Body, Filter, Nothing};

const fn doc(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    takes: Takes,
    gives: Gives,
) -> Doc {
    Doc { method, path, id, summary, takes, gives }
}

#[rustfmt::skip]
const DOCS: [Doc; 29] = [
    doc("get", "/_control", "reference", "This API, explained for people.", Nothing, Page),
    doc("get", "/_control/", "referencePage", "This API, explained for people.", Nothing, Page),
    doc("get", "/_control/openapi.json", "openapi", "This document.", Nothing, Json("Anything")),
    doc("get", "/_control/merchants", "merchants", "Everybody who may call, with the fingerprints of their keys.", Nothing, Json("Merchants")),
    doc("get", "/_control/ledger", "ledger", "Every object as the API shows it, every movement of money, the last 10,000 requests.", Nothing, Json("Anything")),
    doc("get", "/_control/checkoutSessions", "checkoutSessions", "Checkout sessions, newest first.", Filter, Json("Objects")),
    doc("post", "/_control/checkoutSessions", "playCheckout", "Makes a session with its buyer, without a browser.", Body("Play"), Created("Anything")),
    doc("get", "/_control/chargePermissions", "chargePermissions", "Charge permissions, newest first, each with what was captured and refunded.", Filter, Json("Objects")),
    doc("post", "/_control/chargePermissions/{id}", "befall", "Blocks or closes a charge permission, or gives it another card.", Body("Event"), Json("Anything")),
    doc("get", "/_control/charges", "charges", "Charges, newest first.", Filter, Json("Objects")),
    doc("get", "/_control/refunds", "refunds", "Refunds, newest first.", Filter, Json("Objects")),
    doc("get", "/_control/objects/{id}", "object", "One object with its history, what belongs to it, its requests and messages, and what it may become.", Nothing, Json("Detail")),
    doc("post", "/_control/objects/{id}/state", "forceState", "Puts an object into a state.", Body("Force"), Json("Detail")),
    doc("post", "/_control/objects/{id}/ipn", "tell", "Sends its merchant a message (IPN) about an object.", Nothing, Created("Message")),
    doc("get", "/_control/requests", "requests", "Requests to the API, newest first.", Filter, Json("Requests")),
    doc("get", "/_control/requests/{requestId}", "request", "One request whole: headers, body, answer, what had to be signed, and what seems to have been signed.", Nothing, Json("Request")),
    doc("post", "/_control/requests/{requestId}/compare", "compare", "Compares what had to be signed with a client’s own canonical request.", Body("Own"), Json("Comparison")),
    doc("post", "/_control/reset", "reset", "Forgets objects, requests, idempotency keys, messages and faults, and sets the clock right.", Nothing, Json("Clock")),
    doc("get", "/_control/clock", "clock", "The sandbox’s time.", Nothing, Json("Clock")),
    doc("post", "/_control/clock", "advanceClock", "Moves the clock on; what was due by then has then happened.", Body("Advance"), Json("Clock")),
    doc("get", "/_control/faults", "faults", "The faults in force.", Nothing, Json("Faults")),
    doc("post", "/_control/faults", "addFault", "Asks for a fault.", Body("Rule"), Created("Faults")),
    doc("delete", "/_control/faults", "clearFaults", "Removes all faults.", Nothing, Json("Faults")),
    doc("get", "/_control/ipn", "ipn", "Endpoints, how messages are sent, and what became of the last 1,000.", Nothing, Json("Ipn")),
    doc("post", "/_control/ipn/endpoints", "registerEndpoint", "Registers where a merchant’s messages go.", Body("Endpoint"), Created("Ipn")),
    doc("delete", "/_control/ipn/endpoints/{merchantId}", "forgetEndpoint", "Takes a merchant’s endpoint away.", Nothing, Json("Ipn")),
    doc("post", "/_control/ipn/behaviour", "behave", "How messages are signed, doubled and reordered from now on.", Body("Behaviour"), Json("Ipn")),
    doc("post", "/_control/ipn/messages", "sendMessage", "Sends a message about any object, whether there is one or not.", Body("Send"), Created("Message")),
    doc("post", "/_control/ipn/messages/{messageId}", "repeatMessage", "Sends a message once more, just as it was.", Nothing, Created("Ipn")),
];

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for route in routes() {
        let Some(doc) = DOCS.iter().find(|doc| (doc.method, doc.path) == (route.method, route.path)) else { continue };
        let methods = paths.entry(doc.path).or_insert_with(|| json!({}));
        methods[doc.method] = doc.operation();
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho sandbox control",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "For whoever tests against the sandbox. Nothing of this exists at Amazon, nobody is asked for a \
                            password, and no money moves. What would change something is refused (403) where it comes \
                            from another site’s page in a browser.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The sandbox that serves this document."}],
        "security": [],
        "paths": paths,
        "components": {"schemas": schemas()},
    })
}

impl Doc {
    fn operation(&self) -> Value {
        let content = |schema: &str| json!({"application/json": {"schema": reference(schema)}});
        let (status, description, body) = match self.gives {
            Page => ("200", "A page.", json!({"text/html": {"schema": {"type": "string"}}})),
            Json(schema) => ("200", "Done.", content(schema)),
            Created(schema) => ("201", "Made.", content(schema)),
        };
        let mut responses = Map::new();
        responses.insert(status.to_owned(), json!({"description": description, "content": body}));
        let mut fail = |status: &str, why: &str| {
            responses.insert(status.to_owned(), json!({"description": why, "content": content("Error")}));
        };
        if matches!(self.takes, Filter | Body(_)) || self.path.ends_with("{merchantId}") {
            fail("400", "Refused; the text says what would have been right.");
        }
        if self.path.starts_with("/_control/objects/") || self.path.starts_with("/_control/requests/") {
            fail("404", "There is no such object or request.");
        }
        let mut operation = json!({"operationId": self.id, "summary": self.summary, "parameters": self.parameters()});
        if let Body(schema) = self.takes {
            operation["requestBody"] = json!({"required": true, "content": content(schema)});
        }
        operation["responses"] = Value::Object(responses);
        operation
    }

    fn parameters(&self) -> Vec<Value> {
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path =
            in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
        let mut all: Vec<_> = in_path.collect();
        if matches!(self.takes, Filter) {
            let asked = |(name, description, schema): (&str, &str, Value)| json!({"name": name, "in": "query", "description": description, "schema": schema});
            let text = || json!({"type": "string"});
            all.extend(
                [
                    ("merchantId", "Of this merchant only.", text()),
                    (
                        "id",
                        "Only those with this in their id; of requests, in path, request id or objects’ ids.",
                        text(),
                    ),
                    ("before", "Only older ones: what `older` of the page before said.", text()),
                    ("limit", "How many.", json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 100})),
                ]
                .map(asked),
            );
            if self.path == "/_control/requests" {
                all.push(asked(("objectId", "Only those about this object.", text())));
                all.push(asked(("refused", "Only those answered 400 or more.", json!({"type": "boolean"}))));
            }
        }
        all
    }
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// An object whose fields are these; those whose names end with `?` may be absent.
fn fields(pairs: &[(&str, Value)]) -> Value {
    let name = |name: &&str| name.trim_end_matches('?').to_owned();
    let properties: Map<_, _> = pairs.iter().map(|(one, schema)| (name(one), schema.clone())).collect();
    let required: Vec<_> = pairs.iter().map(|(one, _)| one).filter(|one| !one.ends_with('?')).map(name).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn schemas() -> Value {
    let (Value::Object(mut all), Value::Object(more)) = (sight_schemas(), act_schemas()) else { return Value::Null };
    all.extend(more);
    Value::Object(all)
}

/// What is looked at.
fn sight_schemas() -> Value {
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    let or_null = json!({"type": ["string", "null"]});
    let list = |schema: &str| json!({"type": "array", "items": reference(schema)});
    let many = |items: &str| fields(&[("items", list(items)), ("older", or_null.clone())]);
    json!({
        "Anything": {"type": "object"},
        "Error": fields(&[("error", text.clone())]),
        "Merchants": fields(&[("merchants", list("Anything"))]),
        "Object": fields(&[
            ("kind", json!({"enum": ["checkoutSession", "chargePermission", "charge", "refund"]})), ("id", text.clone()),
            ("merchantId", text.clone()), ("state", text.clone()), ("reasonCode", or_null.clone()),
            ("detail", or_null.clone()), ("amount", or_null.clone()), ("currencyCode", text.clone()),
            ("captured", or_null.clone()), ("sum", json!({"type": ["object", "null"]})), ("parent", or_null.clone()),
            ("created", text.clone()), ("updated", text.clone()),
        ]),
        "Objects": many("Object"),
        "Step": fields(&[
            ("at", text.clone()), ("atMs", number.clone()), ("state", text.clone()), ("reasonCode", or_null.clone()),
            ("detail", or_null.clone()), ("cause", json!({"enum": ["request", "buyer", "timer", "control"]})),
            ("operation", or_null.clone()), ("requestId", or_null.clone()),
        ]),
        "Way": fields(&[("state", text.clone()), ("reasonCodes", json!({"type": "array", "items": text.clone()}))]),
        "Detail": fields(&[
            ("summary", reference("Object")), ("object", json!({"type": "object"})), ("history", list("Step")),
            ("historyForgotten", number.clone()), ("linked", list("Object")), ("mayBecome", list("Way")),
            ("requests", list("RequestLine")), ("ipn", list("Anything")),
        ]),
        "RequestLine": fields(&[
            ("number", number.clone()), ("at", text.clone()), ("method", text.clone()), ("path", text.clone()),
            ("operation", or_null.clone()), ("requestId", text.clone()), ("merchantId", or_null.clone()),
            ("status", json!({"type": ["integer", "null"]})), ("reasonCode", or_null.clone()),
        ]),
        "Requests": many("RequestLine"),
        "Request": fields(&[
            ("summary", reference("RequestLine")), ("objectIds", json!({"type": "array", "items": text.clone()})),
            ("headers", json!({"type": ["array", "null"]})), ("body", json!({"type": ["object", "null"]})),
            ("answer", json!({"type": ["object", "null"]})), ("signature", json!({"type": ["object", "null"]})),
        ]),
    })
}

/// What is asked for, and what comes of it.
fn act_schemas() -> Value {
    let (text, number, flag) = (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": "boolean"}));
    let or_null = json!({"type": ["string", "null"]});
    let list = |schema: &str| json!({"type": "array", "items": reference(schema)});
    json!({
        "Own": fields(&[("canonicalRequest", text.clone())]),
        "Comparison": fields(&[
            ("same", flag.clone()), ("firstDifferingLine", json!({"type": ["integer", "null"]})),
            ("lines", list("Anything")),
        ]),
        "Play": fields(&[
            ("merchantId", text.clone()), ("payload", json!({"type": "object"})), ("productType?", text.clone()),
            ("buyer?", text.clone()), ("address?", text.clone()), ("addresses?", json!({"type": "array", "items": text})),
            ("payment?", text.clone()),
            ("upTo?", json!({"enum": ["new", "chosen", "paid"]})),
        ]),
        "Event": fields(&[("reason?", text.clone()), ("payment?", text.clone())]),
        "Force": fields(&[("state", text.clone()), ("reasonCode?", or_null.clone())]),
        "Clock": fields(&[("now", text.clone()), ("now_ms", number.clone()), ("offset_ms", number.clone())]),
        "Advance": fields(&[("advance_ms", json!({"type": "integer", "minimum": 0}))]),
        "Rule": fields(&[
            ("operation", text.clone()), ("times?", number.clone()), ("delay_ms?", number.clone()),
            ("status?", json!({"type": ["integer", "null"], "minimum": 400, "maximum": 599})),
            ("reason_code?", or_null.clone()), ("message?", or_null.clone()), ("simulation_code?", or_null.clone()),
            ("lose_answer?", flag.clone()), ("hang?", flag.clone()),
        ]),
        "Faults": fields(&[("faults", list("Rule"))]),
        "Ipn": fields(&[("endpoints", list("Anything")), ("behaviour", reference("Behaviour")), ("messages", list("Anything"))]),
        "Endpoint": fields(&[("merchantId", text.clone()), ("url", text.clone()), ("untilConfirmed?", flag.clone())]),
        "Behaviour": fields(&[
            ("signatureVersion?", json!({"enum": ["1", "2"]})), ("duplicates?", number.clone()),
            ("reorder?", number.clone()),
        ]),
        "Send": fields(&[
            ("merchantId", text.clone()),
            ("objectType", json!({"enum": ["CHARGE_PERMISSION", "CHARGE", "REFUND", "CHARGEBACK"]})),
            ("objectId", text.clone()), ("chargePermissionId?", or_null.clone()), ("attributeChange?", flag.clone()),
        ]),
        "Message": fields(&[("messageId", text.clone())]),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_in_the_document_and_nothing_else_is() {
        let served: BTreeSet<_> = routes().iter().map(|route| (route.path, route.method)).collect();
        let told: BTreeSet<_> = DOCS.iter().map(|doc| (doc.path, doc.method)).collect();
        assert_eq!(served, told);
        let document = document();
        let methods = document["paths"].as_object().expect("paths").values();
        assert_eq!(methods.map(|methods| methods.as_object().map_or(0, Map::len)).sum::<usize>(), DOCS.len());
    }

    #[test]
    fn no_other_part_of_the_sandbox_adds_a_control_route() {
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).expect("a text");
                    let adds = concat!(".route(\"/_", "control");
                    assert!(!text.contains(adds), "{} must use control/routes.rs", path.display());
                }
            }
        }
    }

    #[test]
    fn every_schema_is_there_and_used_and_ids_are_different() {
        let text = document().to_string();
        let schemas = schemas();
        let names: BTreeSet<_> = schemas.as_object().expect("an object").keys().map(String::as_str).collect();
        let used = text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        assert_eq!(used.collect::<BTreeSet<_>>(), names);
        assert_eq!(DOCS.iter().map(|doc| doc.id).collect::<BTreeSet<_>>().len(), DOCS.len());
    }

    #[test]
    fn the_page_for_people_names_every_path() {
        let page = include_str!("reference.html");
        for doc in &DOCS {
            assert!(page.contains(doc.path.trim_end_matches('/')), "{} is not in reference.html", doc.path);
        }
    }
}
