//! What customers do: payments of several kinds, and what shops do with them afterwards.

use super::customer::{Customer, Insisted};
use super::shop::{
    ALREADY_REQUESTED, CPSP, Entered, Fields, Form, NOT_IN_THIS_STATUS, PERMISSION_CLOSED, Reply, STANDARD, form,
};
use crate::support::deeds::{MONTHLY, in_window, monthly, on_page, with_room};

const PRICE: [&str; 2] = ["1980", "198"];
pub(crate) const WHOLE: i64 = 2_178;
/// A part of it.
const PART: [&str; 2] = ["480", "48"];
pub(crate) const WITHOUT_PART: i64 = 1_650;
/// What a Change asks for, and its sum: less than was taken, or more than was authorised.
const LESS: ([&str; 2], i64) = (["1500", "150"], 1_650);
const MORE: ([&str; 2], i64) = (["3000", "300"], 3_300);
/// Longer than a day lasts.
const TERM_SEC: &str = "900";

/// A card that works at once.
pub(crate) const CARD: &str = "card-1111";

/// How an order must stand in the evening.
pub(crate) struct Wanted {
    pub(crate) order: String,
    pub(crate) status: &'static str,
    /// Amount and Tax together; several where the shop does not know.
    pub(crate) totals: Vec<i64>,
}

impl Wanted {
    pub(crate) fn of(order: Entered, status: &'static str, total: i64) -> Self {
        Self { order: order.order, status, totals: vec![total] }
    }
}

/// The flows: how customers pay, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// By way of the review page, authorised, then that.
    Authorised(After),
    /// By way of the review page, taken at once, then that.
    Taken(Then),
    /// Inside the shop's page, authorised, then that.
    OnThePage(After),
    /// By an additional payment button of the gateway's, authorised, then that.
    ByButton(After),
    /// Permitted in Amazon's window and charged through a certified provider: authorised, then that.
    Approved(After),
    /// A consent, two charges on it, and perhaps its end.
    Consented {
        /// Whether it ends.
        ends: bool,
    },
}

/// What follows an authorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Nothing,
    Sale,
    Cancel,
    Change,
}

/// What follows a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Nothing,
    Cancel,
    CancelPart,
    Change,
}

impl Flow {
    pub(crate) const AFTER: [After; 4] = [After::Nothing, After::Sale, After::Cancel, After::Change];
    pub(crate) const THEN: [Then; 4] = [Then::Nothing, Then::Cancel, Then::CancelPart, Then::Change];

    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let authorised = Self::AFTER.map(Self::Authorised);
        let on_the_page = Self::AFTER.map(Self::OnThePage);
        let by_button = Self::AFTER.map(Self::ByButton);
        let approved = Self::AFTER.map(Self::Approved);
        let consented = [true, false].map(|ends| Self::Consented { ends });
        [&authorised[..], &on_the_page, &by_button, &approved, &Self::THEN.map(Self::Taken), &consented].concat()
    }
}

/// Lives through `flow`. An order whose ticket was lost on the way is not in the answer: its buyer never paid.
pub(crate) async fn live(customer: &impl Customer, flow: Flow) -> Vec<Wanted> {
    match flow {
        Flow::Authorised(after) => authorised(customer, after).await.into_iter().collect(),
        Flow::Taken(then) => taken(customer, then).await.into_iter().collect(),
        Flow::OnThePage(after) => vec![on_the_page(customer, after).await],
        Flow::ByButton(after) => by_button(customer, after).await.into_iter().collect(),
        Flow::Approved(after) => vec![approved(customer, after).await],
        Flow::Consented { ends } => consented(customer, ends).await,
    }
}

async fn authorised(customer: &impl Customer, after: After) -> Option<Wanted> {
    // Amazon would refuse a second charge to a card that takes its time.
    let card = if after == After::Change { CARD } else { customer.card() };
    let order = reviewed(customer, "AUTH", card).await?;
    Some(after_authorisation(customer, order, after, MORE).await)
}

async fn taken(customer: &impl Customer, then: Then) -> Option<Wanted> {
    let order = reviewed(customer, "CAPTURE", CARD).await?;
    Some(match then {
        Then::Nothing => Wanted::of(order, "CAPTURE", WHOLE),
        Then::Cancel => {
            act(customer, &order, "AmazonpayCancel", &order.with(cancelled(PRICE)), "REQRETURN").await;
            Wanted::of(order, "RETURN", 0)
        }
        Then::CancelPart => customer.cancel_part(order).await,
        Then::Change => {
            act(customer, &order, "AmazonpayChange", &order.with(amounts(LESS.0)), "CAPTURE").await;
            Wanted::of(order, "CAPTURE", LESS.1)
        }
    })
}

/// What a Cancel of a part says.
pub(crate) fn part(order: &Entered) -> Form {
    order.with(cancelled(PART))
}

/// A payment by way of the shop's review page.
async fn reviewed(customer: &impl Customer, job: &'static str, card: &str) -> Option<Entered> {
    let session = customer.buyer(&with_room(), "chosen", card).await;
    let order = customer.enter(job, PRICE, STANDARD).await;
    through_amazon(customer, order, &session, &[], job).await
}

