//! The ledger as rows of a data file, and back. What follows from the objects is not kept but worked out anew: the
//! timers.

use super::Ledger;
use super::objects::PENDING_MS;
use super::table::{Keep, Row};
use super::timers::Due;
use super::words::{ChargeState, RefundState};

/// What has to be written to a data file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Everything that was kept before is to be forgotten first.
    pub all_forgotten: bool,
    /// The objects that changed, as they are now; older ones first.
    pub rows: Vec<Row>,
    /// What need not be kept any longer, by kind and id.
    pub gone: Vec<(String, String)>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        !self.all_forgotten && self.rows.is_empty() && self.gone.is_empty()
    }
}

/// Why a row of a data file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// Not a kind of object that this version knows.
    #[error("{0:?} is not a kind of object that this version knows")]
    UnknownKind(String),
    /// Not the object that it is called.
    #[error("{kind} {id} cannot be read: {source}")]
    Unreadable {
        /// What it is called.
        kind: String,
        /// Its id.
        id: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl KeptError {
    /// What is wrong with this row.
    pub(in crate::sandbox) fn unreadable(row: &Row, source: serde_json::Error) -> Self {
        Self::Unreadable { kind: row.kind.clone(), id: row.id.clone(), source }
    }
}

/// Something that one holder at a time may change, and that notes what changes in it.
pub trait Tracked {
    /// The holder is done: what has still to be written down is.
    fn let_go(&mut self) {}

    /// What changed since the last call.
    fn take_changes(&mut self) -> Changes;

    /// Forgets what changed: nobody keeps it.
    fn forget_changes(&mut self);
}

impl Tracked for Ledger {
    fn let_go(&mut self) {
        self.note_steps();
    }

    fn take_changes(&mut self) -> Changes {
        let mut changes = Changes { all_forgotten: std::mem::take(&mut self.all_forgotten), ..Changes::default() };
        for table in self.tables() {
            table.drain(&mut changes);
        }
        changes
    }

    fn forget_changes(&mut self) {
        self.all_forgotten = false;
        for table in self.tables() {
            table.forget_changes();
        }
    }
}

impl Ledger {
    /// Puts one kept object back.
    ///
    /// # Errors
    /// [`KeptError`], whichever applies.
    pub fn put_back(&mut self, row: &Row) -> Result<(), KeptError> {
        let table = self.tables().into_iter().find(|table| table.kind() == row.kind);
        let table = table.ok_or_else(|| KeptError::UnknownKind(row.kind.clone()))?;
        table.put_back(&row.id, &row.body).map_err(|source| KeptError::unreadable(row, source))
    }

    /// After the last object was put back: gives buyers their address books, and winds the timers up again.
    pub fn resume(&mut self) {
        self.hand_out_books();
        let mut timers = Vec::new();
        for session in self.sessions.iter() {
            timers.push((session.expires, Due::SessionExpires(session.id.clone())));
        }
        for permission in self.permissions.iter() {
            timers.extend(permission.expires.map(|at| (at, Due::PermissionExpires(permission.id.clone()))));
        }
        for charge in self.charges.iter() {
            timers.push((charge.expires, Due::AuthorizationExpires(charge.id.clone())));
            match charge.state {
                ChargeState::AuthorizationInitiated => {
                    timers.push((charge.updated.plus(PENDING_MS), Due::AuthorizationEnds(charge.id.clone())));
                }
                ChargeState::CaptureInitiated => {
                    timers.push((charge.updated.plus(PENDING_MS), Due::CaptureEnds(charge.id.clone())));
                }
                _ => {}
            }
        }
        for refund in self.refunds.iter().filter(|refund| refund.state == RefundState::RefundInitiated) {
            timers.push((refund.created.plus(PENDING_MS), Due::RefundEnds(refund.id.clone())));
        }
        self.timers.extend(timers);
        // What fell due while nobody ran the sandbox happens at its own moment, once somebody looks.
        if let Some((first, _)) = self.timers.first() {
            self.now = self.now.min(*first);
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Keep> {
        vec![
            &mut self.books,
            &mut self.sessions,
            &mut self.permissions,
            &mut self.charges,
            &mut self.refunds,
            &mut self.movements,
            &mut self.sign_ins,
            &mut self.introductions,
            &mut self.on_page,
            &mut self.remembered,
            &mut self.shipments,
            &mut self.delegations,
            &mut self.delegation_tokens,
            &mut self.files,
            &mut self.merchant_accounts,
            &mut self.disputes,
            &mut self.reports,
            &mut self.schedules,
            &mut self.histories,
            &mut self.news,
        ]
    }
}
