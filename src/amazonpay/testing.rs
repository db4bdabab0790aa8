//! What several tests of this room need: a key, a scratch directory, the openssl command as an independent judge.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use secrecy::ExposeSecret;

use super::key::{SigningKey, generate_pem};

/// One key for all tests: making one takes a while.
pub(super) fn key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    let make = || Arc::new(SigningKey::from_pem(generate_pem().unwrap().private_pem.expose_secret()).unwrap());
    Arc::clone(KEY.get_or_init(make))
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
