//! The parts of `docs/protocol.md`.

use sekisho::domain::Status;
use sekisho::protocol::{
    AnswerShape, Call, ErrClass, ErrInfo, Field, Language, Need, RESULT_ERRORS, Style, meaning, status_meaning,
    unanswered,
};

use super::exchange::Exchange;
use super::scenes::Scene;

const EN: Language = Language::English;
const JA: Language = Language::Japanese;

/// A table of one call's parameters.
pub(super) fn request_table(call: Call) -> String {
    let mut lines = table(&["name", "json", "needed", "limits, and the code of a breach", "meaning"]);
    for (field, need) in call.fields() {
        let rule = field.rule();
        let default = rule.default.map(|text| format!(", default `{text}`")).unwrap_or_default();
        lines.push(row(&[
            &format!("`{}`", rule.name),
            &if call.speaks(Style::Json) { format!("`{}`", field.name(Style::Json)) } else { String::new() },
            &(need.describe(EN, Style::IdPass) + &default),
            &limits(*field, *need),
            &format!("{}<br>{}", meaning(rule.name, EN), meaning(rule.name, JA)),
        ]));
    }
    if !call.clashes().is_empty() {
        lines.push("\nRefused together:\n".to_owned());
        for clash in call.clashes() {
            lines.push(format!("- {}: `{}`", clash.when.describe(EN, Style::IdPass), clash.otherwise));
        }
    }
    lines.join("\n")
}

/// What a parameter has to be, and the code where it is not.
fn limits(field: Field, need: Need) -> String {
    let rule = field.rule();
    let mut parts = Vec::new();
    if need != Need::Optional
        && let Some(code) = rule.missing
    {
        parts.push(format!("there: `{code}`"));
    }
    for check in rule.checks {
        parts.push(format!("{}: `{}`", check.shape.describe(EN), check.otherwise));
    }
    let said = |code| rule.checks.iter().any(|check| check.otherwise == code);
    parts.extend(
        rule.undecodable.filter(|code| !said(*code)).map(|code| format!("text in the shop's encoding: `{code}`")),
    );
    parts.join("<br>")
}

/// The shapes of one call's answer.
pub(super) fn answer_tables(call: Call) -> String {
    let shapes = call.answers();
    let several = shapes.len() > 1;
    let one = |shape: &AnswerShape| {
        let mut lines = Vec::new();
        if several {
            lines.push(format!("{}:\n", shape.name));
        }
        lines.extend(table(&["name", "json", "meaning"]));
        for field in &shape.fields {
            let always = if field.always { "" } else { " May be absent." };
            lines.push(row(&[
                &format!("`{}`", field.name),
                &format!("`{}`", field.name(Style::Json)),
                &format!("{}{always}<br>{}", meaning(field.name, EN), meaning(field.name, JA)),
            ]));
        }
        lines.join("\n")
    };
    shapes.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

/// The codes that one call may answer beside those of its parameters.
pub(super) fn further_errors(call: Call) -> String {
    let of_parameters = call.parameter_errors();
    let further = call.errors().into_iter().filter(|code| !of_parameters.contains(code));
    further.map(|code| format!("- `{code}` {}", code.english())).collect::<Vec<_>>().join("\n")
}

/// One call's examples: in each style one that goes well, and one that does not.
pub(super) fn examples(call: Call, scenes: &[Scene]) -> String {
    let all: Vec<&Exchange> = scenes.iter().flat_map(|scene| &scene.exchanges).filter(|it| it.call == call).collect();
    let mut chosen: Vec<&Exchange> = Vec::new();
    for style in [Style::IdPass, Style::Json].into_iter().filter(|style| call.speaks(*style)) {
        for shape in all.iter().filter(|it| it.style == style && !it.refused) {
            // Of each shape of a request or an answer the first.
            if chosen.iter().all(|it| it.style != style || it.shape() != shape.shape()) {
                chosen.push(shape);
            }
        }
        let refused = all.iter().find(|it| it.style == style && it.refused);
        chosen.push(refused.unwrap_or_else(|| panic!("no scene lets {call:?} fail in {style:?}")));
    }
    chosen.iter().map(|it| example(it)).collect::<Vec<_>>().join("\n\n")
}

fn example(it: &Exchange) -> String {
    format!("{}\n\n```http\n{}\n```\n\n```http\n{}\n```", it.title, it.request, it.response.trim_end())
}

/// All codes that are answered.
pub(super) fn error_table() -> String {
    let mut lines = table(&["ErrInfo", ".json", "English", "日本語"]);
    for code in ErrInfo::all() {
        let http = match code.class() {
            ErrClass::Input => "400",
            ErrClass::System => "500",
            ErrClass::Busy | ErrClass::NotServed => "200",
            ErrClass::Provider => "502",
        };
        lines.push(row(&[&format!("`{code}`"), http, code.english(), code.japanese()]));
    }
    lines.join("\n")
}

/// The codes that are not.
pub(super) fn unanswered_table() -> String {
    let mut parts = Vec::new();
    for group in unanswered() {
        parts.push(format!("{}  \n{}\n", group.reason.en, group.reason.ja));
        parts.extend(table(&["ErrInfo", "instead", "English", "日本語"]));
        for (code, it) in &group.codes {
            let instead = it.instead.as_ref().map(|code| format!("`{code}`")).unwrap_or_default();
            parts.push(row(&[&format!("`{code}`"), &instead, &it.texts.en, &it.texts.ja]));
        }
        parts.push(String::new());
    }
    parts.join("\n")
}

/// What each status means.
pub(super) fn status_table() -> String {
    let mut lines = table(&["status", "English", "日本語"]);
    let texts = |status: Status| [status_meaning(status, EN), status_meaning(status, JA)];
    for status in Status::ALL {
        let [en, ja] = texts(*status);
        lines.push(row(&[&format!("`{status}`"), en, ja]));
    }
    lines.join("\n")
}

/// The form that the browser carries to RetURL, of a payment and as it was posted.
pub(super) fn result_post(scenes: &[Scene]) -> String {
    let post = scenes.iter().find_map(|scene| scene.result_post.as_ref()).expect("a scene with a browser");
    let code = |code: &ErrInfo| format!("- `{code}` {}", code.english());
    let codes: Vec<_> = RESULT_ERRORS.iter().map(code).collect();
    format!("```http\n{post}\n```\n\nErrInfo is blank, or one of these:\n\n{}", codes.join("\n"))
}

/// A notification of each status that the scenes brought about.
pub(super) fn notifications(scenes: &[Scene]) -> String {
    let all: Vec<&String> = scenes.iter().flat_map(|scene| &scene.notifications).collect();
    let of = |status: &str| all.iter().find(|body| body.contains(&format!("&Status={status}&")));
    let found: Vec<_> = ["AUTH", "SALES", "RETURN"].into_iter().filter_map(of).collect();
    assert_eq!(found.len(), 3, "the scenes notify of too little");
    found.iter().map(|body| format!("```\n{body}\n```")).collect::<Vec<_>>().join("\n\n")
}

/// The head of a table.
pub(super) fn table(heads: &[&str]) -> Vec<String> {
    vec![row(heads), format!("|{}", " --- |".repeat(heads.len()))]
}

/// A row of a table. A bar inside a cell would end it, even inside code.
pub(super) fn row(cells: &[&str]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |", cells.join(" | "))
}
