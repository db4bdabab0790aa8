//! The shop's side of the wire: forms and answers.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::form_of;

/// A form, by name.
pub(crate) type Fields = BTreeMap<String, String>;

/// What a shop sends, in its order.
pub(crate) type Form = Vec<(&'static str, String)>;

pub(crate) const SHOP_ID: &str = "tshop00000001";
pub(crate) const SHOP_PASS: &str = "demoshop1pass";

/// AmazonpayType: the shop's own contract with Amazon, and one through a certified provider.
pub(crate) const STANDARD: &str = "3";
pub(crate) const CPSP: &str = "4";

const RET_URL: (&str, &str) = ("RetURL", "https://shop.example/result");

pub(crate) const BUSY: &str = "E90010001";
pub(crate) const USED_ORDER: &str = "M01004010";
pub(crate) const ALREADY_REQUESTED: &str = "M01004014";
pub(crate) const NOT_IN_THIS_STATUS: &str = "M01054004";
pub(crate) const PERMISSION_CLOSED: &str = "AZ1000009";

pub(crate) fn form<const N: usize>(fields: [(&'static str, &str); N]) -> Form {
    fields.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// What the shop sends with every call: its id, its password, and these.
pub(crate) fn authorised(fields: &Form) -> Form {
    [form([("ShopID", SHOP_ID), ("ShopPass", SHOP_PASS)]), fields.clone()].concat()
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Fields(Fields),
    /// The ErrInfo codes.
    Refused(String),
    /// The connection broke, or there was none.
    NoAnswer,
}

impl Reply {
    /// What an answer's line says. Nothing in these answers is escaped.
    pub(crate) fn read(line: &str) -> Self {
        let pairs = line.trim_end().split('&').filter_map(|pair| pair.split_once('='));
        let fields: Fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        match fields.get("ErrInfo") {
            Some(codes) => Self::Refused(codes.clone()),
            None => Self::Fields(fields),
        }
    }

    pub(crate) fn fields(self) -> Fields {
        match self {
            Self::Fields(fields) => fields,
            other => panic!("{other:?}"),
        }
    }
}

/// An order that was entered.
pub(crate) struct Entered {
    pub(crate) order: String,
    pub(crate) access_id: String,
    pub(crate) access_pass: String,
}

impl Entered {
    /// What EntryTran's answer, or SearchTradeMulti's, says of it.
    pub(crate) fn of(order: &str, fields: &Fields) -> Self {
        let [access_id, access_pass] = ["AccessID", "AccessPass"].map(|name| fields[name].clone());
        Self { order: order.to_owned(), access_id, access_pass }
    }

    /// How every call on the order names it, and more fields.
    pub(crate) fn with<const N: usize>(&self, fields: [(&'static str, &str); N]) -> Form {
        let access =
            form([("AccessID", &*self.access_id), ("AccessPass", &self.access_pass), ("OrderID", &self.order)]);
        [access, form(fields)].concat()
    }

    /// ExecTran by way of the shop's review page.
    pub(crate) fn exec_form(&self, session: &str, term_sec: &str) -> Form {
        self.with([("AmazonCheckoutSessionID", session), RET_URL, ("PaymentTermSec", term_sec)])
    }

    /// ExecTran of a purchase that an additional payment button begins.
    pub(crate) fn button_form(&self, term_sec: &str) -> Form {
        self.with([("ApbType", "PayOnly"), RET_URL, ("PaymentTermSec", term_sec)])
    }

    /// ExecTran over a permission that was approved in Amazon's window.
    pub(crate) fn approved_form(&self, permission: &str) -> Form {
        self.with([("AmazonChargePermissionID", permission), ("ApbType", "PayOnly"), RET_URL])
    }
}

/// EntryTran's parameters.
pub(crate) fn entry_form(order: &str, job: &str, [amount, tax]: [&str; 2], contract: &str) -> Form {
    form([("OrderID", order), ("JobCd", job), ("Amount", amount), ("Tax", tax), ("AmazonpayType", contract)])
}

/// What the page will post to the shop that a browser is shown on its return; none where it has no such form.
pub(crate) fn posted(page: &str) -> Option<Fields> {
    let form = page.split_once("id=\"result-form\"")?.1;
    let value = |input: &str, name: &str| {
        input.split_once(&format!("{name}=\"")).and_then(|(_, rest)| rest.split('"').next()).map(str::to_owned)
    };
    let inputs = form.split("<input").skip(1).filter_map(|input| input.split('>').next());
    Some(inputs.filter_map(|input| Some((value(input, "name")?, value(input, "value")?))).collect())
}

/// What the page says to Amazon that a browser is shown on its way there; none where it is sent there without.
pub(crate) fn payload_in(page: &str) -> Option<Value> {
    let (_, fields) = form_of(page, "start-form")?;
    let (_, payload) = fields.into_iter().find(|(name, _)| name == "payloadJSON")?;
    Some(serde_json::from_str(&payload).expect("a payload is JSON"))
}

/// The checkout session that a browser is sent to.
pub(crate) fn session_in(location: &str) -> Option<String> {
    let (_, id) = location.split_once("amazonCheckoutSessionId=")?;
    Some(id.split('&').next().unwrap_or(id).to_owned())
}
