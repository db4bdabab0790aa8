//! A shop's call, as it is noted for people.

use std::net::IpAddr;

use crate::domain::{AccessId, Millis, ShopId};

/// A call that named a transaction, and what it was answered. No parameter of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallNote {
    /// When it came.
    pub at: Millis,
    /// How long it took.
    pub took_ms: i64,
    /// The transaction that it named; kept only where that is the shop's own.
    pub access_id: AccessId,
    /// Who called, by its password.
    pub shop_id: ShopId,
    /// The call's name.
    pub call: &'static str,
    /// What it was answered: ErrInfo codes, `|` between them; empty where it was done.
    pub codes: String,
    /// From where.
    pub caller: IpAddr,
}