/// ExecTran, the buyer's way to Amazon and back.
async fn through_amazon(
    customer: &impl Customer,
    order: Entered,
    session: &str,
    more: &[(&'static str, &str)],
    becomes: &str,
) -> Option<Entered> {
    let mut exec = order.exec_form(session, TERM_SEC);
    exec.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let ticket = executed(customer, &order, &exec).await?;
    let session = customer.start(&ticket).await?;
    paid(customer, order, &session, becomes).await
}

/// ExecTran; nothing where the ticket was in an answer that is lost.
async fn executed(customer: &impl Customer, order: &Entered, exec: &Form) -> Option<Fields> {
    match customer.insist("ExecTranAmazonpay", exec).await {
        Insisted { reply: Reply::Fields(ticket), .. } => Some(ticket),
        Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == ALREADY_REQUESTED => None,
        other => panic!("{} cannot be executed: {other:?}", order.order),
    }
}

/// The buyer pays at Amazon and comes back.
async fn paid(customer: &impl Customer, order: Entered, session: &str, becomes: &str) -> Option<Entered> {
    let status = customer.pay_and_come_back(session).await;
    // Somebody else may be finding out what became of it, or Amazon takes its time.
    if status == "AUTHPROCESS" {
        customer.until(&order.order, &[becomes]).await;
    } else {
        assert_eq!(status, becomes, "{}", order.order);
    }
    Some(order)
}

/// A call after which the order must have `status`: said by the answer, or, if the answer was lost, by SearchTradeMulti.
pub(crate) async fn act(customer: &impl Customer, order: &Entered, name: &str, form: &Form, status: &str) {
    match customer.insist(name, form).await {
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
    customer: &impl Customer,
    order: Entered,
    after: After,
    changed: ([&'static str; 2], i64),
) -> Wanted {
    match after {
        After::Nothing => Wanted::of(order, "AUTH", WHOLE),
        After::Sale => {
            act(customer, &order, "AmazonpaySales", &order.with(amounts(PRICE)), "SALES").await;
            Wanted::of(order, "SALES", WHOLE)
        }
        After::Cancel => {
            act(customer, &order, "AmazonpayCancel", &order.with(cancelled(PRICE)), "CANCEL").await;
            Wanted::of(order, "CANCEL", 0)
        }
        After::Change => {
            act(customer, &order, "AmazonpayChange", &order.with(amounts(changed.0)), "AUTH").await;
            Wanted::of(order, "AUTH", changed.1)
        }
    }
}

/// The buyer pays inside the shop's page; ExecTran finalizes.
async fn on_the_page(customer: &impl Customer, after: After) -> Wanted {
    let session = customer.buyer(&on_page("Authorize", 2178), "paid", CARD).await;
    let order = customer.enter("AUTH", PRICE, STANDARD).await;
    charged(customer, &order, &order.with([("AmazonCheckoutSessionID", &*session)]), "AUTH").await;
    // Its button did not allow for more.
    after_authorisation(customer, order, after, LESS).await
}

/// The buyer presses a button that says all, and pays at Amazon without a second look at the shop.
async fn by_button(customer: &impl Customer, after: After) -> Option<Wanted> {
    let order = customer.enter("AUTH", PRICE, STANDARD).await;
    let ticket = executed(customer, &order, &order.button_form(TERM_SEC)).await?;
    let session = customer.press_button(&ticket, CARD).await?;
    let order = paid(customer, order, &session, "AUTH").await?;
    Some(after_authorisation(customer, order, after, LESS).await)
}

/// The buyer permits in Amazon's window; ExecTran charges.
async fn approved(customer: &impl Customer, after: After) -> Wanted {
    let permission = customer.permit(&in_window(2178), CARD).await;
    let order = customer.enter("AUTH", PRICE, CPSP).await;
    charged(customer, &order, &order.approved_form(&permission), "AUTH").await;
    after_authorisation(customer, order, after, LESS).await
}

/// ExecTran that asks for the money at once.
async fn charged(customer: &impl Customer, order: &Entered, exec: &Form, becomes: &str) {
    match customer.insist("ExecTranAmazonpay", exec).await {
        Insisted { reply: Reply::Fields(_), .. } => {}
        Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == ALREADY_REQUESTED => {}
        other => panic!("{} cannot be charged: {other:?}", order.order),
    }
    customer.until(&order.order, &[becomes]).await;
}

/// A consent to monthly charges, two charges on it, and perhaps its end.
async fn consented(customer: &impl Customer, ends: bool) -> Vec<Wanted> {
    let session = customer.buyer(&monthly(), "chosen", CARD).await;
    let consent = customer.enter("AUTH", ["0", ""], STANDARD).await;
    let Some(consent) = through_amazon(customer, consent, &session, &MONTHLY, "REGISTER").await else {
        return Vec::new();
    };
    let permission = customer.search(&consent.order).await["AmazonChargePermissionID"].clone();
    let mut wanted = Vec::new();
    for job in ["CAPTURE", "AUTH"] {
        let order = customer.enter(job, PRICE, STANDARD).await;
        charged(customer, &order, &order.with([("AmazonChargePermissionID", &*permission)]), job).await;
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
