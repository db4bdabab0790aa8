//! Notifications: what shops are told, what they answered, and telling them again.

mod list;
mod resend;
mod test;

pub(super) use list::without_query;

use super::route::{Nav, Needs, Room, get, post};
use super::{App, Asked, Failure, Frame, Staff, words};
use crate::domain::Right;

const LOOK: Needs = Needs::Right(Right::Look);
const ACT: Needs = Needs::Right(Right::Act);

pub(super) fn room() -> Room {
    Room {
        nav: Some(Nav { path: "/console/notifications", ja: "結果通知", en: "Notifications", needs: LOOK }),
        entries: vec![
            get("/console/notifications", LOOK, list::show),
            get("/console/notifications/resend", ACT, resend::ask_many),
            post("/console/notifications/resend", ACT, resend::send_many),
            get("/console/notifications/test", ACT, test::ask),
            post("/console/notifications/test", ACT, test::send),
            get("/console/notifications/{notification}", LOOK, list::one),
            get("/console/notifications/{notification}/resend", ACT, resend::ask),
            post("/console/notifications/{notification}/resend", ACT, resend::send),
        ],
    }
}
