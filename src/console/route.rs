//! How a page of the console comes by its address, its place in the navigation, and its guard.

use axum::handler::Handler;
use axum::routing::{self, MethodRouter};

use super::App;
use crate::domain::{Right, Role, Scope};

/// How a route is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads, and changes nothing.
    Get,
    /// Changes something, by a form of this console's own.
    Post,
}

/// What a route asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: the door itself, style and script.
    Nothing,
    /// To have signed in, with a role that grants this.
    Right(Right),
    /// The same, and to be an operator.
    Operator(Right),
}

impl Needs {
    /// Whether somebody with this role in this scope may pass.
    pub fn met_by(self, role: Role, scope: &Scope) -> bool {
        match self {
            Self::Nothing => true,
            Self::Right(right) => role.grants(right),
            Self::Operator(right) => role.grants(right) && *scope == Scope::EveryShop,
        }
    }
}

/// A route, as tests and documents see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInfo {
    /// How it is asked.
    pub verb: Verb,
    /// Where it is. A part in braces is somebody's: `{shop}` a shop's id, `{user}` an account's number, `{access_id}` a
    /// transaction's AccessID, and so on; the guard knows nothing of them, so each page judges them by its scope.
    pub path: &'static str,
    /// What it asks.
    pub needs: Needs,
}

/// A route with its handler.
pub(crate) struct Entry {
    pub(super) info: RouteInfo,
    pub(super) handler: MethodRouter<App>,
}

/// A page to read.
pub(crate) fn get<H: Handler<T, App>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Entry {
    Entry { info: RouteInfo { verb: Verb::Get, path, needs }, handler: routing::get(handler) }
}

/// A form to be posted.
pub(crate) fn post<H: Handler<T, App>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Entry {
    Entry { info: RouteInfo { verb: Verb::Post, path, needs }, handler: routing::post(handler) }
}

/// Pages that belong together.
pub(crate) struct Room {
    /// Its place in the navigation, if it has one.
    pub(crate) nav: Option<Nav>,
    /// Its routes.
    pub(crate) entries: Vec<Entry>,
}

/// A link of the navigation; shown to whoever meets what it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nav {
    /// Where it leads. The room is the present one where a page's address begins with this.
    pub(crate) path: &'static str,
    /// Its name in Japanese.
    pub(crate) ja: &'static str,
    /// Its name in English.
    pub(crate) en: &'static str,
    /// What its page asks.
    pub(crate) needs: Needs,
}
