//! Every parameter of every call: missing, blank, at its limit, one over, in wrong characters, in bytes that are no text,
//! twice, beside an unknown name, and all of them wrong at once; in both styles.
//!
//! Each answer is predicted by a second reading of the protocol's tables (`model`), and a snapshot fixes it: a change of
//! the table shows in the snapshots, a change of the validator alone fails the prediction.

mod model;
mod values;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sekisho::protocol::{Call, Field, Style};

use self::model::{Model, Sent};
use self::values::{Variant, base, variants};
use crate::support::{Answer, Order, Stage};

const FORM: &str = "application/x-www-form-urlencoded;charset=windows-31j";
const JSON: &str = "application/json;charset=UTF-8";

/// What was learnt of the request from the answer.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused(String),
}

#[tokio::test]
async fn every_parameter_of_every_call() {
    let stage = Stage::new().await;
    let mut model = Model::new(&stage).await;
    let mut walked = 0;
    for call in Call::ALL {
        let mut seen = String::new();
        for (field, _) in call.fields() {
            for variant in variants(call, *field) {
                let sent = variant.applied_to(base(call, *field, &model));
                let what = format!("{} {}", field.name(Style::IdPass), variant.name);
                let told = ask(&stage, &mut model, call, &what, &sent).await;
                writeln!(seen, "{what}: {told}").unwrap();
                walked += 1;
            }
        }
        insta::with_settings!({omit_expression => true}, { insta::assert_snapshot!(call.name(), seen) });
    }
    assert!(walked > 1000, "only {walked} requests");
}

#[tokio::test]
async fn parameters_that_contradict_each_other() {
    let stage = Stage::new().await;
    let mut model = Model::new(&stage).await;
    let mut seen = String::new();
    for (call, sent) in values::contradictions(&model) {
        let told = ask(&stage, &mut model, call, "contradiction", &sent).await;
        let clashes: Vec<_> = call.clashes().iter().map(|clash| clash.otherwise.as_str()).collect();
        assert!(clashes.iter().any(|code| told.contains(code)), "{call:?}: {told} for {}", shown(&sent));
        let fields: Vec<_> =
            sent.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with("Shop")).collect();
        writeln!(seen, "{} {}: {told}", call.name(), fields.join(" ")).unwrap();
    }
    insta::with_settings!({omit_expression => true}, { insta::assert_snapshot!("contradictions", seen) });
}

#[tokio::test]
async fn everything_wrong_at_once() {
    let stage = Stage::new().await;
    let mut model = Model::new(&stage).await;
    let mut seen = String::new();
    for call in Call::ALL {
        for (name, text) in
            [("nothing", None), ("blanks", Some("")), ("nonsense", Some("日本\t!")), ("long", Some(&"A".repeat(2060)))]
        {
            let named = |field: &Field| matches!(field, Field::ShopId | Field::ShopPass) && name != "nothing";
            let sent: Sent = call
                .fields()
                .iter()
                // Who asks is right, or nothing else would be told.
                .filter_map(|(field, _)| match text {
                    _ if named(field) => Some((*field, values::fair(*field, &model))),
                    Some(text) => Some((*field, text.to_owned())),
                    None => None,
                })
                .map(|(field, text)| (field.name(Style::IdPass).into_owned(), values::Text::Of(text)))
                .chain([("Nonsense".to_owned(), values::Text::Of("x".to_owned()))])
                .collect();
            let told = ask(&stage, &mut model, call, name, &sent).await;
            writeln!(seen, "{} {name}: {told}", call.name()).unwrap();
        }
    }
    insta::with_settings!({omit_expression => true}, { insta::assert_snapshot!("everything_wrong_at_once", seen) });
}

/// Every code that the walk is answered, in idPass alone, with the requests in which parameters contradict each other.
pub(crate) async fn codes_answered() -> BTreeSet<String> {
    let stage = Stage::new().await;
    let model = Model::new(&stage).await;
    let mut answered = BTreeSet::new();
    let mut requests = values::contradictions(&model);
    for call in Call::ALL {
        for (field, _) in call.fields() {
            let all = variants(call, *field).into_iter();
            requests.extend(all.map(|variant| (call, variant.applied_to(base(call, *field, &model)))));
        }
    }
    for (call, sent) in requests {
        let answer = send(&stage, call, Style::IdPass, &sent).await.unwrap();
        if let Outcome::Refused(codes) = outcome(call, Style::IdPass, &answer) {
            answered.extend(codes.split('|').map(str::to_owned));
        }
    }
    answered
}

