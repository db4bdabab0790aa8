//! A shop's server and its buyers in front of a gateway that dies: how they call, whom, and how long they wait. That they
//! do not give in is every [`Customer`](crate::trade::customer::Customer)'s.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sekisho::sandbox::Sandbox;
use serde_json::Value;
use tokio::sync::watch;

use super::super::chance::Chance;
use super::super::shop::call;
use super::super::world::{World, come_back};
use crate::trade::customer::{Customer as Shop, Meaning, Visited};
use crate::trade::lives::{CARD, WITHOUT_PART, Wanted, act, part};
use crate::trade::shop::{BUSY, Entered, Fields, Form, Reply};

/// Longer than any number of deaths in a row takes.
const PATIENCE: Duration = Duration::from_mins(1);
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const PUBLIC_URL: &str = "https://gateway.example";

/// A customer without patience has gone away by then. Calls take about as long, so every moment of a call is met.
const HANGS_UP_AFTER_MS_MAX: u64 = 60;

/// One of the shop's servers, with a buyer for each order.
pub(super) struct Customer<'a> {
    world: &'a World,
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
}

impl Shop for Customer<'_> {
    // At twenty milliseconds and a call each: longer than any number of deaths in a row takes.
    const TRIES_MAX: u32 = 2_000;

    fn next_order(&self) -> String {
        let number = self.orders.get();
        self.orders.set(number + 1);
        format!("storm-{}-{number}", self.number)
    }

    fn card(&self) -> &'static str {
        CARD
    }

    async fn ask(&self, name: &str, fields: &Form) -> Reply {
        self.perhaps(call(&self.world.http, &self.url(), name, fields)).await.unwrap_or(Reply::NoAnswer)
    }

    fn meaning_of(&self, reply: &Reply) -> Meaning {
        match reply {
            Reply::NoAnswer => Meaning::Doubt,
            Reply::Refused(codes) if codes == BUSY => Meaning::NotYet,
            _ => Meaning::Settled,
        }
    }

    async fn pause(&self) {
        tokio::time::sleep(AGAIN_AFTER).await;
    }

    async fn buyer(&self, terms: &Value, up_to: &str, card: &str) -> String {
        self.world.session(terms, up_to, card).await
    }

    async fn visit(&self, ticket: &Fields) -> Visited {
        let form = [("AccessID", &ticket["AccessID"]), ("Token", &ticket["Token"])];
        let visiting = async {
            loop {
                let url = format!("{}/payment/AmazonpayStart.idPass", self.url());
                let answer = async {
                    let answer = self.world.http.post(url).form(&form).send().await.ok()?;
                    let location = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
                    Some(Visited { location, page: answer.text().await.ok()? })
                };
                if let Some(Some(visited)) = self.perhaps(answer).await {
                    return visited;
                }
                self.pause().await;
            }
        };
        tokio::time::timeout(PATIENCE, visiting).await.expect("an answer to the browser")
    }

    fn sandbox(&self) -> &Sandbox {
        &self.world.sandbox
    }

    async fn come_back(&self, url: &str) -> String {
        let path = url.strip_prefix(PUBLIC_URL).expect("Amazon sends the browser back to the gateway");
        let reloading = async {
            loop {
                if let Some(Some(posted)) = self.perhaps(come_back(&self.world.http, &self.url(), path)).await {
                    assert_eq!(posted["ErrInfo"], "", "{url}");
                    return posted["Status"].clone();
                }
                self.pause().await;
            }
        };
        tokio::time::timeout(PATIENCE, reloading).await.expect("a page for the browser")
    }

    /// Here refunds are under way until the evening, so a second try is refused: the shop may insist.
    async fn cancel_part(&self, order: Entered) -> Wanted {
        act(self, &order, "AmazonpayCancel", &part(&order), "REQRETURN").await;
        Wanted::of(order, "CAPTURE", WITHOUT_PART)
    }
}
