//! What customers do: payments of several kinds, and what shops do with them afterwards.

use serde_json::json;

use super::customer::{ALREADY_REQUESTED, Customer, Entered, Insisted, NOT_IN_THIS_STATUS, PERMISSION_CLOSED};
use super::shop::{Reply, form};

const PRICE: [&str; 2] = ["1980", "198"];
const WHOLE: i64 = 2_178;
const PART: [&str; 2] = ["480", "48"];
/// What a Change asks for, and its sum: less than was taken, or more than was authorised.
const LESS: ([&str; 2], i64) = (["1500", "150"], 1_650);
const MORE: ([&str; 2], i64) = (["3000", "300"], 3_300);
/// Long enough for whatever a call without an answer may still do.
const CALL_IS_OVER: std::time::Duration = std::time::Duration::from_mins(4);

/// How an order must stand in the evening.
pub(super) struct Wanted {
    pub(super) order: String,
    pub(super) status: &'static str,
    /// Amount and Tax together; several where the shop does not know.
    pub(super) totals: Vec<i64>,
}

impl Wanted {
    fn of(order: Entered, status: &'static str, total: i64) -> Self {
        Self { order: order.order, status, totals: vec![total] }
    }
}

/// The flows: how customers pay, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// By way of the review page, authorised, then that.
    Authorised(After),
    /// By way of the review page, taken at once, then that.
    Taken(Then),
    /// Inside the shop's page, authorised, then that.
    OnThePage(After),
    /// A consent, two charges on it, and perhaps its end.
    Consented {
        /// Whether it ends.
        ends: bool,
    },
}

/// What follows an authorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Nothing,
    Sale,
    Cancel,
    Change,
}

/// What follows a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    Cancel,
    CancelPart,
    Change,
}

impl Flow {
    const AFTER: [After; 4] = [After::Nothing, After::Sale, After::Cancel, After::Change];
    const THEN: [Then; 4] = [Then::Nothing, Then::Cancel, Then::CancelPart, Then::Change];

    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let authorised = Self::AFTER.map(Self::Authorised);
        let on_the_page = Self::AFTER.map(Self::OnThePage);
        let consented = [true, false].map(|ends| Self::Consented { ends });
        [&authorised[..], &on_the_page, &Self::THEN.map(Self::Taken), &consented].concat()
    }
}

/// Lives through `flow`. An order whose ticket was lost on the way is not in the answer: its buyer never paid.
pub(super) async fn live(customer: &Customer, flow: Flow) -> Vec<Wanted> {
    match flow {
        Flow::Authorised(after) => authorised(customer, after).await.into_iter().collect(),
        Flow::Taken(then) => taken(customer, then).await.into_iter().collect(),
        Flow::OnThePage(after) => vec![on_the_page(customer, after).await],
        Flow::Consented { ends } => consented(customer, ends).await,
    }
}

async fn authorised(customer: &Customer, after: After) -> Option<Wanted> {
    // Amazon would refuse a second charge to such a card.
    let takes_its_time = customer.world.pending && after != After::Change && customer.chance.below(2) == 0;
    let card = if takes_its_time { "card-0701" } else { "card-1111" };
    let order = reviewed(customer, "AUTH", card).await?;
    Some(after_authorisation(customer, order, after, MORE).await)
}

async fn taken(customer: &Customer, then: Then) -> Option<Wanted> {
    let order = reviewed(customer, "CAPTURE", "card-1111").await?;
    Some(match then {
        Then::Nothing => Wanted::of(order, "CAPTURE", WHOLE),
        Then::Cancel => {
            act(customer, &order, "AmazonpayCancel", cancelled(PRICE), "REQRETURN").await;
            Wanted::of(order, "RETURN", 0)
        }
        Then::CancelPart => cancel_part(customer, order).await,
        Then::Change => {
            act(customer, &order, "AmazonpayChange", amounts(LESS.0), "CAPTURE").await;
            Wanted::of(order, "CAPTURE", LESS.1)
        }
    })
}

/// A part is given back each time that a shop asks for it, so a shop asks once, and then sees.
async fn cancel_part(customer: &Customer, order: Entered) -> Wanted {
    if let Reply::Fields(_) = customer.ask("AmazonpayCancel", &order.with(cancelled(PART))).await {
        return Wanted::of(order, "CAPTURE", WHOLE - 528);
    }
    tokio::time::sleep(CALL_IS_OVER).await;
    Wanted { order: order.order, status: "CAPTURE", totals: vec![WHOLE, WHOLE - 528] }
}

/// A payment by way of the shop's review page.
async fn reviewed(customer: &Customer, job: &'static str, card: &str) -> Option<Entered> {
    let terms = json!({"paymentDetails": {"allowOvercharge": true}});
    let session = customer.world.buyer(&terms, "chosen", card).await;
    let order = customer.enter(job, PRICE).await;
    through_amazon(customer, order, &session, &[], job).await
}

