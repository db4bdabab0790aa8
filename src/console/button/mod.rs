//! Button: what a shop's page needs to draw its Amazon Pay button (psp-protocol 9 to 11 of the button's fields): payload,
//! signature, algorithm, and the whole snippet.
//!
//! It signs with the shop's key, so it asks for more than to look, by a form of the console's own, and leaves a line in the
//! audit log. The preview runs a script that is not the console's;
//! it is a page of its own, in a browser's sandbox without an origin: the script can neither read the console nor act in it.

mod form;
mod pages;
mod snippet;

use super::route::{Nav, Needs, Room, get, post};
use crate::domain::Right;

const NEEDS: Needs = Needs::Right(Right::Act);

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/button", ja: "ボタン", en: "Buttons", needs: NEEDS }),
        entries: vec![
            get("/console/button", NEEDS, pages::start),
            get("/console/button/{shop}", NEEDS, pages::ask),
            post("/console/button/{shop}", NEEDS, pages::generate),
            get("/console/button/{shop}/preview", NEEDS, pages::preview),
        ],
    }
}
