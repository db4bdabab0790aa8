//! `/_control/`: for whoever tests against the sandbox. Nothing of this exists at Amazon. The console shows the same to
//! people, by the same functions.

pub(super) mod browse;
mod checkout;
pub(super) mod compare;
mod faults;
pub(super) mod object;
mod openapi;
pub(super) mod pages;
mod permissions;
mod raw;
mod requests;
mod routes;

pub(super) use faults::{Fault, Faults, Rule};
pub(super) use raw::Shown;
pub(super) use requests::{Entry, RequestLog, Ticket};
pub(super) use routes::router;
