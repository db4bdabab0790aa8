//! What customers do all day: payments of several kinds, and what shops do with them afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::moves::{ALREADY_REQUESTED, Entered, NOT_IN_THIS_STATUS, PERMISSION_CLOSED};
use super::super::shop::{Reply, form};
use super::customer::{Customer, Insisted};

const PRICE: [&str; 2] = ["1980", "198"];
const PART: [&str; 2] = ["480", "48"];
/// What a Change asks for, and its sum: less than was taken, or more than was authorised.
const LESS: ([&str; 2], i64) = (["1500", "150"], 1_650);
const MORE: ([&str; 2], i64) = (["3000", "300"], 3_300);

/// How an order must stand in the evening.
pub(super) struct Wanted {
    pub(super) order: String,
    pub(super) status: &'static str,
    /// Amount and Tax together.
    pub(super) total: i64,
}

impl Wanted {
    fn of(order: Entered, status: &'static str, total: i64) -> Self {
        Self { order: order.order, status, total }
    }
}

/// Lives until evening. Orders whose ticket was lost on the way are not in the answer: their buyers never paid.
pub(super) async fn one_after_the_other(customer: Customer<'_>, evening: &AtomicBool) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    while !evening.load(Ordering::SeqCst) {
        match customer.chance.below(8) {
            0..=2 => wanted.extend(reviewed(&customer, "AUTH").await),
            3 | 4 => wanted.extend(reviewed(&customer, "CAPTURE").await),
            5 | 6 => wanted.push(on_the_shops_page(&customer).await),
            _ => wanted.extend(consented(&customer).await),
        }
    }
    wanted
}

/// A payment by way of the shop's review page, and what comes after it.
async fn reviewed(customer: &Customer<'_>, job: &'static str) -> Option<Wanted> {
    let session = customer.world.chosen_with_room().await;
    let order = customer.enter(job, PRICE[0], PRICE[1]).await;
    let order = through_amazon(customer, order, &session, &[], job).await?;
    Some(match job {
        "AUTH" => after_authorisation(customer, order, MORE).await,
        _ => after_capture(customer, order).await,
    })
}

/// ExecTran, the buyer's way to Amazon and back.
async fn through_amazon(
    customer: &Customer<'_>,
    order: Entered,
    session: &str,
    more: &[(&'static str, &str)],
    becomes: &str,
) -> Option<Entered> {
    let mut exec = order.exec_form(session, "120");
    exec.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let ticket = match customer.insist("ExecTranAmazonpay", &exec).await {
        Insisted { reply: Reply::Fields(ticket), .. } => ticket,
        // The ticket was in the answer that is lost.
        Insisted { reply: Reply::Refused(codes), after_a_loss: true } if codes == ALREADY_REQUESTED => return None,
        other => panic!("{} cannot be executed: {:?}", order.order, other.reply),
    };
    let session = customer.start(&ticket).await?;
    let posted = customer.pay_and_come_back(&session).await;
    assert_eq!(posted["ErrInfo"], "", "{}", order.order);
    // Somebody else may be finding out what became of it.
    if posted["Status"] == "AUTHPROCESS" {
        customer.until(&order.order, &[becomes]).await;
    } else {
        assert_eq!(posted["Status"], becomes, "{}", order.order);
    }
    Some(order)
}

/// A call after which the order must have `status`: said by the answer, or, if the answer was lost, by SearchTradeMulti.
async fn act(customer: &Customer<'_>, order: &Entered, name: &str, fields: [(&'static str, &str); 2], status: &str) {
    match customer.insist(name, &order.with(fields)).await {
        Insisted { reply: Reply::Fields(fields), .. } => assert_eq!(fields["Status"], status, "{}", order.order),
        Insisted { reply: Reply::Refused(codes), after_a_loss: true } => {
            assert_eq!(codes, NOT_IN_THIS_STATUS, "{name} of {}", order.order);
            customer.until(&order.order, &[status, "RETURN"]).await;
        }
        other => panic!("{name} of {}: {:?}", order.order, other.reply),
    }
}

