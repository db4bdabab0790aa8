//! What is derived for one transaction: its AccessPass, and the key by which its buyer may give up. And for one account of
//! the console: the secret of its second factor.
//!
//! None is ever stored. They are derived with a key that lives outside the database, so that a copy of the database opens
//! no transaction and makes no codes, and SearchTradeMulti can still answer an AccessPass.

use aws_lc_rs::hmac;

use super::ids::AccessId;
use super::staff::StaffId;
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

/// What the console and a phone share for the codes of an account (`totp`).
pub(super) fn second_factor_key(key: &DeploymentKey, staff: StaffId, salt: &str) -> [u8; 32] {
    whole_mac(key, b"sekisho second factor\0", &format!("{}\0{salt}", staff.0))
}

fn derived(key: &DeploymentKey, purpose: &[u8], access_id: &AccessId) -> String {
    mac(key, purpose, access_id.as_str())
}

fn mac(key: &DeploymentKey, purpose: &[u8], text: &str) -> String {
    hex::encode(&whole_mac(key, purpose, text)[..16])
}

fn whole_mac(key: &DeploymentKey, purpose: &[u8], text: &str) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes.expose());
    let mut mac = hmac::Context::with_key(&key);
    mac.update(purpose);
    mac.update(text.as_bytes());
    let mut whole = [0; 32];
    whole.copy_from_slice(mac.sign().as_ref());
    whole
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
