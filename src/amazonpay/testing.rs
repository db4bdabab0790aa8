//! What several tests of this room and of those above need: a key, shops that can sign, a scratch directory, the openssl
//! command as an independent judge.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use secrecy::ExposeSecret;

use super::key::{SigningKey, generate_pem};
use crate::config::{FileMode, ShopSettings, ShopsFile};

/// One key for all tests: making one takes a while.
pub(super) fn key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    let make = || Arc::new(SigningKey::from_pem(generate_pem().unwrap().private_pem.expose_secret()).unwrap());
    Arc::clone(KEY.get_or_init(make))
}

/// The shops of `shops.toml`, each with a key of its own.
pub(crate) fn shops() -> Vec<ShopSettings> {
    let keys = scratch();
    let mut file = ShopsFile::parse(include_str!("../../shops.toml"), Path::new("shops.toml")).unwrap();
    for shop in &mut file.shops {
        let pem = generate_pem().unwrap().private_pem;
        std::fs::write(keys.path().join(format!("{}.pem", shop.shop_id)), pem.expose_secret()).unwrap();
        shop.take_key_from(keys.path());
    }
    file.load_secrets(&|_| None, FileMode::Any).unwrap()
}

pub(super) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs openssl in `dir` and answers what it printed; fails the test where it fails.
pub(super) fn openssl(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
