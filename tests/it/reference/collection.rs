//! `docs/http/sekisho.http`: every call in both styles, to be sent from an editor.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sekisho::protocol::{Call, Field, Style};

use super::exchange::{Exchange, GATEWAY};
use super::scenes::Scene;

/// What each run has anew, and so stands as a variable at the top.
const VARIABLES: [Field; 8] = [
    Field::ShopId,
    Field::ShopPass,
    Field::OrderId,
    Field::AccessId,
    Field::AccessPass,
    Field::Token,
    Field::AmazonCheckoutSessionId,
    Field::AmazonChargePermissionId,
];

/// The whole file.
pub(super) fn collection(scenes: &[Scene]) -> String {
    let all: Vec<&Exchange> = scenes.iter().flat_map(|scene| &scene.exchanges).collect();
    let mut file = format!(
        "# Every call of a shop, against `sekisho demo`. For the REST Client of VS Code, the HTTP Client of IntelliJ, or any\n\
         # tool that imports .http files, such as Bruno. Made by the tests from requests that were really sent: change\n\
         # tests/it/reference, not this file.\n\
         #\n\
         # Fill in the variables from the answers: EntryTran gives accessID and accessPass, ExecTran gives token; the\n\
         # checkout session comes from Amazon's button (the address of the demo shop's review page shows it).\n\n\
         @gateway = {GATEWAY}\n"
    );
    for (field, value) in first_values(&all) {
        writeln!(file, "@{} = {value}", field.name(Style::Json)).unwrap();
    }
    for call in Call::ALL {
        for style in [Style::IdPass, Style::Json].into_iter().filter(|style| call.speaks(*style)) {
            let mut shapes: Vec<Vec<&str>> = Vec::new();
            for it in all.iter().filter(|it| it.call == call && it.style == style && !it.refused) {
                let names: Vec<&str> = it.fields.iter().map(|(name, _)| name.as_str()).collect();
                if !shapes.contains(&names) {
                    shapes.push(names);
                    file.push_str(&request(it));
                }
            }
        }
    }
    file
}

fn first_values(all: &[&Exchange]) -> BTreeMap<Field, String> {
    let mut values = BTreeMap::new();
    for (name, value) in all.iter().flat_map(|it| &it.fields) {
        let field = Field::from_name(name).unwrap();
        if VARIABLES.contains(&field) {
            values.entry(field).or_insert_with(|| value.clone());
        }
    }
    assert_eq!(values.len(), VARIABLES.len(), "the scenes do not show every variable");
    values
}

fn request(it: &Exchange) -> String {
    let (head, body) = it.request.split_once("\n\n").expect("a head and a body");
    let content_type = head.lines().find(|line| line.starts_with("Content-Type")).expect("a content type");
    let ending = match it.style {
        Style::IdPass => "idPass",
        Style::Json => "json",
    };
    let mut body = body.to_owned();
    for (name, value) in &it.fields {
        let field = Field::from_name(name).unwrap();
        if VARIABLES.contains(&field) {
            let variable = format!("{{{{{}}}}}", field.name(Style::Json));
            body = match it.style {
                Style::IdPass => body.replacen(
                    &format!("{name}={}", super::exchange::form_value(value)),
                    &format!("{name}={variable}"),
                    1,
                ),
                Style::Json => body.replacen(&format!(":\"{value}\""), &format!(":\"{variable}\""), 1),
            };
        }
    }
    // One parameter a line: these tools join the lines of a form, and JSON does not mind.
    let body = match it.style {
        Style::IdPass => body.replace('&', "\n&"),
        Style::Json => body.replace("{\"shop", "{\n  \"shop").replace("\",\"", "\",\n  \"").replace("\"}", "\"\n}"),
    };
    format!(
        "\n### {}.{ending}: {}\nPOST {{{{gateway}}}}/payment/{}.{ending}\n{content_type}\n\n{body}\n",
        it.call.name(),
        it.title,
        it.call.name()
    )
}
