//! The merchants' public keys, and the two ways in which Amazon Pay has them used.
//!
//! `AMZN-PAY-RSASSA-PSS-V2` has a salt as long as the hash, which aws-lc-rs verifies. The older algorithm has a salt
//! of 20 bytes, which aws-lc-rs cannot; the `rsa` crate can. Both check the length exactly: a signature with the other
//! one's salt is refused (amazon-pay 1.3).

use std::collections::HashMap;
use std::sync::OnceLock;

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::sha2::{Digest, Sha256};
use rsa::traits::PublicKeyParts;
use rsa::{Pss, RsaPublicKey};

use super::canonical::Algorithm;

/// Salt of the older algorithm, in bytes.
const OLD_SALT_BYTES: usize = 20;

/// Why a merchant's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not an RSA public key of 2048 bits or more in an SPKI PEM file.
    #[error("public key {public_key_id} of merchant {merchant_id} {reason}")]
    Unusable {
        /// Whose key.
        merchant_id: String,
        /// Which key.
        public_key_id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A live key has no business in a sandbox.
    #[error("public key {0} is a LIVE key, but this is a sandbox")]
    Live(String),
    /// Two merchants, or one twice, with the same key id.
    #[error("public key id {0} is given twice")]
    Duplicate(String),
    /// A key was brought that nobody waits for.
    #[error("public key id {0} was not promised")]
    Unpromised(String),
}

/// A key that requests may be signed with.
pub(super) struct PublicKey {
    /// Whose requests they are.
    pub(super) merchant_id: String,
    /// What the merchant's requests may call the region.
    pub(super) regions: &'static [&'static str],
    pkcs1_der: Vec<u8>,
    key: RsaPublicKey,
}

impl PublicKey {
    fn read(
        merchant_id: &str,
        regions: &'static [&'static str],
        public_key_id: &str,
        pem: &str,
    ) -> Result<Self, KeyError> {
        let (key, pkcs1_der) = read(pem).map_err(|reason| KeyError::Unusable {
            merchant_id: merchant_id.to_owned(),
            public_key_id: public_key_id.to_owned(),
            reason,
        })?;
        Ok(Self { merchant_id: merchant_id.to_owned(), regions, pkcs1_der, key })
    }

    /// Whether `signature` is this key's over `text`.
    pub(super) fn verifies(&self, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
        match algorithm {
            Algorithm::V2 => {
                UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.pkcs1_der).verify(text, signature).is_ok()
            }
            Algorithm::V1 => {
                let scheme = Pss::new_with_salt::<Sha256>(OLD_SALT_BYTES);
                self.key.verify(scheme, &Sha256::digest(text), signature).is_ok()
            }
        }
    }

    /// The same by another scheme, for the examination of what was refused.
    pub(super) fn verifies_by(
        &self,
        scheme: &'static dyn VerificationAlgorithm,
        text: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(scheme, &self.pkcs1_der).verify(text, signature).is_ok()
    }

    /// How long its signatures are.
    pub(super) fn modulus_bytes(&self) -> usize {
        self.key.size()
    }
}

/// A key whose id is taken already, and which is there once somebody needed it.
struct PromisedKey {
    merchant_id: String,
    regions: &'static [&'static str],
    key: OnceLock<PublicKey>,
}

/// All keys, by their ids.
#[derive(Default)]
pub struct Keyring {
    pub(super) keys: HashMap<String, PublicKey>,
    promised: HashMap<String, PromisedKey>,
}

impl Keyring {
    /// Whether `pem` is a key that a merchant may have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(pem: &str) -> Result<(), String> {
        read(pem).map(|_| ())
    }

    /// Adds a merchant's key, an SPKI PEM text, and by which names the merchant's requests may call their region.
    ///
    /// # Errors
    /// [`KeyError`], whichever applies.
    pub fn add(
        &mut self,
        merchant_id: &str,
        regions: &'static [&'static str],
        public_key_id: &str,
        pem: &str,
    ) -> Result<(), KeyError> {
        if starts_with_ignoring_case(public_key_id, "LIVE") {
            return Err(KeyError::Live(public_key_id.to_owned()));
        }
        self.check_free(public_key_id)?;
        let key = PublicKey::read(merchant_id, regions, public_key_id, pem)?;
        self.keys.insert(public_key_id.to_owned(), key);
        Ok(())
    }

    /// Takes an id for a merchant's key that comes later, by [`Keyring::deliver`]. Until then nobody has it.
    ///
    /// # Errors
    /// [`KeyError::Duplicate`].
    pub fn promise(
        &mut self,
        merchant_id: &str,
        regions: &'static [&'static str],
        public_key_id: &str,
    ) -> Result<(), KeyError> {
        self.check_free(public_key_id)?;
        let promised = PromisedKey { merchant_id: merchant_id.to_owned(), regions, key: OnceLock::new() };
        self.promised.insert(public_key_id.to_owned(), promised);
        Ok(())
    }

    /// Brings the promised key of this id, an SPKI PEM text. Only the first one counts.
    ///
    /// # Errors
    /// [`KeyError::Unpromised`], [`KeyError::Unusable`].
    pub fn deliver(&self, public_key_id: &str, pem: &str) -> Result<(), KeyError> {
        let unpromised = || KeyError::Unpromised(public_key_id.to_owned());
        let PromisedKey { merchant_id, regions, key } = self.promised.get(public_key_id).ok_or_else(unpromised)?;
        let delivered = PublicKey::read(merchant_id, regions, public_key_id, pem)?;
        key.get_or_init(|| delivered);
        Ok(())
    }

    /// The key with this id.
    pub(super) fn find(&self, public_key_id: &str) -> Option<&PublicKey> {
        self.keys.get(public_key_id).or_else(|| self.promised.get(public_key_id)?.key.get())
    }

    /// The ids of all keys.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.keys.keys().chain(self.promised.keys())
    }

    fn check_free(&self, public_key_id: &str) -> Result<(), KeyError> {
        let is_taken = self.keys.contains_key(public_key_id) || self.promised.contains_key(public_key_id);
        if is_taken { Err(KeyError::Duplicate(public_key_id.to_owned())) } else { Ok(()) }
    }
}

/// The key, and the same in PKCS#1 for the library that wants it so.
fn read(pem: &str) -> Result<(RsaPublicKey, Vec<u8>), String> {
    let unreadable = |why: &dyn std::fmt::Display| format!("is not an RSA public key in SPKI PEM: {why}");
    let key = RsaPublicKey::from_public_key_pem(pem).map_err(|error| unreadable(&error))?;
    let bits = key.n().bits();
    if bits < 2048 {
        return Err(format!("has only {bits} bits; Amazon Pay needs 2048"));
    }
    let der = key.to_pkcs1_der().map_err(|error| unreadable(&error))?.into_vec();
    Ok((key, der))
}

/// The test for an environment in a key's id is "starts with", whatever the case (amazon-pay 1.1).
fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
