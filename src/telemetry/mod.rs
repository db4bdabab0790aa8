//! Logs that an operator can read and an auditor need not fear. Whoever logs names identifiers (shop, order, request),
//! never secrets or buyers' data; should a card number slip into a line all the same, it is masked on its way out.

mod card;
mod log;
mod mask;

pub use card::{contains_card_number, mask_card_numbers};
pub use log::{InitError, LogFormat, check_filter, init};
pub use mask::Masked;