/// Asks in every style that the call speaks, holds each answer against the tables, and tells it: the codes, and the HTTP
/// status of JSON.
async fn ask(stage: &Stage, model: &mut Model, call: Call, what: &str, sent: &Sent) -> String {
    let mut line = String::new();
    for style in [Style::IdPass, Style::Json].into_iter().filter(|style| call.speaks(*style)) {
        let Some(answer) = send(stage, call, style, sent).await else { continue };
        let outcome = outcome(call, style, &answer);
        let predicted = model.predict(call, style, sent);
        let sent = shown(sent);
        assert!(predicted.allows(&outcome), "{call:?} {what} {style:?}: {outcome:?}, not {predicted:?}; sent {sent}");
        let may_be: Vec<_> = call.errors().iter().map(|code| code.as_str()).collect();
        if let Outcome::Refused(codes) = &outcome {
            assert!(
                codes.split('|').all(|code| may_be.contains(&code)),
                "{call:?} is not documented to answer {codes}"
            );
        }
        match style {
            Style::IdPass => line.push_str(told(&outcome)),
            Style::Json if line == told(&outcome) => write!(line, " (json {})", answer.status).unwrap(),
            Style::Json => write!(line, " (json {} {})", answer.status, told(&outcome)).unwrap(),
        }
    }
    line
}

/// Sends a request; `None` where it cannot be written in this style.
async fn send(stage: &Stage, call: Call, style: Style, sent: &Sent) -> Option<Answer> {
    let (path, content_type, body) = match style {
        Style::IdPass => (format!("{}.idPass", call.name()), FORM, values::as_form(sent)),
        Style::Json => (format!("{}.json", call.name()), JSON, values::as_json(sent)?),
    };
    Some(stage.shop().post(&path, Some(content_type), body).await)
}

fn outcome(call: Call, style: Style, answer: &Answer) -> Outcome {
    if call == Call::Start {
        let html = answer.windows_31j();
        let code = html.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next());
        return Outcome::Refused(code.expect("an error page").to_owned());
    }
    match style {
        Style::IdPass => match answer.errors() {
            none if none.is_empty() => Outcome::Accepted,
            errors => Outcome::Refused(errors),
        },
        Style::Json => match answer.json().as_array() {
            None => Outcome::Accepted,
            Some(errors) => {
                let codes: Vec<_> = errors.iter().map(|error| error["errInfo"].as_str().unwrap()).collect();
                Outcome::Refused(codes.join("|"))
            }
        },
    }
}

fn told(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused(codes) => codes,
    }
}

fn shown(sent: &Sent) -> String {
    sent.iter().map(|(name, text)| format!("{name}={:.60}", format!("{text:?}"))).collect::<Vec<_>>().join("&")
}

/// What the walk stands on: a transaction that is entered, one that is executed, a session that nobody has used.
pub(super) struct Ground {
    pub(super) entered: crate::support::Entered,
    pub(super) executed: crate::support::Entered,
    pub(super) session: String,
}

impl Ground {
    pub(super) async fn new(stage: &Stage) -> Self {
        let entered = stage.entered(Order::auth("entered")).await;
        let session = entered.session.clone();
        let executed = stage.ready(Order::auth("executed")).await.entered;
        Self { entered, executed, session }
    }
}

impl Variant {
    /// The request with this variant's values in place of its field's.
    fn applied_to(&self, mut sent: Sent) -> Sent {
        let place = sent.iter().position(|(name, _)| *name == self.field).unwrap_or(sent.len());
        sent.retain(|(name, _)| *name != self.field);
        let values = self.values.iter().map(|text| (self.field.clone(), text.clone()));
        let more = self.beside.iter().map(|(name, text)| (name.clone(), text.clone()));
        sent.splice(place..place, values.chain(more));
        sent
    }
}
