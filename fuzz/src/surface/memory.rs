//! What a visitor has learned, and may use in later calls.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A shop as it knows itself.
pub(super) const SHOPS: [(&str, &str); 2] = [("tshop00000001", "demoshop1pass"), ("tshop00000002", "demoshop2pass")];

/// A transaction that was entered.
#[derive(Debug, Clone, Default)]
pub(super) struct Entered {
    pub(super) shop: usize,
    pub(super) order_id: String,
    pub(super) access_id: String,
    pub(super) access_pass: String,
    /// From its ExecTran.
    pub(super) token: String,
    pub(super) session: String,
}

/// Everything so far.
pub(super) struct Memory {
    visit: u32,
    orders: u32,
    /// The latest last.
    pub(super) entered: Vec<Entered>,
    /// Sessions whose buyers have chosen: the shop's number and the id.
    pub(super) sessions: Vec<(usize, String)>,
    /// Charge permissions that some answer named.
    pub(super) permissions: Vec<String>,
    /// Every status that some answer told.
    pub(super) statuses: BTreeSet<String>,
}

impl Memory {
    pub(super) const fn new(visit: u32) -> Self {
        Self {
            visit,
            orders: 0,
            entered: Vec::new(),
            sessions: Vec::new(),
            permissions: Vec::new(),
            statuses: BTreeSet::new(),
        }
    }

    /// An OrderID that nobody has used.
    pub(super) fn new_order(&mut self) -> String {
        self.orders += 1;
        format!("V{}-{}", self.visit, self.orders)
    }

    /// The transaction that is `back` behind the latest; an unknown one where there is none.
    pub(super) fn transaction(&self, back: usize) -> Entered {
        let place = self.entered.len().checked_sub(1 + back % self.entered.len().max(1));
        place.map(|place| self.entered[place].clone()).unwrap_or_default()
    }

    /// The latest session of that shop.
    pub(super) fn session(&self, shop: usize) -> String {
        let found = self.sessions.iter().rev().find(|(of, _)| *of == shop);
        found.map(|(_, id)| id.clone()).unwrap_or_default()
    }

    /// Takes in what an answer to `call` of that shop says.
    pub(super) fn learn(
        &mut self,
        call: &str,
        shop: usize,
        sent: &BTreeMap<String, String>,
        said: &BTreeMap<String, String>,
    ) {
        let sent_order = sent.get("OrderID").cloned().unwrap_or_default();
        if let (Some(id), Some(pass)) = (said.get("AccessID"), said.get("AccessPass"))
            && call == "EntryTranAmazonpay"
        {
            let (access_id, access_pass) = (id.clone(), pass.clone());
            self.entered.push(Entered { shop, order_id: sent_order, access_id, access_pass, ..Entered::default() });
        } else if let (Some(id), Some(token)) = (said.get("AccessID"), said.get("Token")) {
            for entered in self.entered.iter_mut().filter(|it| it.access_id == *id) {
                entered.token.clone_from(token);
                entered.session = sent.get("AmazonCheckoutSessionID").cloned().unwrap_or_default();
            }
        }
        let permission = said.get("AmazonChargePermissionID").filter(|id| !id.is_empty());
        if let Some(id) = permission.filter(|id| !self.permissions.contains(id)) {
            self.permissions.push(id.clone());
        }
    }
}

/// The fields of an answer in either style, by their idPass names.
pub(super) fn fields_of(body: &[u8]) -> BTreeMap<String, String> {
    if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
        let raised = |name: &str| name[..1].to_ascii_uppercase() + &name[1..];
        return members.iter().map(|(name, value)| (raised(name), text(value))).collect();
    }
    let line = String::from_utf8_lossy(body);
    line.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