/// ExecTran, the buyer's way to Amazon and back.
async fn through_amazon(
    customer: &Customer,
    order: Entered,
    session: &str,
    more: &[(&'static str, &str)],
    becomes: &str,
) -> Option<Entered> {
    let mut exec = order.with([
        ("AmazonCheckoutSessionID", session),
        ("RetURL", "https://shop.example/result"),
        ("PaymentTermSec", "900"),
    ]);
    exec.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let ticket = match customer.insist("ExecTranAmazonpay", &exec).await {
        Insisted { reply: Reply::Fields(ticket), .. } => ticket,
        // The ticket was in the answer that is lost.
        Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == ALREADY_REQUESTED => return None,
        other => panic!("{} cannot be executed: {other:?}", order.order),
    };
    let session = customer.start(&ticket).await?;
    let status = customer.pay_and_come_back(&session).await;
    // Somebody else may be finding out what became of it, or Amazon takes its time.
    if status == "AUTHPROCESS" {
        customer.until(&order.order, &[becomes]).await;
    } else {
        assert_eq!(status, becomes, "{}", order.order);
    }
    Some(order)
}

/// A call after which the order must have `status`: said by the answer, or, if the answer was lost, by SearchTradeMulti.
async fn act(customer: &Customer, order: &Entered, name: &str, fields: [(&'static str, &str); 2], status: &str) {
    match customer.insist(name, &order.with(fields)).await {
        Insisted { reply: Reply::Fields(fields), .. } => assert_eq!(fields["Status"], status, "{}", order.order),
        Insisted { reply: Reply::Refused(codes), after_a_doubt: true } => {
            assert_eq!(codes, NOT_IN_THIS_STATUS, "{name} of {}", order.order);
            customer.until(&order.order, &[status, "RETURN"]).await;
        }
        other => panic!("{name} of {}: {other:?}", order.order),
    }
}

fn amounts([amount, tax]: [&'static str; 2]) -> [(&'static str, &'static str); 2] {
    [("Amount", amount), ("Tax", tax)]
}

fn cancelled([amount, tax]: [&'static str; 2]) -> [(&'static str, &'static str); 2] {
    [("CancelAmount", amount), ("CancelTax", tax)]
}

/// `changed` is what a Change asks for: Amount, Tax and their sum.
async fn after_authorisation(
    customer: &Customer,
    order: Entered,
    after: After,
    changed: ([&'static str; 2], i64),
) -> Wanted {
    match after {
        After::Nothing => Wanted::of(order, "AUTH", WHOLE),
        After::Sale => {
            act(customer, &order, "AmazonpaySales", amounts(PRICE), "SALES").await;
            Wanted::of(order, "SALES", WHOLE)
        }
        After::Cancel => {
            act(customer, &order, "AmazonpayCancel", cancelled(PRICE), "CANCEL").await;
            Wanted::of(order, "CANCEL", 0)
        }
        After::Change => {
            act(customer, &order, "AmazonpayChange", amounts(changed.0), "AUTH").await;
            Wanted::of(order, "AUTH", changed.1)
        }
    }
}

/// The buyer pays inside the shop's page; ExecTran finalizes.
async fn on_the_page(customer: &Customer, after: After) -> Wanted {
    let price = json!({"amount": "2178", "currencyCode": "JPY"});
    let payment = json!({"paymentIntent": "Authorize", "chargeAmount": price});
    let terms = json!({"webCheckoutDetails": null, "paymentDetails": payment});
    let session = customer.world.buyer(&terms, "paid", "card-1111").await;
    let order = customer.enter("AUTH", PRICE).await;
    charged(customer, &order, "AmazonCheckoutSessionID", &session, "AUTH").await;
    // Its button did not allow for more.
    after_authorisation(customer, order, after, LESS).await
}

/// ExecTran that asks for the money at once.
async fn charged(customer: &Customer, order: &Entered, by: &'static str, id: &str, becomes: &str) {
    match customer.insist("ExecTranAmazonpay", &order.with([(by, id)])).await {
        Insisted { reply: Reply::Fields(_), .. } => {}
        Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == ALREADY_REQUESTED => {}
        other => panic!("{} cannot be charged: {other:?}", order.order),
    }
    customer.until(&order.order, &[becomes]).await;
}

/// A consent to monthly charges, two charges on it, and perhaps its end.
async fn consented(customer: &Customer, ends: bool) -> Vec<Wanted> {
    let monthly = json!({"frequency": {"unit": "Month", "value": "1"}});
    let terms = json!({"chargePermissionType": "Recurring", "recurringMetadata": monthly});
    let session = customer.world.buyer(&terms, "chosen", "card-1111").await;
    let consent = customer.enter("AUTH", ["0", ""]).await;
    let cycle = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];
    let Some(consent) = through_amazon(customer, consent, &session, &cycle, "REGISTER").await else {
        return Vec::new();
    };
    let permission = customer.search(&consent.order).await["AmazonChargePermissionID"].clone();
    let mut wanted = Vec::new();
    for job in ["CAPTURE", "AUTH"] {
        let order = customer.enter(job, PRICE).await;
        charged(customer, &order, "AmazonChargePermissionID", &permission, job).await;
        wanted.push(Wanted::of(order, job, WHOLE));
    }
    if ends {
        let close = form([("AmazonChargePermissionID", &*permission)]);
        match customer.insist("CloseChargePermissionAmazonpay", &close).await {
            Insisted { reply: Reply::Fields(_), .. } => {}
            Insisted { reply: Reply::Refused(codes), after_a_doubt: true } => assert_eq!(codes, PERMISSION_CLOSED),
            other => panic!("the consent {} cannot be ended: {other:?}", consent.order),
        }
    }
    wanted.push(Wanted::of(consent, if ends { "END" } else { "REGISTER" }, 0));
    wanted
}
