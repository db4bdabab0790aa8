//! A second reading of the tables: what a request must be answered, worked out without the gateway's validator.

use std::collections::{BTreeMap, BTreeSet};

use sekisho::protocol::{Call, Condition, ErrInfo, Field, Need, Style, codes};

use super::values::Text;
use super::{Ground, Outcome};
use crate::support::Stage;

/// A request: idPass names and values, in order.
pub(super) type Sent = Vec<(String, Text)>;

/// What is known of the world the walk goes through.
pub(super) struct Model {
    pub(super) ground: Ground,
    orders: BTreeSet<String>,
}

/// What the tables say.
#[derive(Debug)]
pub(super) enum Predicted {
    /// Exactly this.
    Just(Outcome),
    /// The parameters are right; what comes of it is not theirs to say, but it is none of these.
    NoneOf(Vec<ErrInfo>),
}

impl Predicted {
    pub(super) fn allows(&self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Self::Just(expected), outcome) => expected == outcome,
            (Self::NoneOf(_), Outcome::Accepted) => true,
            (Self::NoneOf(excluded), Outcome::Refused(said)) => {
                said.split('|').all(|code| excluded.iter().all(|one| one.as_str() != code))
            }
        }
    }
}

/// A parameter as it counts.
struct Value {
    text: String,
    faults: Vec<ErrInfo>,
}

type Values = BTreeMap<Field, Value>;

impl Model {
    pub(super) async fn new(stage: &Stage) -> Self {
        let ground = Ground::new(stage).await;
        let orders = [ground.entered.order, ground.executed.order].map(str::to_owned).into();
        Self { ground, orders }
    }

    pub(super) fn predict(&mut self, call: Call, style: Style, sent: &Sent) -> Predicted {
        let values = values_of(call, style, sent);
        let mut faults = faults(call, &values);
        if call == Call::Start {
            // The browser sees one code; the ticket it shows is nobody's.
            let code = faults.first().copied().unwrap_or(codes::TOKEN_INVALID);
            return refused(&[code]);
        }
        let sound = |field| values.get(&field).filter(|value| value.faults.is_empty()).map(|value| value.text.as_str());
        let (Some(shop), Some(pass)) = (sound(Field::ShopId), sound(Field::ShopPass)) else { return refused(&faults) };
        if (shop, pass) != ("tshop00000001", "demoshop1pass") {
            return refused(&[codes::SHOP_UNKNOWN]);
        }
        let missing = self.what_does_not_exist(call, &values);
        faults.extend(missing.filter(|code| !faults.contains(code)));
        if !faults.is_empty() {
            return refused(&faults);
        }
        match call {
            Call::EntryTran if self.orders.insert(sound(Field::OrderId).unwrap().to_owned()) => {
                Predicted::Just(Outcome::Accepted)
            }
            Call::EntryTran => refused(&[codes::ORDER_ID_USED]),
            Call::ExecTran => refused(&[codes::ALREADY_REQUESTED]),
            Call::Sales | Call::Cancel | Call::Change => refused(&[codes::STATUS_FORBIDS]),
            Call::SearchChargePermission | Call::CloseChargePermission => refused(&[codes::PERMISSION_UNKNOWN]),
            Call::SearchTradeMulti => Predicted::Just(Outcome::Accepted),
            Call::SearchAddress | Call::Start => Predicted::NoneOf(call.parameter_errors()),
        }
    }

    /// The codes for whatever well-named thing is not there (psp-protocol 2.3 and 11.4).
    fn what_does_not_exist(&self, call: Call, values: &Values) -> Option<ErrInfo> {
        let sound = |field| values.get(&field).filter(|value| value.faults.is_empty()).map(|value| value.text.as_str());
        match call {
            Call::ExecTran | Call::Sales | Call::Cancel | Call::Change => {
                if !values.contains_key(&Field::AccessId) || !values.contains_key(&Field::AccessPass) {
                    return None;
                }
                let pair = (sound(Field::AccessId), sound(Field::AccessPass));
                let known = [&self.ground.entered, &self.ground.executed];
                let found = known.iter().find(|it| pair == (Some(&it.access_id), Some(&it.access_pass)));
                match found {
                    None => Some(codes::TRANSACTION_UNKNOWN),
                    Some(it) => sound(Field::OrderId).filter(|order| *order != it.order).map(|_| codes::ORDER_UNKNOWN),
                }
            }
            Call::SearchTradeMulti => {
                sound(Field::OrderId).filter(|order| !self.orders.contains(*order)).map(|_| codes::ORDER_UNKNOWN)
            }
            _ => None,
        }
    }
}

