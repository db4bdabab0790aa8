//! The driver's own keys. The sandbox has the merchants' public keys only, so each merchant has one more, whose private
//! half is in this process's memory and nowhere else. It is made when it is first needed, for that takes a while.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{PKCS_RSA_SHA256, RsaKeySize};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::rand_core::{CryptoRng, Error as DrawError, RngCore};
use rsa::sha2::{Digest, Sha256};
use rsa::{Pss, RsaPrivateKey};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::canonical::Scheme;
use crate::domain::Rng;
use crate::sandbox::Sandbox;
use crate::sandbox::signature::KeyError;

/// The id of a merchant's key that the driver signs with.
pub(in crate::sandbox) fn public_key_id(merchant_id: &str) -> String {
    format!("SANDBOX-TESTDRIVER-{merchant_id}")
}

/// No key could be made, or nothing signed with it. Nothing a tester does can bring this about.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    /// Not one of the sandbox's merchants.
    #[error("there is no merchant {0}")]
    UnknownMerchant(String),
    /// The library made none.
    #[error("no key pair could be made: {0}")]
    Generate(String),
    /// The sandbox does not take the public half.
    #[error(transparent)]
    Refused(#[from] KeyError),
    /// The library did not sign.
    #[error("nothing could be signed: {0}")]
    Sign(#[from] rsa::Error),
}

/// A pair for each merchant, once somebody needed it.
#[derive(Default)]
pub(in crate::sandbox) struct DriverKeys {
    pairs: HashMap<String, OnceCell<KeyPair>>,
}

impl DriverKeys {
    /// Room for the keys of these merchants.
    pub(in crate::sandbox) fn for_merchants<'a>(merchant_ids: impl Iterator<Item = &'a str>) -> Self {
        Self { pairs: merchant_ids.map(|id| (id.to_owned(), OnceCell::new())).collect() }
    }
}

/// A private key, with its public half known to the sandbox.
pub(super) struct KeyPair {
    /// The `rsa` crate's, for aws-lc-rs makes no salt of 20 bytes. This key is worth nothing.
    private: RsaPrivateKey,
}

impl KeyPair {
    /// The merchant's, made and registered if this is the first time.
    ///
    /// # Errors
    /// [`SigningError`].
    pub(super) async fn of<'a>(sandbox: &'a Sandbox, merchant_id: &str) -> Result<&'a Self, SigningError> {
        let unknown = || SigningError::UnknownMerchant(merchant_id.to_owned());
        let cell = sandbox.driver_keys.pairs.get(merchant_id).ok_or_else(unknown)?;
        cell.get_or_try_init(|| async {
            let made =
                spawn_blocking(Self::generate).await.map_err(|error| SigningError::Generate(error.to_string()))?;
            let (pair, public_key_pem) = made?;
            sandbox.keys.deliver(&public_key_id(merchant_id), &public_key_pem)?;
            Ok(pair)
        })
        .await
    }

    /// A pair, and its public half in SPKI PEM.
    fn generate() -> Result<(Self, String), SigningError> {
        let failed = |error: &dyn std::fmt::Display| SigningError::Generate(error.to_string());
        let pair = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(|e| failed(&e))?;
        let private = RsaPrivateKey::from_pkcs8_der(pair.serialized_der()).map_err(|e| failed(&e))?;
        Ok((Self { private }, pair.public_key_pem()))
    }

    /// Base64 of the signature over `text`.
    ///
    /// # Errors
    /// [`SigningError::Sign`].
    pub(super) fn sign(&self, scheme: Scheme, text: &str, rng: &dyn Rng) -> Result<String, SigningError> {
        let padding = Pss::new_with_salt::<Sha256>(scheme.salt_bytes());
        let signature = self.private.sign_with_rng(&mut Drawn(rng), padding, &Sha256::digest(text))?;
        Ok(STANDARD.encode(signature))
    }
}

/// The given randomness, as the `rsa` crate takes it.
struct Drawn<'a>(&'a dyn Rng);

impl RngCore for Drawn<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), DrawError> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for Drawn<'_> {}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::domain::SeededRng;

    /// Whether the OpenSSL command line takes `signature` for this key's over "text" with a salt of `salt_bytes`.
    fn openssl_verifies(directory: &Path, salt_bytes: usize) -> bool {
        let salt = format!("rsa_pss_saltlen:{salt_bytes}");
        let mut arguments = vec!["dgst", "-sha256", "-verify", "public.pem", "-sigopt", "rsa_padding_mode:pss"];
        arguments.extend(["-sigopt", &salt, "-signature", "signature", "text"]);
        let mut openssl = Command::new("openssl");
        openssl.args(arguments).current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
        openssl.status().expect("openssl is installed").success()
    }

    #[test]
    fn openssl_finds_each_schemes_salt_and_no_other() {
        let (pair, public_key_pem) = KeyPair::generate().expect("a key pair");
        let directory = tempfile::tempdir().expect("a directory");
        let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).expect("written");
        write("public.pem", public_key_pem.as_bytes());
        write("text", "支払い".as_bytes());
        for (scheme, right, wrong) in [(Scheme::Old, 20, 32), (Scheme::V2, 32, 20)] {
            let signature = pair.sign(scheme, "支払い", &SeededRng::new(1)).expect("signed");
            write("signature", &STANDARD.decode(signature).expect("Base64"));
            assert!(openssl_verifies(directory.path(), right), "{}", scheme.name());
            assert!(!openssl_verifies(directory.path(), wrong), "{}", scheme.name());
        }
    }
}
