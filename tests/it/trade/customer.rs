//! A shop's server that does not give in, and its buyers: whatever call is lost is made again, and where the second answer
//! cannot tell what the first one did, SearchTradeMulti is asked. It knows the protocol and nothing else.

use sekisho::sandbox::Sandbox;
use sekisho::sandbox::ledger::CompletionRequest;
use serde_json::Value;

use super::lives::Wanted;
use super::shop::{Entered, Fields, Form, Reply, USED_ORDER, entry_form, form, payload_in, session_in};

/// What a reply means to a shop that must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It settles the call.
    Settled,
    /// Ask again: nothing was done.
    NotYet,
    /// Ask again: nobody knows what was done.
    Doubt,
}

/// What a call came to in the end.
#[derive(Debug)]
pub(crate) struct Insisted {
    pub(crate) reply: Reply,
    /// Whether an attempt before it left open what it did, so that this reply may be about work already done.
    pub(crate) after_a_doubt: bool,
}

/// What a browser was answered at StartURL.
pub(crate) struct Visited {
    pub(crate) location: Option<String>,
    pub(crate) page: String,
}

/// One of the shop's servers, with a buyer for each order.
pub(crate) trait Customer {
    /// Longer than anything takes that comes to an end.
    const TRIES_MAX: u32;

    /// The number of the next order.
    fn next_order(&self) -> String;

    /// The card of a buyer whose authorisation may take its time.
    fn card(&self) -> &'static str;

    /// Calls once.
    async fn ask(&self, name: &str, fields: &Form) -> Reply;

    fn meaning_of(&self, reply: &Reply) -> Meaning;

    /// Waits a moment before the next try.
    async fn pause(&self);

    /// A session whose button said `terms`, and whose buyer went so far.
    async fn buyer(&self, terms: &Value, up_to: &str, card: &str) -> String;

    /// The browser goes to StartURL.
    async fn visit(&self, ticket: &Fields) -> Visited;

    /// The browser comes back to `url`, and reloads until there is a page; answers the Status that it posts to the shop.
    async fn come_back(&self, url: &str) -> String;

    /// Amazon.
    fn sandbox(&self) -> &Sandbox;

    /// The checkout session that Amazon is to show; nothing if the ticket was used up by a visit whose answer was lost, or
    /// came too late.
    async fn start(&self, ticket: &Fields) -> Option<String> {
        session_in(&self.visit(ticket).await.location?)
    }

    /// The same for a purchase that begins with the gateway's payload: the session that the buyer begins with it.
    async fn press_button(&self, ticket: &Fields, card: &str) -> Option<String> {
        let payload = payload_in(&self.visit(ticket).await.page)?;
        Some(self.buyer(&payload, "chosen", card).await)
    }

    /// The buyer pays at Amazon, whose page sends the browser back. Answers the Status that the shop is posted.
    async fn pay_and_come_back(&self, session: &str) -> String {
        let back = {
            let mut ledger = self.sandbox().ledger();
            ledger.enter_processing(session).expect("the buyer can go on");
            ledger.pay(session).expect("the buyer pays")
        };
        self.come_back(&back).await
    }

    /// The permission that a buyer approves in Amazon's window, whose button said `terms`.
    async fn permit(&self, terms: &Value, card: &str) -> String {
        let id = self.buyer(terms, "paid", card).await;
        let mut ledger = self.sandbox().ledger();
        let session = ledger.session(&id).expect("it was just begun");
        let (merchant_id, charge_amount) = (session.merchant_id.clone(), session.request.terms.payment.charge_amount);
        let request = CompletionRequest { charge_amount, total_order_amount: None };
        let completed = ledger.complete(&merchant_id, &id, request, None).expect("the buyer has paid");
        completed.session.charge_permission_id.expect("a completed session has one")
    }

    /// Asks for a part of what was taken. A part is given back each time that a shop asks for it.
    async fn cancel_part(&self, order: Entered) -> Wanted;

    /// Calls until there is an answer that settles it.
    async fn insist(&self, name: &str, form: &Form) -> Insisted {
        let mut after_a_doubt = false;
        for _ in 0..Self::TRIES_MAX {
            let reply = self.ask(name, form).await;
            match self.meaning_of(&reply) {
                Meaning::Settled => return Insisted { reply, after_a_doubt },
                Meaning::NotYet => {}
                Meaning::Doubt => after_a_doubt = true,
            }
            self.pause().await;
        }
        panic!("{name} has no answer: {form:?}")
    }

    /// What the gateway knows of an order.
    async fn search(&self, order: &str) -> Fields {
        self.insist("SearchTradeMulti", &form([("OrderID", order), ("PayType", "38")])).await.reply.fields()
    }

    /// Waits until the order has one of these statuses.
    async fn until(&self, order: &str, statuses: &[&str]) {
        let mut last = String::new();
        for _ in 0..Self::TRIES_MAX {
            last.clone_from(&self.search(order).await["Status"]);
            if statuses.contains(&&*last) {
                return;
            }
            self.pause().await;
        }
        panic!("{order} never becomes one of {statuses:?}: it is {last}")
    }

    /// Enters a new order of an AmazonpayType. If the answer is lost, the order is asked for by its number.
    async fn enter(&self, job: &str, amounts: [&str; 2], contract: &str) -> Entered {
        let order = self.next_order();
        let known = match self.insist("EntryTranAmazonpay", &entry_form(&order, job, amounts, contract)).await {
            Insisted { reply: Reply::Fields(fields), .. } => fields,
            Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == USED_ORDER => {
                self.search(&order).await
            }
            other => panic!("{order} cannot be entered: {other:?}"),
        };
        Entered::of(&order, &known)
    }
}
