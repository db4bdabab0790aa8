//! What the gateway is about, without a word on databases, networks or servers: money, identifiers, the transaction
//! and what may happen to it. Everything here is pure; whoever calls passes in the time and the randomness.

pub mod access;
pub mod check_string;
pub mod guesses;
pub mod ids;
pub mod japan;
pub mod notification;
pub mod operation;
pub mod staff;
pub mod terms;
pub mod totp;
pub mod transaction;
pub mod tries;
pub mod turns;
pub mod world;
pub mod yen;

pub use check_string::check_string;
pub use ids::{
    AccessId, ChargeId, ChargePermissionId, CheckoutSessionId, IdempotencyKey, Malformed, OrderId, RefundId, ShopId,
};
pub use japan::JapanDay;
pub use notification::Notification;
pub use operation::{Effect, Intent, Outcome, Verdict};
pub use staff::{LoginName, Right, Role, Scope, StaffId};
pub use terms::{AmazonpayType, Frequency, FrequencyUnit, JobCd, PaymentType, Status, Way};
pub use transaction::{Money, State, Transaction};
pub use turns::{Places, Turns};
pub use world::{Clock, ManualClock, Millis, Rng, SeededRng, SystemClock, SystemRng, random_hex};
pub use yen::{Yen, YenOutOfRange};
