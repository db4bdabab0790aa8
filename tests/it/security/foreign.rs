//! S4: a shop sees only its own. Every call with every id that it takes is made by one shop with what belongs to another,
//! and with what belongs to nobody: the answers are the same, byte for byte. The list comes from the protocol's tables. The
//! one exception is whoever has a transaction's whole pair (docs/adr/0006).

use std::collections::BTreeMap;

use sekisho::protocol::{Call, Field, Style, codes};

use super::show;
use crate::apb::sign_in::sign_in;
use crate::support::{Answer, Order, ShopClient, Stage};

/// The parameters that name something of a shop's.
const IDS: [Field; 6] = [
    Field::AccessId,
    Field::AccessPass,
    Field::OrderId,
    Field::AmazonCheckoutSessionId,
    Field::AmazonChargePermissionId,
    Field::AmazonBuyerToken,
];

/// One thing of each kind, under the names of the parameters.
#[derive(Clone)]
struct Things(BTreeMap<Field, String>);

impl Things {
    fn of(pairs: [(Field, &str); 6]) -> Self {
        Self(pairs.into_iter().map(|(field, text)| (field, text.to_owned())).collect())
    }

    fn get(&self, field: Field) -> &str {
        &self.0[&field]
    }
}

/// What is sent beside the ids: right values, for what the call needs.
fn beside(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::JobCd => "AUTH",
        Field::Amount | Field::CancelAmount => "1980",
        Field::Tax | Field::CancelTax => "198",
        Field::AmazonpayType => "3",
        Field::PayType => "38",
        Field::RetUrl => "https://shop.example/result",
        _ => return None,
    })
}

/// Sets of ids that a call may be made with: ExecTran has more than one way, and SearchAddress takes one of three.
fn ways(call: Call) -> Vec<Vec<Field>> {
    let takes: Vec<Field> = call.fields().iter().map(|(field, _)| *field).filter(|field| IDS.contains(field)).collect();
    let without =
        |left_out: &[Field]| takes.iter().copied().filter(|field| !left_out.contains(field)).collect::<Vec<_>>();
    let [session, permission] = [Field::AmazonCheckoutSessionId, Field::AmazonChargePermissionId];
    match call {
        Call::ExecTran => vec![without(&[permission]), without(&[session])],
        Call::SearchAddress => takes.iter().map(|field| vec![*field]).collect(),
        _ => vec![takes],
    }
}

async fn make(shop: &ShopClient, call: Call, style: Style, ids: &[(Field, &str)]) -> Answer {
    let is_way_by_permission =
        call == Call::ExecTran && ids.iter().any(|(id, _)| *id == Field::AmazonChargePermissionId);
    let others = call.fields().iter().filter_map(|(field, _)| Some((*field, beside(*field)?)));
    let others = others.filter(|(field, _)| !(is_way_by_permission && *field == Field::RetUrl));
    let named: Vec<(String, &str)> =
        ids.iter().copied().chain(others).map(|(field, text)| (field.name(Style::IdPass).into_owned(), text)).collect();
    let fields: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    match style {
        Style::IdPass => shop.call(call.name(), &fields).await,
        Style::Json => shop.call_json(call.name(), &fields).await,
    }
}

/// What the first shop has: a transaction that is paid, its order, its session, and a registered consent.
async fn owned(stage: &Stage) -> Things {
    let (paid, _) = stage.paid(Order::auth("owner-1")).await;
    let consent = stage.consented("owner-2").await;
    Things::of([
        (Field::AccessId, &paid.access_id),
        (Field::AccessPass, &paid.access_pass),
        (Field::OrderId, paid.order),
        (Field::AmazonCheckoutSessionId, &paid.session),
        (Field::AmazonChargePermissionId, &consent.permission),
        (Field::AmazonBuyerToken, &sign_in(stage, stage.shop(), Some(&["name"])).await),
    ])
}