fn refused(faults: &[ErrInfo]) -> Predicted {
    assert!(!faults.is_empty(), "refused without a reason");
    let codes: Vec<_> = faults.iter().map(|code| code.as_str()).collect();
    Predicted::Just(Outcome::Refused(codes.join("|")))
}

/// The first value that is not blank, with the faults that the table finds in it.
fn values_of(call: Call, style: Style, sent: &Sent) -> Values {
    let mut values = Values::new();
    for (field, _) in call.fields() {
        let name = field.name(Style::IdPass);
        // Lowering the first letter of what begins with a small one does not make it another name.
        let spelled = |other: &str| other == name && (style == Style::IdPass || !other.is_empty());
        let given =
            sent.iter().filter(|(other, _)| spelled(other) || (style == Style::Json && lowered_alike(other, &name)));
        let first = given.map(|(_, text)| text).find(|text| **text != Text::Of(String::new()));
        let rule = field.rule();
        let value = match first {
            None => continue,
            Some(Text::Broken) => Value { text: String::new(), faults: rule.undecodable.into_iter().collect() },
            Some(Text::Of(text)) => {
                let broken = rule.checks.iter().filter(|check| !check.shape.holds(text));
                Value { text: text.clone(), faults: broken.map(|check| check.otherwise).collect() }
            }
        };
        values.insert(*field, value);
    }
    values
}

/// Whether the walk's JSON writes both names alike.
fn lowered_alike(one: &str, other: &str) -> bool {
    one[..1].eq_ignore_ascii_case(&other[..1]) && one[1..] == other[1..]
}

fn faults(call: Call, values: &Values) -> Vec<ErrInfo> {
    let mut faults = Vec::new();
    for (field, need) in call.fields() {
        let rule = field.rule();
        let needed = match need {
            Need::Required => true,
            Need::Optional => false,
            Need::When(condition) => holds(*condition, values),
        };
        let ignored = call.ignores().iter().any(|(other, when)| other == field && holds(*when, values));
        let own = values.get(field).filter(|_| !ignored).map(|value| value.faults.clone()).unwrap_or_default();
        let missing = rule.missing.filter(|_| needed && !values.contains_key(field));
        let sum = call.clashes().iter().filter(|clash| clash.at == Some(*field) && holds(clash.when, values));
        faults.extend(own.into_iter().chain(missing).chain(sum.map(|clash| clash.otherwise)));
    }
    let together = call.clashes().iter().filter(|clash| clash.at.is_none() && holds(clash.when, values));
    faults.extend(together.map(|clash| clash.otherwise));
    let mut seen = BTreeSet::new();
    faults.retain(|code| seen.insert(*code));
    faults
}

fn holds(condition: Condition, values: &Values) -> bool {
    let given = |field: Field| values.contains_key(&field);
    let sum = |fields: &[Field]| -> Option<i64> {
        let number = |field: &Field| match values.get(field) {
            None if *field == fields[0] => field.rule().default?.parse().ok(),
            None => Some(0),
            Some(value) if value.faults.is_empty() => value.text.parse().ok(),
            Some(_) => None,
        };
        fields.iter().map(number).sum()
    };
    match condition {
        Condition::Given(field) => given(field),
        Condition::Missing(field) => !given(field),
        Condition::OneOf(field, words) => {
            values.get(&field).is_some_and(|value| value.faults.is_empty() && words.contains(&value.text.as_str()))
        }
        Condition::Zero(fields) => sum(fields) == Some(0),
        Condition::Above(fields, most) => sum(fields).is_some_and(|sum| sum > most),
        Condition::MoreThanOne(fields) => fields.iter().filter(|field| given(**field)).count() > 1,
        Condition::All(all) => all.iter().all(|one| holds(*one, values)),
        Condition::Any(any) => any.iter().any(|one| holds(*one, values)),
    }
}
