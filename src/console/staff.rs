//! Who asks. A handler that takes a [`Staff`] runs only for somebody who has signed in and whom the guard let pass.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request;
use axum::response::{IntoResponse, Response};

use super::Failure;
use super::session::Token;
use crate::domain::{LoginName, Right, Role, Scope, ShopId, StaffId};
use crate::store::{Account, By};

/// Somebody who has signed in.
#[derive(Clone)]
pub(crate) struct Staff {
    account: Account,
    address: IpAddr,
    token: Token,
}

impl Staff {
    pub(super) fn new(account: Account, address: IpAddr, token: Token) -> Self {
        Self { account, address, token }
    }

    /// The number of the account.
    pub(crate) fn id(&self) -> StaffId {
        self.account.id
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &LoginName {
        &self.account.name
    }

    /// What it may do.
    pub(crate) fn role(&self) -> Role {
        self.account.role
    }

    /// Of which shops it sees anything. Goes with every question to the book.
    pub(crate) fn scope(&self) -> &Scope {
        &self.account.scope
    }

    /// Whether the role grants `right`: for what a page offers. What a route needs is the guard's to judge.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.account.role.grants(right)
    }

    /// The whole account.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// The scope of a page that can be narrowed to one shop by `?shop=`: the whole where none is named.
    ///
    /// # Errors
    /// [`Failure::not_found`] for a shop that is not this one's to see, and for what is no shop's id at all.
    pub(crate) fn scope_of(&self, shop: &str) -> Result<Scope, Failure> {
        if shop.is_empty() {
            return Ok(self.scope().clone());
        }
        ShopId::new(shop).ok().and_then(|shop| self.scope().within(shop)).ok_or_else(Failure::not_found)
    }

    /// For the audit log.
    pub(crate) fn by(&self) -> By {
        By { id: Some(self.id()), name: self.name().to_string(), address: Some(self.address) }
    }

    /// What each form of a page carries in its field `csrf`.
    pub(crate) fn form_mark(&self) -> String {
        self.token.form_mark()
    }

    /// Whether a form carries this session's mark.
    pub(super) fn made_form(&self, given: &str) -> bool {
        self.token.made_form(given)
    }

    /// By which the database knows the session.
    pub(crate) fn session_hash(&self) -> String {
        self.token.sha256()
    }
}

impl<S: Sync> FromRequestParts<S> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Response> {
        // The guard puts it there; a route without one must not run.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}