/// The same shapes, and nobody's.
fn nobodys() -> Things {
    Things::of([
        (Field::AccessId, "0123456789abcdef0123456789abcdef"),
        (Field::AccessPass, "fedcba9876543210fedcba9876543210"),
        (Field::OrderId, "nobody-1"),
        (Field::AmazonCheckoutSessionId, "00000000-0000-4000-8000-000000000000"),
        (Field::AmazonChargePermissionId, "C03-0000000-0000000"),
        (Field::AmazonBuyerToken, "nobody"),
    ])
}

#[tokio::test]
async fn what_is_another_shops_is_answered_as_what_is_nobodys() {
    let stage = Stage::new().await;
    let (theirs, nobodys) = (owned(&stage).await, nobodys());
    let other = stage.other_shop();
    let own_entry = async |order: &str| {
        let fields =
            [("OrderID", order), ("JobCd", "AUTH"), ("Amount", "1980"), ("Tax", "198"), ("AmazonpayType", "3")];
        let answer = other.call("EntryTranAmazonpay", &fields).await;
        (answer.field("AccessID"), answer.field("AccessPass"))
    };
    let before = stage.ledger().await["movements"].clone();
    let (mut compared, mut orders) = (0, 0);
    for call in Call::ALL.into_iter().filter(|call| *call != Call::Start && *call != Call::EntryTran) {
        for way in ways(call) {
            for foreign in &way {
                for style in [Style::IdPass, Style::Json].into_iter().filter(|style| call.speaks(*style)) {
                    let mut answers = Vec::new();
                    for things in [&theirs, &nobodys] {
                        // Everything else is the asking shop's own, where it has such a thing.
                        orders += 1;
                        let order = format!("own-{orders}");
                        let (access_id, access_pass) = own_entry(&order).await;
                        let ids: Vec<(Field, &str)> = way
                            .iter()
                            .map(|field| match field {
                                _ if field == foreign => (*field, things.get(*field)),
                                Field::AccessId => (*field, access_id.as_str()),
                                Field::AccessPass => (*field, access_pass.as_str()),
                                Field::OrderId => (*field, order.as_str()),
                                _ => (*field, nobodys.get(*field)),
                            })
                            .collect();
                        answers.push(make(other, call, style, &ids).await);
                    }
                    let name = foreign.name(Style::IdPass);
                    let said = |answer: &Answer| String::from_utf8_lossy(&answer.bytes).into_owned();
                    assert_eq!(
                        (said(&answers[0]), answers[0].status),
                        (said(&answers[1]), answers[1].status),
                        "{} with another shop's {name}",
                        call.name()
                    );
                    assert!(said(&answers[0]).contains("rrInfo"), "{} {name}: {}", call.name(), said(&answers[0]));
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(stage.ledger().await["movements"], before, "no money moved");
    assert_eq!(stage.shop().status("owner-1").await, "AUTH", "what is theirs is as it was");
    assert_eq!(stage.shop().status("owner-2").await, "REGISTER");
    assert!(compared >= 30, "{compared}");
    show("S4", format_args!("{compared} calls with another shop's ids, each answered as if they were nobody's"));
}

/// docs/adr/0006: only who has the whole pair, its password included, is told that the transaction is another shop's.
#[tokio::test]
async fn only_the_whole_pair_tells_whose_a_transaction_is() {
    let stage = Stage::new().await;
    let theirs = owned(&stage).await;
    let mut told = 0;
    for call in Call::ALL {
        for way in ways(call).into_iter().filter(|way| way.contains(&Field::AccessPass)) {
            let ids: Vec<(Field, &str)> = way.iter().map(|field| (*field, theirs.get(*field))).collect();
            let answer = make(stage.other_shop(), call, Style::IdPass, &ids).await;
            assert_eq!(answer.errors(), codes::TRANSACTION_OF_ANOTHER_SHOP.as_str(), "{}", call.name());
            told += 1;
        }
    }
    assert_eq!(told, 5, "ExecTran by two ways, Sales, Cancel, Change");
}
