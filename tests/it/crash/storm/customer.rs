//! A shop's server that does not give in: whatever call is lost is made again, and where the second answer cannot tell
//! what the first one did, SearchTradeMulti is asked. It knows the protocol and nothing else.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::super::chance::Chance;
use super::super::moves::{BUSY, Entered};
use super::super::shop::{Fields, Form, Reply, call, form};
use super::super::world::{World, come_back};

pub(super) const USED_ORDER: &str = "M01004010";
/// Longer than any number of deaths in a row takes.
const PATIENCE: Duration = Duration::from_mins(1);
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const PUBLIC_URL: &str = "https://gateway.example";

/// A customer without patience has gone away by then. Calls take about as long, so every moment of a call is met.
const HANGS_UP_AFTER_MS_MAX: u64 = 60;

/// What a call came to in the end.
pub(super) struct Insisted {
    pub(super) reply: Reply,
    /// Whether an answer before it was lost, so that this one may be about work already done.
    pub(super) after_a_loss: bool,
}

/// One of the shop's servers, with a buyer for each order.
pub(super) struct Customer<'a> {
    pub(super) world: &'a World,
    /// Where the gateway of the moment is; dead ones stay on the line until there is another.
    line: watch::Receiver<String>,
    pub(super) chance: Chance,
    number: u64,
    orders: Cell<u32>,
    /// Counts how often customers hung up. One who has no counter never does.
    hang_ups: Option<&'a AtomicU32>,
}

impl<'a> Customer<'a> {
    pub(super) fn new(world: &'a World, line: watch::Receiver<String>, chance: Chance, number: u64) -> Self {
        Self { world, line, chance, number, orders: Cell::new(0), hang_ups: None }
    }

    /// One who now and then does not wait for an answer.
    pub(super) fn impatient(self, hang_ups: &'a AtomicU32) -> Self {
        Self { hang_ups: Some(hang_ups), ..self }
    }

    /// The answer, unless this customer hangs up before it is there.
    async fn perhaps<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        match self.hang_ups {
            Some(hang_ups) if self.chance.below(2) == 0 => {
                let patience = Duration::from_millis(self.chance.below(HANGS_UP_AFTER_MS_MAX));
                let answered = tokio::time::timeout(patience, answer).await;
                if answered.is_err() {
                    hang_ups.fetch_add(1, Ordering::SeqCst);
                }
                answered.ok()
            }
            _ => Some(answer.await),
        }
    }

    fn url(&self) -> String {
        self.line.borrow().clone()
    }

    /// Calls until there is an answer that says more than "in work".
    pub(super) async fn insist(&self, name: &str, form: &Form) -> Insisted {
        let mut after_a_loss = false;
        let insisting = async {
            loop {
                match self.perhaps(call(&self.world.http, &self.url(), name, form)).await {
                    None | Some(Reply::NoAnswer) => after_a_loss = true,
                    Some(Reply::Refused(codes)) if codes == BUSY => {}
                    Some(reply) => return reply,
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        };
        let reply = tokio::time::timeout(PATIENCE, insisting).await;
        let reply = reply.unwrap_or_else(|_| panic!("{name} has no answer: {form:?}"));
        Insisted { reply, after_a_loss }
    }

    /// What the gateway knows of an order.
    pub(super) async fn search(&self, order: &str) -> Fields {
        self.insist("SearchTradeMulti", &form([("OrderID", order), ("PayType", "38")])).await.reply.fields()
    }

    /// Waits until the order has one of these statuses; answers which.
    pub(super) async fn until(&self, order: &str, statuses: &[&str]) -> String {
        let waiting = async {
            loop {
                let status = self.search(order).await["Status"].clone();
                if statuses.contains(&&*status) {
                    return status;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await;
        in_time.unwrap_or_else(|_| panic!("{order} never becomes one of {statuses:?}"))
    }

    /// Enters a new order. If the answer is lost, the order is asked for by its number.
    pub(super) async fn enter(&self, job: &str, amount: &str, tax: &str) -> Entered {
        let number = self.orders.get();
        self.orders.set(number + 1);
        let order = format!("storm-{}-{number}", self.number);
        let entry =
            form([("OrderID", &*order), ("JobCd", job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", "3")]);
        let known = match self.insist("EntryTranAmazonpay", &entry).await {
            Insisted { reply: Reply::Fields(fields), .. } => fields,
            Insisted { reply: Reply::Refused(codes), after_a_loss: true } if codes == USED_ORDER => {
                self.search(&order).await
            }
            other => panic!("{order} cannot be entered: {:?}", other.reply),
        };
        Entered { order, access_id: known["AccessID"].clone(), access_pass: known["AccessPass"].clone() }
    }

    /// The browser goes to StartURL; answers the checkout session that Amazon was told to show, or nothing if the ticket
    /// was used up by a visit whose answer was lost.
    pub(super) async fn start(&self, ticket: &Fields) -> Option<String> {
        let form = [("AccessID", &ticket["AccessID"]), ("Token", &ticket["Token"])];
        let visiting = async {
            loop {
                let url = format!("{}/payment/AmazonpayStart.idPass", self.url());
                if let Some(Ok(answer)) = self.perhaps(self.world.http.post(url).form(&form).send()).await {
                    let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
                    let session = location.and_then(|url| url.split_once("amazonCheckoutSessionId="));
                    return session.map(|(_, id)| id.split('&').next().unwrap_or(id).to_owned());
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        };
        tokio::time::timeout(PATIENCE, visiting).await.expect("an answer to the browser")
    }

    /// The buyer pays at Amazon, whose page sends the browser back; it reloads until there is a page. Answers what the
    /// page posts to the shop.
    pub(super) async fn pay_and_come_back(&self, session: &str) -> Fields {
        let back = {
            let mut ledger = self.world.sandbox.ledger();
            ledger.enter_processing(session).expect("the buyer can go on");
            ledger.pay(session).expect("the buyer pays")
        };
        let path = back.strip_prefix(PUBLIC_URL).expect("Amazon sends the browser back to the gateway");
        let reloading = async {
            loop {
                if let Some(Some(posted)) = self.perhaps(come_back(&self.world.http, &self.url(), path)).await {
                    return posted;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        };
        tokio::time::timeout(PATIENCE, reloading).await.expect("a page for the browser")
    }
}
