//! A shop's server and its buyers in virtual time: how they call, and how long they wait. That they do not give in is every
//! [`Customer`](crate::trade::customer::Customer)'s.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use sekisho::sandbox::Sandbox;
use serde_json::Value;

use super::weather::Chance;
use super::world::{PUBLIC_URL, World};
use crate::trade::customer::{Customer as Shop, Meaning, Visited};
use crate::trade::lives::{CARD, WHOLE, WITHOUT_PART, Wanted, part};
use crate::trade::shop::{BUSY, Entered, Fields, Form, Reply, authorised, posted};

const DATABASE: &str = "E91019999";
const THROTTLED: &str = "E92000001";
const UNREACHABLE: &str = "AZ1000999";

/// Long enough for whatever a call without an answer may still do.
const CALL_IS_OVER: Duration = Duration::from_mins(4);

/// One of the shop's servers, with a buyer for each order.
pub(super) struct Customer {
    world: Arc<World>,
    chance: Chance,
    number: u64,
    orders: Cell<u32>,
}

impl Customer {
    pub(super) fn new(world: &Arc<World>, seed: u64, number: u64) -> Self {
        Self { world: world.clone(), chance: Chance::new(seed, 100 + number), number, orders: Cell::new(0) }
    }
}

impl Shop for Customer {
    // Longer than any weather, and than all that follows it.
    const TRIES_MAX: u32 = 400;

    fn next_order(&self) -> String {
        let number = self.orders.get();
        self.orders.set(number + 1);
        format!("sim-{}-{number}", self.number)
    }

    fn card(&self) -> &'static str {
        if self.world.pending && self.chance.below(2) == 0 { "card-0701" } else { CARD }
    }

    async fn ask(&self, name: &str, fields: &Form) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(authorised(fields)).finish();
        let request = posting(format!("{PUBLIC_URL}/payment/{name}.idPass"), body);
        let reply = self.world.call(request).await.map_or(Reply::NoAnswer, |(_, line)| Reply::read(&line));
        let said = match &reply {
            Reply::Fields(fields) => fields.get("Status").cloned().unwrap_or_else(|| "done".to_owned()),
            other => format!("{other:?}"),
        };
        self.world.trace.say(format_args!("shop {} {name}: {said}", self.number));
        reply
    }

    /// A call may come twice, and its twin be at work already: any answer of this kind may be about work already done.
    fn meaning_of(&self, reply: &Reply) -> Meaning {
        match reply {
            Reply::NoAnswer => Meaning::Doubt,
            Reply::Refused(codes) if [BUSY, DATABASE, THROTTLED, UNREACHABLE].contains(&&**codes) => Meaning::Doubt,
            _ => Meaning::Settled,
        }
    }

    async fn pause(&self) {
        tokio::time::sleep(self.chance.ms(200, 8_000)).await;
    }

    async fn buyer(&self, terms: &Value, up_to: &str, card: &str) -> String {
        self.world.buyer(terms, up_to, card).await
    }

    async fn visit(&self, ticket: &Fields) -> Visited {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("AccessID", &ticket["AccessID"]), ("Token", &ticket["Token"])])
            .finish();
        for _ in 0..Self::TRIES_MAX {
            let request = posting(format!("{PUBLIC_URL}/payment/AmazonpayStart.idPass"), body.clone());
            match self.world.call(request).await {
                None => {}
                Some((head, _)) if head.status().is_server_error() => {}
                Some((head, page)) => {
                    self.world.trace.say(format_args!("buyer {} starts: {}", self.number, head.status()));
                    let location = head.headers().get(LOCATION).map(|it| it.to_str().unwrap().to_owned());
                    return Visited { location, page };
                }
            }
            self.pause().await;
        }
        panic!("the buyer never gets an answer at the start")
    }

    fn sandbox(&self) -> &Sandbox {
        &self.world.sandbox
    }

    async fn come_back(&self, url: &str) -> String {
        for _ in 0..Self::TRIES_MAX {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let request = Request::get(url).body(Body::empty()).unwrap();
            if let Some((head, page)) = self.world.call(request).await {
                self.world.trace.say(format_args!("buyer {} is back: {}", self.number, head.status()));
                if head.status() == 200 {
                    let posted = posted(&page).expect("a form for the shop");
                    assert_eq!(posted["ErrInfo"], "", "{page}");
                    return posted["Status"].clone();
                }
                assert!(head.status().is_server_error(), "{page}");
            }
            self.pause().await;
        }
        panic!("the buyer never gets a page")
    }

    /// Here a refund may be over before the shop asks again, and then a second one would be right: so it asks once, and
    /// then sees.
    async fn cancel_part(&self, order: Entered) -> Wanted {
        if let Reply::Fields(_) = self.ask("AmazonpayCancel", &part(&order)).await {
            return Wanted::of(order, "CAPTURE", WITHOUT_PART);
        }
        tokio::time::sleep(CALL_IS_OVER).await;
        Wanted { order: order.order, status: "CAPTURE", totals: vec![WHOLE, WITHOUT_PART] }
    }
}

fn posting(url: String, body: String) -> Request<Body> {
    let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Body::from(body)).unwrap()
}