fn amounts([amount, tax]: [&'static str; 2]) -> [(&'static str, &'static str); 2] {
    [("Amount", amount), ("Tax", tax)]
}

fn cancelled([amount, tax]: [&'static str; 2]) -> [(&'static str, &'static str); 2] {
    [("CancelAmount", amount), ("CancelTax", tax)]
}

/// `changed` is what a Change asks for: Amount, Tax and their sum.
async fn after_authorisation(customer: &Customer<'_>, order: Entered, changed: ([&'static str; 2], i64)) -> Wanted {
    match customer.chance.below(4) {
        0 => Wanted::of(order, "AUTH", 2_178),
        1 => {
            act(customer, &order, "AmazonpaySales", amounts(PRICE), "SALES").await;
            Wanted::of(order, "SALES", 2_178)
        }
        2 => {
            act(customer, &order, "AmazonpayCancel", cancelled(PRICE), "CANCEL").await;
            Wanted::of(order, "CANCEL", 0)
        }
        _ => {
            act(customer, &order, "AmazonpayChange", amounts(changed.0), "AUTH").await;
            Wanted::of(order, "AUTH", changed.1)
        }
    }
}

async fn after_capture(customer: &Customer<'_>, order: Entered) -> Wanted {
    match customer.chance.below(4) {
        0 => Wanted::of(order, "CAPTURE", 2_178),
        1 => {
            act(customer, &order, "AmazonpayCancel", cancelled(PRICE), "REQRETURN").await;
            Wanted::of(order, "RETURN", 0)
        }
        2 => {
            act(customer, &order, "AmazonpayCancel", cancelled(PART), "REQRETURN").await;
            Wanted::of(order, "CAPTURE", 1_650)
        }
        _ => {
            act(customer, &order, "AmazonpayChange", amounts(LESS.0), "CAPTURE").await;
            Wanted::of(order, "CAPTURE", LESS.1)
        }
    }
}

/// The buyer pays inside the shop's page; ExecTran finalizes.
async fn on_the_shops_page(customer: &Customer<'_>) -> Wanted {
    let session = customer.world.paid_on_the_shops_page().await;
    let order = customer.enter("AUTH", PRICE[0], PRICE[1]).await;
    charged(customer, &order, "AmazonCheckoutSessionID", &session, "AUTH").await;
    // Its button did not allow for more.
    after_authorisation(customer, order, LESS).await
}

/// ExecTran that asks for the money at once.
async fn charged(customer: &Customer<'_>, order: &Entered, by: &'static str, id: &str, becomes: &str) {
    match customer.insist("ExecTranAmazonpay", &order.with([(by, id)])).await {
        Insisted { reply: Reply::Fields(_), .. } => {}
        Insisted { reply: Reply::Refused(codes), after_a_loss: true } if codes == ALREADY_REQUESTED => {}
        other => panic!("{} cannot be charged: {:?}", order.order, other.reply),
    }
    customer.until(&order.order, &[becomes]).await;
}

/// A consent to monthly charges, two charges on it, and perhaps its end.
async fn consented(customer: &Customer<'_>) -> Vec<Wanted> {
    let session = customer.world.chosen_for_a_consent().await;
    let consent = customer.enter("AUTH", "0", "").await;
    let monthly = [("FrequencyUnit", "Month"), ("FrequencyValue", "1")];
    let Some(consent) = through_amazon(customer, consent, &session, &monthly, "REGISTER").await else {
        return Vec::new();
    };
    let permission = customer.search(&consent.order).await["AmazonChargePermissionID"].clone();
    let mut wanted = Vec::new();
    for job in ["CAPTURE", "AUTH"] {
        let order = customer.enter(job, PRICE[0], PRICE[1]).await;
        charged(customer, &order, "AmazonChargePermissionID", &permission, job).await;
        wanted.push(Wanted::of(order, job, 2_178));
    }
    let ends = customer.chance.below(2) == 0;
    if ends {
        let close = form([("AmazonChargePermissionID", &*permission)]);
        match customer.insist("CloseChargePermissionAmazonpay", &close).await {
            Insisted { reply: Reply::Fields(_), .. } => {}
            Insisted { reply: Reply::Refused(codes), after_a_loss: true } => assert_eq!(codes, PERMISSION_CLOSED),
            other => panic!("the consent {} cannot be ended: {:?}", consent.order, other.reply),
        }
    }
    wanted.push(Wanted::of(consent, if ends { "END" } else { "REGISTER" }, 0));
    wanted
}
