//! What the model has the driver do, and what it says must come back. Names that only the gateway or Amazon can give
//! stand here as numbers; the driver knows what they are called.

use super::step::{Act, Kind};

/// A value in a call or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Is(String),
    /// Anything but a blank.
    Something,
    AccessId(usize),
    AccessPass(usize),
    OrderId(usize),
    Session(usize),
    Permission(usize),
    /// Of an order, with its permission if it has one.
    CheckString(usize, Option<usize>),
}

pub(super) type Fields = Vec<(&'static str, Value)>;

/// A text as it is.
pub(super) fn is(text: &(impl ToString + ?Sized)) -> Value {
    Value::Is(text.to_string())
}

/// A permission, or a blank in its place.
pub(super) fn permission_or_blank(permission: Option<usize>) -> Value {
    permission.map_or_else(|| is(""), Value::Permission)
}

/// Something to be done.
#[derive(Debug, Clone)]
pub(super) enum Action {
    /// A shop's call; its own ShopID and ShopPass are added unless they are here.
    Call(&'static str, Fields),
    Start {
        order: usize,
        right: bool,
    },
    Buyer {
        session: usize,
        act: Act,
    },
    Return {
        order: usize,
        session: usize,
    },
    Choose {
        kind: Kind,
        card: &'static str,
        amount: i64,
        captures: bool,
    },
    Wait(i64),
}

/// What must come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// A call's answer: exactly these fields.
    Fields(Fields),
    /// A call's answer, whatever it holds.
    Succeeds,
    /// These codes.
    Refuses(String),
    /// To Amazon.
    Redirects,
    /// A page that posts these fields to RetURL.
    Posts(Fields),
    /// A page for the buyer that shows this code.
    Page(&'static str),
    /// Nobody is told anything.
    Nothing,
}

/// A step as the model understood it.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) action: Action,
    pub(super) says: Says,
}

/// A notification that the shop is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told(pub(super) Fields);
