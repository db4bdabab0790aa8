//! A shop's RSA key pair: read from PEM, made anew, used to sign. Private key operations are aws-lc-rs's only (constant
//! time); nothing here prints, logs or compares a private key.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{Error as PemError, PemObject};
use secrecy::SecretString;

/// The least length of a modulus, in bits (amazon-pay 1.3).
const MODULUS_BITS_MIN: usize = 2048;

/// A private key that signs requests to Amazon with RSASSA-PSS: SHA-256, MGF1 with SHA-256, a salt of 32 bytes.
pub struct SigningKey {
    pair: RsaKeyPair,
    random: SystemRandom,
}

/// A PEM text that holds no key to sign with. Says nothing of the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `BEGIN … PRIVATE KEY` section in it.
    #[error("no private key in it: expected a PEM section BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY")]
    NoPrivateKey,
    /// A section that begins and is not well-formed.
    #[error("not a well-formed PEM text (a line is missing or damaged)")]
    Pem,
    /// A key of another kind.
    #[error("not an RSA key: Amazon Pay takes RSA keys of 2048 bits or more")]
    NotRsa,
    /// Too short, or its numbers do not belong together.
    #[error("not a usable RSA private key of 2048 to 8192 bits: {0}")]
    Rejected(String),
    /// The key signs, but its signature does not verify.
    #[error("the key's own signature does not verify")]
    SelfCheck,
}

/// The cryptographic library refused to work; seen only when the machine is out of memory or randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoFailed;

impl From<Unspecified> for CryptoFailed {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// A new key pair, as texts to be kept.
#[derive(Debug)]
pub struct GeneratedKey {
    /// The private key: PKCS#8, `BEGIN PRIVATE KEY`. The only copy.
    pub private_pem: SecretString,
    /// The public key: SPKI, `BEGIN PUBLIC KEY`. To be registered at Amazon (Seller Central).
    pub public_pem: String,
}

/// Makes an RSA-2048 key pair. Takes up to a few hundred milliseconds of one core.
///
/// # Errors
/// [`CryptoFailed`].
pub fn generate_pem() -> Result<GeneratedKey, CryptoFailed> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    Ok(GeneratedKey { private_pem: pem("PRIVATE KEY", der.as_ref()).into(), public_pem: public_pem_of(&pair)? })
}

impl SigningKey {
    /// Reads the first private key of a PEM text: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`),
    /// RSA, at least 2048 bits. Signs and verifies once, so that a key that cannot work is found at start.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
            PemError::NoItemsFound => KeyError::NoPrivateKey,
            _ => KeyError::Pem,
        })?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(KeyError::NotRsa),
        };
        let pair = pair.map_err(|rejected| KeyError::Rejected(rejected.to_string()))?;
        let bits = pair.public_modulus_len() * 8;
        if bits < MODULUS_BITS_MIN {
            return Err(KeyError::Rejected(format!("it has {bits} bits")));
        }
        #[expect(clippy::disallowed_methods, reason = "aws-lc-rs demands a source to make the salt of a signature")]
        let random = SystemRandom::new();
        let key = Self { pair, random };
        key.self_check()?;
        Ok(key)
    }

    fn self_check(&self) -> Result<(), KeyError> {
        const TEXT: &[u8] = b"a signature of this key verifies";
        let signature = self.sign(TEXT).map_err(|CryptoFailed| KeyError::SelfCheck)?;
        if self.verifies(TEXT, &signature) { Ok(()) } else { Err(KeyError::SelfCheck) }
    }

    /// The public half: SPKI, `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    /// [`CryptoFailed`].
    pub fn public_pem(&self) -> Result<String, CryptoFailed> {
        public_pem_of(&self.pair)
    }

    /// A signature of `text`, in standard Base64 with padding. Each differs: the salt is random.
    pub(super) fn sign(&self, text: &[u8]) -> Result<String, CryptoFailed> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PSS_SHA256, &self.random, text, &mut signature)?;
        Ok(BASE64.encode(signature))
    }

    /// Whether `signature` (Base64) is one of `text` by this key.
    pub(super) fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, self.pair.public_key().as_ref());
        BASE64.decode(signature).is_ok_and(|signature| public.verify(text, &signature).is_ok())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(masked)")
    }
}

fn public_pem_of(pair: &RsaKeyPair) -> Result<String, CryptoFailed> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
    Ok(pem("PUBLIC KEY", der.as_ref()))
}

fn pem(label: &str, der: &[u8]) -> String {
    const LINE_BYTES: usize = 64;
    let encoded = BASE64.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, left) = rest.split_at(rest.len().min(LINE_BYTES));
        text.push_str(line);
        text.push('\n');
        rest = left;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::amazonpay::testing::{openssl, scratch};

    #[test]
    fn a_made_key_is_read_back_and_openssl_agrees_on_its_public_half() {
        let made = generate_pem().unwrap();
        let key = SigningKey::from_pem(made.private_pem.expose_secret()).unwrap();
        assert_eq!(key.public_pem().unwrap(), made.public_pem);

        let dir = scratch();
        std::fs::write(dir.path().join("private"), made.private_pem.expose_secret()).unwrap();
        openssl(dir.path(), &["pkey", "-in", "private", "-pubout", "-out", "public"]);
        assert_eq!(std::fs::read_to_string(dir.path().join("public")).unwrap(), made.public_pem);
    }

    #[test]
    fn both_pem_forms_of_openssl_are_read() {
        let dir = scratch();
        openssl(dir.path(), &["genrsa", "-out", "pkcs8", "2048"]);
        openssl(dir.path(), &["rsa", "-in", "pkcs8", "-traditional", "-out", "pkcs1"]);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(read("pkcs8").contains("BEGIN PRIVATE KEY") && read("pkcs1").contains("BEGIN RSA PRIVATE KEY"));
        let of = |name: &str| SigningKey::from_pem(&read(name)).unwrap().public_pem().unwrap();
        assert_eq!(of("pkcs8"), of("pkcs1"));
    }

    #[test]
    fn what_is_no_key_is_named() {
        let dir = scratch();
        openssl(dir.path(), &["genrsa", "-out", "short", "1024"]);
        openssl(dir.path(), &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sec1"]);
        openssl(dir.path(), &["genpkey", "-algorithm", "ed25519", "-out", "ed25519"]);
        let error =
            |name: &str| SigningKey::from_pem(&std::fs::read_to_string(dir.path().join(name)).unwrap()).unwrap_err();
        assert!(matches!(error("short"), KeyError::Rejected(_)));
        assert_eq!(error("sec1"), KeyError::NotRsa);
        assert!(matches!(error("ed25519"), KeyError::Rejected(_)));

        let public = generate_pem().unwrap().public_pem;
        for text in ["", "hello", public.as_str()] {
            assert_eq!(SigningKey::from_pem(text).unwrap_err(), KeyError::NoPrivateKey);
        }
        let cut = "-----BEGIN PRIVATE KEY-----\nMIIE\n";
        assert_eq!(SigningKey::from_pem(cut).unwrap_err(), KeyError::Pem);
    }

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let made = generate_pem().unwrap();
        let key = SigningKey::from_pem(made.private_pem.expose_secret()).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(masked)");
        assert!(!format!("{made:?}").contains("BEGIN PRIVATE"));
    }
}
