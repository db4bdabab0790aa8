//! A shop's server that does not give in, and its buyers: whatever call is lost is made again, and where the second answer
//! cannot tell what the first one did, SearchTradeMulti is asked. It knows the protocol and nothing else.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, LOCATION};

use super::shop::{Fields, Form, Reply, SHOP_ID, SHOP_PASS, form, posted};
use super::weather::Chance;
use super::world::{PUBLIC_URL, World};

const BUSY: &str = "E90010001";
const DATABASE: &str = "E91019999";
const THROTTLED: &str = "E92000001";
const UNREACHABLE: &str = "AZ1000999";
const USED_ORDER: &str = "M01004010";
pub(super) const ALREADY_REQUESTED: &str = "M01004014";
pub(super) const NOT_IN_THIS_STATUS: &str = "M01054004";
pub(super) const PERMISSION_CLOSED: &str = "AZ1000009";

/// Longer than any weather, and than all that follows it.
const TRIES_MAX: u32 = 400;

/// An order that was entered.
pub(super) struct Entered {
    pub(super) order: String,
    access_id: String,
    access_pass: String,
}

impl Entered {
    /// How every call on the order names it, and more fields.
    pub(super) fn with<const N: usize>(&self, fields: [(&'static str, &str); N]) -> Form {
        let access =
            form([("AccessID", &*self.access_id), ("AccessPass", &self.access_pass), ("OrderID", &self.order)]);
        [access, form(fields)].concat()
    }
}

/// What a call came to in the end.
#[derive(Debug)]
pub(super) struct Insisted {
    pub(super) reply: Reply,
    /// Whether an attempt before it left open what it did, so that this reply may be about work already done.
    pub(super) after_a_doubt: bool,
}

/// One of the shop's servers, with a buyer for each order.
pub(super) struct Customer {
    pub(super) world: Arc<World>,
    pub(super) chance: Chance,
    number: u64,
    orders: Cell<u32>,
}

impl Customer {
    pub(super) fn new(world: &Arc<World>, seed: u64, number: u64) -> Self {
        Self { world: world.clone(), chance: Chance::new(seed, 100 + number), number, orders: Cell::new(0) }
    }

    /// Waits a moment before the next try.
    async fn pause(&self) {
        tokio::time::sleep(self.chance.ms(200, 8_000)).await;
    }

    /// Calls once.
    pub(super) async fn ask(&self, name: &str, fields: &Form) -> Reply {
        let fields = [form([("ShopID", SHOP_ID), ("ShopPass", SHOP_PASS)]), fields.clone()].concat();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = posting(format!("{PUBLIC_URL}/payment/{name}.idPass"), body);
        let reply = self.world.call(request).await.map_or(Reply::NoAnswer, |(_, line)| Reply::read(&line));
        let said = match &reply {
            Reply::Fields(fields) => fields.get("Status").cloned().unwrap_or_else(|| "done".to_owned()),
            other => format!("{other:?}"),
        };
        self.world.trace.say(format_args!("shop {} {name}: {said}", self.number));
        reply
    }

    /// Calls until there is an answer that settles it.
    pub(super) async fn insist(&self, name: &str, form: &Form) -> Insisted {
        for tries in 0..TRIES_MAX {
            match self.ask(name, form).await {
                Reply::NoAnswer => {}
                Reply::Refused(codes) if [BUSY, DATABASE, THROTTLED, UNREACHABLE].contains(&&*codes) => {}
                reply => return Insisted { reply, after_a_doubt: tries > 0 },
            }
            self.pause().await;
        }
        panic!("{name} has no answer: {form:?}")
    }

    /// What the gateway knows of an order.
    pub(super) async fn search(&self, order: &str) -> Fields {
        match self.insist("SearchTradeMulti", &form([("OrderID", order), ("PayType", "38")])).await.reply {
            Reply::Fields(fields) => fields,
            other => panic!("{order} cannot be searched: {other:?}"),
        }
    }

    /// Waits until the order has one of these statuses.
    pub(super) async fn until(&self, order: &str, statuses: &[&str]) {
        let mut last = String::new();
        for _ in 0..TRIES_MAX {
            last.clone_from(&self.search(order).await["Status"]);
            if statuses.contains(&&*last) {
                return;
            }
            self.pause().await;
        }
        panic!("{order} never becomes one of {statuses:?}: it is {last}")
    }

    /// Enters a new order. If the answer is lost, the order is asked for by its number.
    pub(super) async fn enter(&self, job: &str, [amount, tax]: [&str; 2]) -> Entered {
        let number = self.orders.get();
        self.orders.set(number + 1);
        let order = format!("sim-{}-{number}", self.number);
        let entry =
            form([("OrderID", &*order), ("JobCd", job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", "3")]);
        let known = match self.insist("EntryTranAmazonpay", &entry).await {
            Insisted { reply: Reply::Fields(fields), .. } => fields,
            Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == USED_ORDER => {
                self.search(&order).await
            }
            other => panic!("{order} cannot be entered: {other:?}"),
        };
        Entered { order, access_id: known["AccessID"].clone(), access_pass: known["AccessPass"].clone() }
    }

    /// The browser goes to StartURL; answers the checkout session that Amazon was told to show, or nothing if the ticket
    /// was used up by a visit whose answer was lost, or came too late.
    pub(super) async fn start(&self, ticket: &Fields) -> Option<String> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("AccessID", &ticket["AccessID"]), ("Token", &ticket["Token"])])
            .finish();
        for _ in 0..TRIES_MAX {
            let request = posting(format!("{PUBLIC_URL}/payment/AmazonpayStart.idPass"), body.clone());
            match self.world.call(request).await {
                None => {}
                Some((head, _)) if head.status().is_server_error() => {}
                Some((head, _)) => {
                    self.world.trace.say(format_args!("buyer {} starts: {}", self.number, head.status()));
                    let location = head.headers().get(LOCATION)?.to_str().ok()?;
                    let session = location.split_once("amazonCheckoutSessionId=")?.1;
                    return Some(session.split('&').next().unwrap_or(session).to_owned());
                }
            }
            self.pause().await;
        }
        panic!("the buyer never gets an answer at the start")
    }

    /// The buyer pays at Amazon, whose page sends the browser back; it reloads until there is a page. Answers the Status
    /// that the page posts to the shop.
    pub(super) async fn pay_and_come_back(&self, session: &str) -> String {
        let back = {
            let mut ledger = self.world.sandbox.ledger();
            ledger.enter_processing(session).expect("the buyer can go on");
            ledger.pay(session).expect("the buyer pays")
        };
        for _ in 0..TRIES_MAX {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let request = Request::get(&back).body(Body::empty()).unwrap();
            if let Some((head, page)) = self.world.call(request).await {
                self.world.trace.say(format_args!("buyer {} is back: {}", self.number, head.status()));
                if head.status() == 200 {
                    assert_eq!(posted(&page, "ErrInfo"), Some(""), "{page}");
                    return posted(&page, "Status").expect("a status").to_owned();
                }
                assert!(head.status().is_server_error(), "{page}");
            }
            self.pause().await;
        }
        panic!("the buyer never gets a page")
    }
}

fn posting(url: String, body: String) -> Request<Body> {
    let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Body::from(body)).unwrap()
}
