//! Where `sekisho sandbox --tls` keeps its certificate authority: a directory that the user names, or one for this run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::keys::write_secret;
use crate::domain::Millis;
use crate::sandbox::tls::Authority;

const CERTIFICATE_FILE: &str = "sandbox-ca.pem";
const KEY_FILE: &str = "sandbox-ca.key";

/// An authority, and the file that clients are told to trust.
pub(super) struct KeptAuthority {
    pub(super) authority: Authority,
    pub(super) certificate_file: PathBuf,
    /// Removes the directory when it goes.
    _temporary: Option<TempDir>,
}

impl KeptAuthority {
    /// The authority kept in `directory`, made there if it is new; or one that is gone with this run.
    pub(super) fn open(directory: Option<&Path>, now: Millis) -> anyhow::Result<Self> {
        if let Some(directory) = directory {
            return Self::in_directory(directory, now, None);
        }
        let temporary = tempfile::Builder::new().prefix("sekisho-tls-").tempdir().context("no temporary directory")?;
        let directory = temporary.path().to_owned();
        Self::in_directory(&directory, now, Some(temporary))
    }

    fn in_directory(directory: &Path, now: Millis, temporary: Option<TempDir>) -> anyhow::Result<Self> {
        let (certificate_file, key_file) = (directory.join(CERTIFICATE_FILE), directory.join(KEY_FILE));
        let authority = match (certificate_file.exists(), key_file.exists()) {
            (true, true) => restore(&certificate_file, &key_file)?,
            (false, false) => make(&certificate_file, &key_file, now)?,
            _ => anyhow::bail!(
                "{} and {} belong together, and one of them is missing; remove the other, or name another directory with \
                 --tls-dir",
                certificate_file.display(),
                key_file.display()
            ),
        };
        let certificate_file = std::path::absolute(&certificate_file).unwrap_or(certificate_file);
        Ok(Self { authority, certificate_file, _temporary: temporary })
    }
}

fn restore(certificate_file: &Path, key_file: &Path) -> anyhow::Result<Authority> {
    let read = |file: &Path| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    let (certificate, key) = (read(certificate_file)?, read(key_file)?);
    Authority::restore(certificate, &key).with_context(|| format!("{} is not usable", key_file.display()))
}

fn make(certificate_file: &Path, key_file: &Path, now: Millis) -> anyhow::Result<Authority> {
    let authority = Authority::generate(now)?;
    write_secret(key_file, authority.key_pem().expose_secret())?;
    fs::write(certificate_file, authority.certificate_pem())
        .with_context(|| format!("cannot write {}", certificate_file.display()))?;
    Ok(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_371_000_000);

    #[test]
    fn a_named_directory_keeps_the_authority() {
        let directory = tempfile::tempdir().expect("a directory");
        let home = directory.path().join("new");
        let first = KeptAuthority::open(Some(&home), NOW).expect("made");
        let second = KeptAuthority::open(Some(&home), NOW).expect("restored");
        assert_eq!(first.authority.certificate_pem(), second.authority.certificate_pem());
        second.authority.server_config(NOW).expect("a certificate by the restored key");
        fs::remove_file(home.join(KEY_FILE)).expect("removed");
        let error = KeptAuthority::open(Some(&home), NOW).map(|_| ()).expect_err("half of it");
        assert!(error.to_string().contains("belong together"), "{error}");
    }

    #[test]
    fn without_one_it_is_gone_afterwards() {
        let kept = KeptAuthority::open(None, NOW).expect("made");
        let file = kept.certificate_file.clone();
        assert!(file.exists());
        drop(kept);
        assert!(!file.exists());
    }
}
