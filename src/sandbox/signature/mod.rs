//! Whose request it is, and whether it arrived as it was signed. Written from the description of the scheme alone
//! (amazon-pay 1.2 to 1.5, 1.8); shares nothing with the gateway's signer, so that a mistake there shows here.
//!
//! The digest covers the method, the raw path and query, the signed headers and the raw body: nothing is decoded or
//! written anew before it is checked.

mod button;
mod canonical;
mod examine;
mod header;
mod key;
mod request;
mod variations;

pub use canonical::Algorithm;
pub use examine::{CANONICAL_BYTES_MAX, Examination, Finding, OWN_CANONICAL};
pub use key::{KeyError, Keyring};
pub use request::Received;
