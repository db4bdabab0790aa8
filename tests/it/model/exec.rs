//! The model from ExecTran to the buyer's return (psp-protocol 5.2, 5.3, 7, 13.12, 13.15).

use sekisho::domain::Millis;

use super::amazon::{Completed, Progress, State, USED_UP};
use super::book::{Book, MEMO, job, refuses};
use super::says::{Action, Done, Fields, Says, Value, is, permission_or_blank};
use super::step::{Act, Kind, Way, Who};
use super::table;
use crate::fuzz_corpus::bodies::indoors::GATEWAY_URL;

/// Unless the shop says otherwise (13.8).
const TERM_MS: i64 = 120_000;
/// Unless the shop's settings say otherwise (13.12).
const BUYER_MS: i64 = 60 * 60_000;

impl Book {
    pub(super) fn exec(&mut self, number: usize, way: Way, who: Who) -> Option<Done> {
        let (mut fields, refusal) = Self::names(number, who);
        fields.push(("ClientField1", is(&MEMO)));
        let on = |count: usize, which: usize| which.checked_rem(count);
        let (sessions, permissions) = (self.amazon.sessions.len(), self.amazon.permissions.len());
        let kind_of = |consent: bool| if consent { 2 } else { 0 };
        let (kind, subject) = match way {
            Way::Apb { consent, .. } => (kind_of(consent), 0),
            Way::Consent(session) => (2, on(sessions, session)?),
            Way::Finalize(session) if self.orders[number].payment_type == Some(2) => (2, on(sessions, session)?),
            Way::Review(session) | Way::Finalize(session) => (0, on(sessions, session)?),
            Way::OnDemand(permission) => (1, on(permissions, permission)?),
        };
        fields.extend(parameters(way, subject));
        let order = &self.orders[number];
        let says = if let Some(code) = refusal {
            refuses(code)
        } else if let Some(code) = table::refusal("ExecTranAmazonpay", order.status) {
            refuses(code)
        } else if order.payment_type.is_some_and(|declared| declared != kind) {
            refuses("M01911010")
        } else if order.total() == 0 && kind != 2 {
            refuses("M01005011")
        } else {
            match way {
                Way::Review(_) | Way::Consent(_) => self.review(number, subject, matches!(way, Way::Consent(_))),
                Way::Finalize(_) => self.finalize(number, subject),
                Way::OnDemand(_) => self.on_demand(number, subject),
                Way::Apb { consent, ships } => {
                    self.orders[number].apb = Some((consent, ships));
                    self.ready(number)
                }
            }
        };
        Some(Done { action: Action::Call("ExecTranAmazonpay", fields), says })
    }

    /// A session pays one order: the last that was executed with it, unless an earlier one's buyer has set out.
    fn take_over(&mut self, session: usize) -> bool {
        let claims = |status: &str| !matches!(status, "PAYFAIL" | "EXPIRED");
        let earlier = self.orders.iter().position(|order| order.session == Some(session) && claims(order.status));
        match earlier {
            None => true,
            Some(earlier) if self.orders[earlier].status == "REQSUCCESS" => {
                self.expire(earlier);
                true
            }
            Some(_) => false,
        }
    }

    fn review(&mut self, number: usize, session: usize, consent: bool) -> Says {
        if !self.take_over(session) {
            return refuses("AZ1000007");
        }
        if !self.amazon.is_readable(session) {
            return refuses("AZ1000007");
        }
        if let Err(code) = self.amazon.update(session, self.orders[number].deal(), consent) {
            return refuses(code);
        }
        self.orders[number].session = Some(session);
        self.ready(number)
    }

    /// The redirect shape.
    fn ready(&mut self, number: usize) -> Says {
        self.go(number, "redirect", "REQSUCCESS");
        let order = &mut self.orders[number];
        order.executed = true;
        order.has_ret_url = true;
        order.limit_at = self.now + TERM_MS;
        Says::Fields(vec![
            ("AccessID", Value::AccessId(number)),
            ("Token", Value::Something),
            ("StartURL", is(&format!("{GATEWAY_URL}/payment/AmazonpayStart.idPass"))),
            ("StartLimitDate", is(&Millis(self.now + TERM_MS).jst())),
        ])
    }

