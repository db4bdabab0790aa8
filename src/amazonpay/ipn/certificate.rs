//! The certificate that a message names: read, checked for its time, and asked whether it made a signature.
//!
//! That it is SNS's own follows from where it was fetched (TLS, an allowed host), as Amazon's own validators have it; the
//! chain above it is not looked at.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{DecodePem as _, Encode as _};

use super::envelope::SignatureVersion;
use crate::domain::Millis;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a certificate cannot vouch for anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a PEM certificate.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// Another kind of key than SNS has.
    #[error("the certificate's key is not an RSA key")]
    NotRsa,
    /// Not valid at present.
    #[error("the certificate is not valid now")]
    OutOfDate,
    /// Its host did not answer with it.
    #[error("the certificate could not be fetched: {0}")]
    NotFetched(String),
    /// Too many unknown certificates were asked for in a short time.
    #[error("too many unknown certificates in a short time")]
    TooMany,
}

/// A public key and the time in which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    public_key_der: Vec<u8>,
    from: Millis,
    until: Millis,
}

impl Certificate {
    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// [`CertificateError::Unreadable`] or [`CertificateError::NotRsa`].
    pub fn read(pem: &[u8]) -> Result<Self, CertificateError> {
        let end = b"-----END CERTIFICATE-----";
        let length = pem.windows(end.len()).position(|window| window == end).map(|at| at + end.len());
        let first = length.and_then(|length| pem.get(..length)).ok_or(CertificateError::Unreadable)?;
        let read = X509::from_pem(first).map_err(|_| CertificateError::Unreadable)?;
        let body = read.tbs_certificate();
        let key = body.subject_public_key_info();
        if key.algorithm.oid != RSA_ENCRYPTION {
            return Err(CertificateError::NotRsa);
        }
        let moment = |time: x509_cert::time::Time| {
            Millis(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
        };
        Ok(Self {
            public_key_der: key.to_der().map_err(|_| CertificateError::Unreadable)?,
            from: moment(body.validity().not_before),
            until: moment(body.validity().not_after),
        })
    }

    /// # Errors
    /// [`CertificateError::OutOfDate`].
    pub(super) fn check_time(&self, now: Millis) -> Result<(), CertificateError> {
        if (self.from..=self.until).contains(&now) { Ok(()) } else { Err(CertificateError::OutOfDate) }
    }

    /// Whether this key, of at least 2048 bits, made the signature.
    pub(super) fn signed(&self, version: SignatureVersion, text: &str, signature: &[u8]) -> bool {
        let algorithm = match version {
            SignatureVersion::One => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            SignatureVersion::Two => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(algorithm, &self.public_key_der).verify(text.as_bytes(), signature).is_ok()
    }
}
