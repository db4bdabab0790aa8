//! Users: who has an account, and what becomes of it. For those who administer: an operator looks after every account,
//! a shop's administrator after those of that shop.

mod acts;
mod me;
mod pages;
mod qr;

use super::route::{Nav, Needs, Room, get, post};
use crate::domain::Right;

const NEEDS: Needs = Needs::Right(Right::Administer);

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/users", ja: "ユーザー", en: "Users", needs: NEEDS }),
        entries: vec![
            get("/console/users", NEEDS, pages::list),
            post("/console/users", NEEDS, acts::add),
            get("/console/users/{user}", NEEDS, pages::one),
            post("/console/users/{user}/role", NEEDS, acts::role),
            post("/console/users/{user}/disable", NEEDS, acts::disable),
            post("/console/users/{user}/enable", NEEDS, acts::enable),
            post("/console/users/{user}/password", NEEDS, acts::password),
            post("/console/users/{user}/second-factor", NEEDS, acts::drop_factor),
            post("/console/users/{user}/sessions", NEEDS, acts::end_sessions),
        ],
    }
}

/// One's own account, for everybody.
pub(super) fn own_room() -> Room {
    let everybody = Needs::Right(Right::Look);
    Room {
        nav: None,
        entries: vec![
            get("/console/me", everybody, me::show),
            post("/console/me/password", everybody, me::password),
            post("/console/me/second-factor", everybody, me::add_factor),
            post("/console/me/second-factor/drop", everybody, me::drop_factor),
        ],
    }
}
