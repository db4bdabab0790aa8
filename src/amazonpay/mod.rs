//! Amazon Pay API v2, seen from a merchant: requests are signed here, sent here, and their answers judged here.
//!
//! Theory of operation. One operation is one call of a [`Client`] method. It may take several attempts; each is signed
//! afresh (Amazon refuses an old date) and all carry the same idempotency key, so an effect happens at most once. What
//! comes back is one of four things, and nobody above needs to look at a status code to tell them apart: an
//! [`Answer`], a definitive no ([`CallError::Refused`]), "nobody knows" ([`CallError::Unknown`]), or "nothing was sent"
//! ([`CallError::NotSent`]). Only the second and the last prove that nothing happened.
//!
//! May be assumed by callers: no method changes anything at Amazon twice for one idempotency key; no log line, error
//! or `Debug` text of this room holds a key, a signature, a body or personal data. Assumes of its callers: the intent
//! is already recorded, and an idempotency key is used for one effect only. A caller who names somebody to hear
//! ([`OnBehalf`]) is told of every attempt as it ends.
//!
//! This room shares no code with `sandbox`, which checks what is made here.

mod button;
mod call;
mod client;
#[cfg(test)]
mod client_tests;
mod exchange;
pub mod ipn;
mod key;
mod lenient;
mod merchant;
mod objects;
mod outcome;
mod parts;
mod price;
mod process_order;
mod requests;
mod signer;
mod states;
#[cfg(test)]
pub(crate) mod testing;
mod verdict;

pub use button::{ButtonError, ButtonSignature, Consent, ReviewPageButton, Scope, SignInButton};
pub use client::{Client, Retry};
pub use exchange::{Exchange, OnBehalf};
pub use key::{CryptoFailed, GeneratedKey, KeyError, SigningKey, generate_pem};
pub use merchant::{Environment, Merchant, MerchantError, Region};
pub use objects::{BuyerProfile, Charge, ChargePermission, CheckoutSession, Refund};
pub use outcome::{Answer, CallError, NotSentCause, UnknownCause};
pub use parts::{
    Address, Buyer, Constraint, Frequency, Limits, MerchantMetadata, PaymentDetails, PaymentPreference,
    PermissionReason, PermissionStatus, RecurringMetadata, StatusDetails, WebCheckoutDetails,
};
pub use price::{Price, PriceError};
pub use process_order::{AddressDetails, ProcessOrder, ProductType};
pub use requests::{
    CancelCharge, CaptureCharge, CloseChargePermission, CompleteCheckoutSession, CreateCharge, CreateRefund,
    FinalizeCheckoutSession, UpdateCheckoutSession,
};
pub use signer::ALGORITHM;
pub use states::{
    ChargePermissionType, ChargeState, FrequencyUnit, PaymentIntent, PermissionState, RefundState, SessionState,
};
