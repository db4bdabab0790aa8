//! Transactions: the list with its search, the list as a file, one transaction with its story, and what can be done
//! about it.

mod act;
mod csv;
mod deed;
mod exchanges;
mod list;
mod one;
mod search;
mod story;

pub(super) use deed::{Undone, why};
pub(super) use list::Line;

use super::route::{Nav, Needs, Room, get, post};
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::domain::Right;

const LOOK: Needs = Needs::Right(Right::Look);
const ACT: Needs = Needs::Right(Right::Act);

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/transactions", ja: "取引", en: "Transactions", needs: LOOK }),
        entries: vec![
            get("/console/transactions", LOOK, list::show),
            get("/console/transactions/export", LOOK, csv::offer),
            get("/console/transactions/export/file", LOOK, csv::file),
            get("/console/transactions/{access_id}", LOOK, one::show),
            get("/console/transactions/{access_id}/{act}", ACT, act::ask),
            post("/console/transactions/{access_id}/{act}", ACT, act::perform),
        ],
    }
}