    fn finalize(&mut self, number: usize, session: usize) -> Says {
        if !self.take_over(session) || !self.amazon.is_readable(session) {
            return refuses("AZ1000007");
        }
        let found = &self.amazon.sessions[session];
        if found.state == State::Open && self.orders[number].payment_type == Some(2) && !found.consents {
            // The buyer was asked for one payment, which makes no consent.
            return refuses("M01911010");
        }
        let refusal = match (&found.state, found.kind, found.progress) {
            (State::Canceled(code), ..) => Some(*code),
            (State::Open, Kind::OnPage, Progress::Paid) if found.deal == Some(self.orders[number].deal()) => None,
            // Not what the buyer agreed to: nothing is charged (13.15).
            (State::Open, Kind::OnPage, Progress::Paid) => Some("AZ1000013"),
            _ => Some("AZ1000007"),
        };
        self.orders[number].executed = true;
        self.orders[number].session = Some(session);
        let outcome = refusal.map_or_else(|| self.amazon.complete(session), Completed::Refused);
        self.at_once(number, outcome)
    }

    fn on_demand(&mut self, number: usize, permission: usize) -> Says {
        let outcome = match self.amazon.charge(permission, self.orders[number].deal()) {
            Ok(charge) => Completed::Paid(charge),
            Err(USED_UP) => Completed::Refused("AZ1000008"),
            Err(code) => Completed::Refused(code),
        };
        self.orders[number].executed = true;
        self.at_once(number, outcome)
    }

    /// The immediate shape.
    fn at_once(&mut self, number: usize, outcome: Completed) -> Says {
        self.conclude(number, outcome);
        if let Completed::Refused(code) = outcome {
            return refuses(code);
        }
        let order = &self.orders[number];
        Says::Fields(vec![
            ("ShopID", is("tshop00000001")),
            ("OrderID", Value::OrderId(number)),
            ("Status", is(order.status)),
            ("TranDate", is(&Millis(order.changed_at).jst())),
            ("AmazonChargePermissionID", permission_or_blank(order.permission)),
            ("CheckString", Value::CheckString(number, order.permission)),
        ])
    }

    pub(super) fn start(&mut self, number: usize, right: bool) -> Done {
        let order = &self.orders[number];
        let says = if let Some(code) = table::refusal("AmazonpayStart", order.status) {
            Says::Page(code)
        } else if !right || order.was_started {
            Says::Page("M01074090")
        } else if order.status == "EXPIRED" {
            // Somebody looked before the buyer; the buyer is told the same (5.3).
            Says::Posts(self.post(number))
        } else if self.now > order.limit_at {
            self.expire(number);
            Says::Posts(self.post(number))
        } else {
            self.go(number, "start", "AUTHPROCESS");
            self.orders[number].was_started = true;
            self.orders[number].limit_at = self.now + BUYER_MS;
            if self.orders[number].apb.is_some() { Says::Begins } else { Says::Redirects }
        };
        Done { action: Action::Start { order: number, right }, says }
    }

    pub(super) fn buyer(&mut self, number: usize, act: Act, card: &'static str) -> Option<Done> {
        let order = &self.orders[number];
        if !order.was_started {
            // Only AmazonpayStart tells a buyer where the page is.
            return None;
        }
        let (session, begins) = match (order.session.or(order.begun), order.apb) {
            (Some(session), _) => (session, None),
            (None, Some((consent, ships))) => {
                let session = self.amazon.begin(card, order.deal(), consent);
                self.orders[number].begun = Some(session);
                (session, Some(ships))
            }
            (None, None) => return None,
        };
        self.amazon.open_page(session);
        match act {
            Act::Open => {}
            Act::Pay => self.amazon.pay(session),
            Act::GiveUp => self.amazon.give_up(session),
        }
        let action = match begins {
            Some(ships) => Action::Begin { order: number, card, ships, act },
            None => Action::Buyer { session, act },
        };
        Some(Done { action, says: Says::Nothing })
    }

