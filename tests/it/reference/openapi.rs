//! `/openapi.json` and `/docs`, as they are served.

use std::collections::BTreeSet;

use sekisho::protocol::{Call, Field, Need, Style};
use serde_json::Value;

use crate::support::{Answer, Stage};

async fn document(stage: &Stage) -> Value {
    let answer = stage.browser.get(&format!("{}/openapi.json", stage.gateway_url)).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
    answer.json()
}

/// Everything that a `$ref` points at.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            if name == "$ref" {
                found.insert(value.as_str().unwrap().to_owned());
            }
            references(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_json_call_is_described_by_its_table() {
    let stage = Stage::new().await;
    let document = document(&stage).await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let calls: Vec<Call> = Call::ALL.into_iter().filter(|call| call.speaks(Style::Json)).collect();
    assert_eq!(
        paths,
        calls
            .iter()
            .map(|call| format!("/payment/{}.json", call.name()))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    for call in calls {
        let request = &document["components"]["schemas"][format!("{}Request", call.name())];
        let properties: Vec<_> = request["properties"].as_object().unwrap().keys().cloned().collect();
        let fields = call.fields().iter().map(|(field, _)| field.name(Style::Json).into_owned());
        assert_eq!(properties, fields.collect::<Vec<_>>(), "{call:?}");
        let required: Vec<_> = request["required"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let needed: Vec<_> = call.fields().iter().filter(|(_, need)| *need == Need::Required).collect();
        assert_eq!(required, needed.iter().map(|(field, _)| field.name(Style::Json)).collect::<Vec<_>>(), "{call:?}");
    }
    let mut referred = BTreeSet::new();
    references(&document, &mut referred);
    for reference in &referred {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(
        schemas.keys().all(|name| referred.contains(&format!("#/components/schemas/{name}"))),
        "a schema is unused"
    );
}

#[tokio::test]
async fn limits_are_those_of_the_table() {
    let stage = Stage::new().await;
    let document = document(&stage).await;
    let property = |call: Call, field: Field| {
        let schema = format!("{}Request", call.name());
        document["components"]["schemas"][schema]["properties"][field.name(Style::Json).as_ref()].clone()
    };
    let amount = property(Call::EntryTran, Field::Amount);
    assert_eq!(amount["type"], serde_json::json!(["string", "integer"]));
    assert_eq!((&amount["maxLength"], &amount["maximum"]), (&7.into(), &9_999_999.into()));
    let job = property(Call::EntryTran, Field::JobCd);
    assert_eq!(job["enum"], serde_json::json!(["AUTH", "CAPTURE"]));
    let shop = property(Call::EntryTran, Field::ShopId);
    assert_eq!(
        (&shop["minLength"], &shop["maxLength"], &shop["pattern"]),
        (&13.into(), &13.into(), &"^[0-9A-Za-z]*$".into())
    );
    let term = property(Call::ExecTran, Field::PaymentTermSec);
    assert_eq!((&term["minimum"], &term["maximum"], &term["default"]), (&1.into(), &86_400.into(), &"120".into()));
}

#[tokio::test]
async fn the_page_allows_no_script_and_speaks_both_languages() {
    let stage = Stage::new().await;
    for (path, language, word) in [("/docs", "ja", "必須"), ("/docs?lang=en", "en", "required if")] {
        let response = stage.http.get(format!("{}{path}", stage.gateway_url)).send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let page = Answer::read(response).await;
        assert_eq!((page.status, page.content_type.as_str()), (200, "text/html;charset=UTF-8"));
        let html = String::from_utf8(page.bytes).unwrap();
        assert!(html.contains(&format!("<html lang=\"{language}\">")) && html.contains(word), "{path}");
        assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains(" onclick="), "{path}");
        for link in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{path}: #{link} leads nowhere");
        }
    }
    let style = stage.browser.get(&format!("{}/docs/style.css", stage.gateway_url)).await;
    assert_eq!((style.status, style.content_type.as_str()), (200, "text/css;charset=UTF-8"));
}
