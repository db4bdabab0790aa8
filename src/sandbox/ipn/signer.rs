//! The key that messages are signed with, and its certificate (amazon-pay 5).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKey;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde::{Deserialize, Serialize};

use crate::domain::{Millis, Rng, random_hex};
use crate::sandbox::tls::set_validity;

/// How the signature of a message is made: SNS's `SignatureVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum SignatureVersion {
    /// RSA PKCS#1 v1.5 with SHA-1: what SNS does unless told otherwise.
    #[default]
    One,
    /// The same with SHA-256.
    Two,
}

impl SignatureVersion {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }
}

/// `SEQUENCE { SEQUENCE { OID sha1, NULL }, OCTET STRING (20 bytes) }` up to the digest (RFC 8017, 9.2).
const SHA1_PREFIX: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
/// How long the certificate is good, in years: longer than anybody moves a clock.
const VALID_YEARS: i16 = 20;

/// No key or no certificate could be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct SignerError(String);

/// Signs messages.
pub(super) struct Signer {
    sha256: RsaKey,
    /// aws-lc-rs makes no signatures with SHA-1. This key is the sandbox's own and worth nothing.
    sha1: RsaPrivateKey,
    certificate_name: String,
    certificate_pem: String,
}

impl Signer {
    /// A new key, and a certificate that is good from yesterday on.
    pub(super) fn generate(now: Millis, rng: &dyn Rng) -> Result<Self, SignerError> {
        let failed = |error: &dyn std::fmt::Display| SignerError(error.to_string());
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|e| failed(&e))?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "sns.amazonaws.com (Sekisho sandbox)");
        set_validity(&mut params, now, VALID_YEARS);
        let certificate_pem = params.self_signed(&key).map_err(|e| failed(&e))?.pem();
        let der = key.serialize_der();
        Ok(Self {
            sha256: RsaKey::from_pkcs8(&der).map_err(|e| failed(&e))?,
            sha1: RsaPrivateKey::from_pkcs8_der(&der).map_err(|e| failed(&e))?,
            certificate_name: format!("SimpleNotificationService-{}.pem", random_hex::<16>(rng)),
            certificate_pem,
        })
    }

    /// The last part of `SigningCertURL`.
    pub(super) fn certificate_name(&self) -> &str {
        &self.certificate_name
    }

    /// The certificate.
    pub(super) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Base64; `None` where the library failed, which it has no reason to.
    pub(super) fn sign(&self, version: SignatureVersion, text: &str) -> Option<String> {
        let signature = match version {
            SignatureVersion::One => {
                let padding = Pkcs1v15Sign { hash_len: Some(20), prefix: Box::new(SHA1_PREFIX) };
                self.sha1.sign(padding, digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref()).ok()?
            }
            SignatureVersion::Two => {
                let mut signature = vec![0; self.sha256.public_modulus_len()];
                #[expect(clippy::disallowed_methods, reason = "aws-lc-rs demands its own; this padding draws nothing")]
                let random = SystemRandom::new();
                self.sha256.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).ok()?;
                signature
            }
        };
        Some(STANDARD.encode(signature))
    }
}
