//! The documents that are made of the protocol's tables and of flows that were really played.

mod collection;
pub(crate) mod exchange;
mod generated;
mod markdown;
mod openapi;
pub(crate) mod scenes;
mod statuses;

use std::collections::BTreeMap;

use sekisho::protocol::{Call, Style};

use self::scenes::Scene;

#[tokio::test]
async fn the_documents_are_up_to_date() {
    let scenes = scenes::play_all().await;
    generated::hold("docs/http/sekisho.http", &collection::collection(&scenes));
    generated::hold_parts("docs/protocol.md", parts(&scenes));
}

#[tokio::test]
async fn answers_have_the_fields_that_the_tables_say() {
    let mut seen = Vec::new();
    for exchange in scenes::play_all().await.into_iter().flat_map(|scene| scene.exchanges) {
        if exchange.refused || exchange.call == Call::Start {
            continue;
        }
        let shapes = exchange.call.answers();
        let shape = shapes.iter().find(|shape| shape.fields.iter().map(|it| it.name).eq(exchange.names()));
        let shape = shape.unwrap_or_else(|| panic!("{:?}: no shape has {:?}", exchange.call, exchange.names()));
        seen.push((exchange.call, exchange.style, shape.name));
    }
    for call in Call::ALL {
        for shape in call.answers() {
            for style in [Style::IdPass, Style::Json] {
                assert!(seen.contains(&(call, style, shape.name)), "no scene shows {} in {style:?}", shape.name);
            }
        }
    }
}

fn parts(scenes: &[Scene]) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    for call in Call::ALL {
        let name = call.name();
        parts.insert(format!("{name} purpose"), purpose(call));
        parts.insert(format!("{name} request"), markdown::request_table(call));
        if call != Call::Start {
            parts.insert(format!("{name} answer"), markdown::answer_tables(call));
        }
        parts.insert(format!("{name} errors"), markdown::further_errors(call));
        parts.insert(format!("{name} examples"), markdown::examples(call, scenes));
    }
    parts.insert("errors".to_owned(), markdown::error_table());
    parts.insert("codes not answered".to_owned(), markdown::unanswered_table());
    parts.insert("statuses".to_owned(), markdown::status_table());
    parts.insert("status by call".to_owned(), statuses::status_by_call());
    parts.insert("result post".to_owned(), markdown::result_post(scenes));
    parts.insert("notifications".to_owned(), markdown::notifications(scenes));
    parts
}

fn purpose(call: Call) -> String {
    use sekisho::protocol::Language;
    let paths = [Style::IdPass, Style::Json].into_iter().filter(|style| call.speaks(*style)).map(|style| match style {
        Style::IdPass => format!("`/payment/{}.idPass`", call.name()),
        Style::Json => format!("`/payment/{}.json`", call.name()),
    });
    let paths: Vec<_> = paths.collect();
    format!("{}  \n{}\n\n{}", call.purpose(Language::English), call.purpose(Language::Japanese), paths.join(", "))
}