    pub(super) fn come_back(&mut self, number: usize) -> Option<Done> {
        let session = self.orders[number].session.or(self.orders[number].begun)?;
        let action = Action::Return { order: number, session };
        let order = &self.orders[number];
        if order.status == "REQSUCCESS" || !order.has_ret_url {
            // Nobody was sent to Amazon; and a payment in the on-page script leads nowhere.
            return Some(Done { action, says: Says::Page("M01058002") });
        }
        let is_news = order.session.is_none();
        if is_news && !self.amazon.is_readable(session) {
            return Some(Done { action, says: Says::Page("M01058002") });
        }
        if order.status == "AUTHPROCESS" {
            if is_news {
                // From now on the gateway knows whom to ask.
                self.orders[number].session = Some(session);
                self.orders[number].changed_at = self.now;
            }
            let outcome = self.amazon.complete(session);
            self.conclude(number, outcome);
        }
        Some(Done { action, says: Says::Posts(self.post(number)) })
    }

    /// What became of a session or a charge is what becomes of its order.
    fn conclude(&mut self, number: usize, outcome: Completed) {
        match outcome {
            Completed::NotYet => return,
            Completed::Paid(charge) => {
                let to = job(self.orders[number].captures);
                self.go(number, "paid", to);
                let order = &mut self.orders[number];
                order.permission = Some(charge.0);
                order.charge = Some(charge);
                order.authorized_at = self.now;
            }
            Completed::Consented(permission) => {
                self.go(number, "consented", "REGISTER");
                self.orders[number].permission = Some(permission);
            }
            Completed::Refused(code) => {
                self.go(number, "refused", "PAYFAIL");
                self.orders[number].error = code;
            }
        }
        self.tell(number);
    }

    pub(super) fn expire(&mut self, number: usize) {
        self.go(number, "too late", "EXPIRED");
        self.orders[number].error = "M01052011";
        self.tell(number);
    }

    /// The gateway looks for a buyer who has not come back: Amazon's word first (13.12).
    pub(super) fn look_for_buyer(&mut self, number: usize) {
        let Some(session) = self.orders[number].session else { return self.expire(number) };
        match &self.amazon.sessions[session].state {
            State::Canceled(code) if self.amazon.is_readable(session) => {
                let code = *code;
                self.conclude(number, Completed::Refused(code));
            }
            _ => self.expire(number),
        }
    }

    /// The form that the browser carries to RetURL.
    fn post(&self, number: usize) -> Fields {
        let order = &self.orders[number];
        let permission = order.told_permission();
        vec![
            ("ShopID", is("tshop00000001")),
            ("OrderID", Value::OrderId(number)),
            ("Status", is(order.status)),
            ("TranDate", is(&Millis(order.changed_at).jst())),
            ("AmazonChargePermissionID", permission_or_blank(permission)),
            ("CheckString", Value::CheckString(number, permission)),
            ("ErrCode", is(order.error.get(..3).unwrap_or_default())),
            ("ErrInfo", is(order.error)),
        ]
    }
}

/// What ExecTran says for each way to pay (psp-protocol 5.2).
fn parameters(way: Way, subject: usize) -> Fields {
    let ret_url = ("RetURL", is("https://shop.example/result"));
    let cycle = [("FrequencyUnit", is("Month")), ("FrequencyValue", is(&1))];
    let mut fields = match way {
        Way::OnDemand(_) => vec![("AmazonChargePermissionID", Value::Permission(subject))],
        Way::Finalize(_) => vec![("AmazonCheckoutSessionID", Value::Session(subject))],
        Way::Review(_) | Way::Consent(_) => vec![("AmazonCheckoutSessionID", Value::Session(subject)), ret_url],
        Way::Apb { ships: false, .. } => vec![("ApbType", is("PayOnly")), ret_url],
        Way::Apb { ships: true, .. } => {
            let mut fields = vec![("ApbType", is("PayAndShip")), ret_url];
            fields.extend(ADDRESS.map(|(name, text)| (name, is(text))));
            fields
        }
    };
    if matches!(way, Way::Consent(_) | Way::Apb { consent: true, .. }) {
        fields.extend(cycle);
    }
    fields
}

const ADDRESS: [(&str, &str); 7] = [
    ("AddressName", "Hakone Hanako"),
    ("AddressLine1", "1-2-3 Sekishodori"),
    ("AddressCity", "Hakone"),
    ("AddressStateOrRegion", "Kanagawa"),
    ("AddressPostalCode", "250-0521"),
    ("AddressCountryCode", "JP"),
    ("AddressPhoneNumber", "09000000001"),
];
