//! What comes around purchases (amazon-pay 2.7): shipments, disputes, files, reports, disbursements, merchant accounts,
//! delegations. None of it moves money.

mod accounts;
mod delegations;
mod disbursements;
mod disputes;
mod files;
mod reports;
mod schedules;
mod shipments;

pub use accounts::{AccountDetails, MerchantAccount, Store};
pub use delegations::Delegation;
pub use disbursements::Disbursement;
pub use disputes::{Dispute, DisputeChanges, DisputeRequest, DisputeStanding, Evidence};
pub use files::{FileRequest, StoredFile};
pub use reports::{PROCESSING_STATUSES, REPORT_TYPES, Report, ReportFilter, ReportRequest};
pub use schedules::{FREQUENCIES, Schedule, ScheduleRequest};
pub use shipments::{Parcel, Shipment, ShipmentRequest};
