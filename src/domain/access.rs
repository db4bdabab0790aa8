//! What is derived for one transaction: its AccessPass, and the key by which its buyer may give up.
//!
//! Neither is ever stored. They are derived from the AccessID with a key that lives outside the database, so that a copy of
//! the database opens no transaction, and SearchTradeMulti can still answer it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::ids::AccessId;
use crate::config::DeploymentKey;

/// The AccessPass of `access_id`: 32 lower-case hex digits (psp-protocol 2.5), HMAC-SHA256 cut to 16 bytes.
pub fn access_pass(key: &DeploymentKey, access_id: &AccessId) -> String {
    derived(key, b"sekisho access pass\0", access_id)
}

/// Proves that a browser comes by the cancel address that only Amazon and the buyer were given: 32 lower-case hex
/// digits. Good for nothing else.
pub fn cancel_key(key: &DeploymentKey, access_id: &AccessId) -> String {
    derived(key, b"sekisho cancel key\0", access_id)
}

/// By which a key is known again: 32 lower-case hex digits that tell nothing of it and derive nothing.
pub fn key_mark(key: &DeploymentKey) -> String {
    mac(key, b"sekisho key mark\0", "")
}

fn derived(key: &DeploymentKey, purpose: &[u8], access_id: &AccessId) -> String {
    mac(key, purpose, access_id.as_str())
}

fn mac(key: &DeploymentKey, purpose: &[u8], text: &str) -> String {
    // HMAC takes a key of any length, so this arm is never left; an empty password would match nothing.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.bytes.expose()) else { return String::new() };
    mac.update(purpose);
    mac.update(text.as_bytes());
    hex::encode(&mac.finalize().into_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_depends_on_the_key_and_on_the_transaction() {
        let one = DeploymentKey::new("k1", (0..32).collect()).unwrap();
        let two = DeploymentKey::new("k2", (1..33).collect()).unwrap();
        let a = AccessId::new("a".repeat(32)).unwrap();
        let b = AccessId::new("b".repeat(32)).unwrap();
        assert_eq!(access_pass(&one, &a), access_pass(&one, &a));
        assert_ne!(access_pass(&one, &a), access_pass(&one, &b));
        assert_ne!(access_pass(&one, &a), access_pass(&two, &a));
        assert_eq!(access_pass(&one, &a).len(), 32);
        assert_ne!(access_pass(&one, &a), cancel_key(&one, &a));
        assert_ne!(cancel_key(&one, &a), cancel_key(&one, &b));
        assert_ne!(key_mark(&one), key_mark(&two));
        assert_eq!(key_mark(&one), key_mark(&DeploymentKey::new("k3", (0..32).collect()).unwrap()));
    }
}
