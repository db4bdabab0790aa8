//! `/_control/`: for whoever tests against the sandbox. Nothing of this exists at Amazon.

mod checkout;
mod faults;
mod pages;
mod permissions;
mod requests;

pub(super) use faults::{Fault, Faults};
pub(super) use pages::router;
pub(super) use requests::{RequestLog, Ticket};
