//! Messages that Amazon sends by itself (IPN, amazon-pay 5): is this one from Amazon, and what is it about?
//!
//! Who acts: anybody on the network may post to the gateway's IPN address, so every message is a stranger's until its
//! signature was found good under a certificate from an allowed host. Even then it is a hint and no fact: Amazon SNS signs
//! for each of its customers, not for Amazon Pay alone, so what a message may cause is a look, never a change. The steps, in
//! order of cost: [`Envelope::read`] (shape), [`Verifier::admit`] (host, age), [`Verifier::verify`] (certificate,
//! signature, not seen before).
//!
//! May be assumed by callers: nothing is fetched from any other host than `sns.<region>.amazonaws.com` and the sandboxes
//! that shops are configured for; what is kept and fetched is bounded, however many messages come.

mod certificate;
mod envelope;
mod hint;
mod source;
mod topics;
mod verifier;

pub use certificate::{Certificate, CertificateError};
pub use envelope::{Envelope, EnvelopeError, Kind};
pub use hint::{Hint, HintError, ObjectType};
pub use source::{ForeignUrl, Source};
pub use topics::{ForeignTopic, Topics};
pub use verifier::{Admitted, ConfirmError, Content, Rejection, Verified, Verifier};

#[cfg(test)]
mod tests;
