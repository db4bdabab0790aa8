//! AccessPass: the password of one transaction.
//!
//! It is never stored. It is derived from the AccessID with a key that lives outside the database, so that a copy of
//! the database opens no transaction, and SearchTradeMulti can still answer it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::ids::AccessId;

/// The key that a deployment derives secrets with. `Debug` shows its id only.
#[derive(Clone)]
pub struct DeploymentKey {
    id: String,
    bytes: zeroize::Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for DeploymentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeploymentKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The key has fewer than 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a deployment key needs at least 32 bytes")]
pub struct KeyTooShort;

impl DeploymentKey {
    /// A key of at least 32 bytes, under the name that transactions remember it by.
    ///
    /// # Errors
    /// [`KeyTooShort`].
    pub fn new(id: impl Into<String>, bytes: Vec<u8>) -> Result<Self, KeyTooShort> {
        if bytes.len() < 32 {
            return Err(KeyTooShort);
        }
        Ok(Self { id: id.into(), bytes: zeroize::Zeroizing::new(bytes) })
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The AccessPass of `access_id`: 32 lower-case hex digits.
    pub fn access_pass(&self, access_id: &AccessId) -> String {
        // HMAC takes a key of any length, so this arm is never left; an empty password would match nothing.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.bytes) else { return String::new() };
        mac.update(b"sekisho access pass\0");
        mac.update(access_id.as_str().as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_depends_on_the_key_and_on_the_transaction() {
        let one = DeploymentKey::new("k1", vec![1; 32]).unwrap();
        let two = DeploymentKey::new("k2", vec![2; 32]).unwrap();
        let a = AccessId::new("a".repeat(32)).unwrap();
        let b = AccessId::new("b".repeat(32)).unwrap();
        assert_eq!(one.access_pass(&a), one.access_pass(&a));
        assert_ne!(one.access_pass(&a), one.access_pass(&b));
        assert_ne!(one.access_pass(&a), two.access_pass(&a));
        assert_eq!(one.access_pass(&a).len(), 32);
        assert_eq!(format!("{one:?}"), r#"DeploymentKey { id: "k1", .. }"#);
        assert!(DeploymentKey::new("k", vec![0; 31]).is_err());
    }
}
