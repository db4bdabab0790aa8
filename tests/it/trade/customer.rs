//! A shop's server that does not give in, and its buyers: whatever call is lost is made again, and where the second answer
//! cannot tell what the first one did, SearchTradeMulti is asked. It knows the protocol and nothing else.

use serde_json::Value;

use super::lives::Wanted;
use super::shop::{Entered, Fields, Form, Reply, USED_ORDER, entry_form, form};

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

    /// The browser goes to StartURL; answers the checkout session that Amazon was told to show, or nothing if the ticket
    /// was used up by a visit whose answer was lost, or came too late.
    async fn start(&self, ticket: &Fields) -> Option<String>;

    /// The buyer pays at Amazon, whose page sends the browser back; it reloads until there is a page. Answers the Status
    /// that the page posts to the shop.
    async fn pay_and_come_back(&self, session: &str) -> String;

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

    /// Enters a new order. If the answer is lost, the order is asked for by its number.
    async fn enter(&self, job: &str, amounts: [&str; 2]) -> Entered {
        let order = self.next_order();
        let known = match self.insist("EntryTranAmazonpay", &entry_form(&order, job, amounts)).await {
            Insisted { reply: Reply::Fields(fields), .. } => fields,
            Insisted { reply: Reply::Refused(codes), after_a_doubt: true } if codes == USED_ORDER => {
                self.search(&order).await
            }
            other => panic!("{order} cannot be entered: {other:?}"),
        };
        Entered::of(&order, &known)
    }
}
