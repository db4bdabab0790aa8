//! `sekisho keys`: makes keys, and never writes over one.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::ExposeSecret as _;

use super::print;
use crate::amazonpay::generate_pem;
use crate::domain::{Rng, SystemRng, random_hex};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Makes a shop's RSA key pair: the private key goes to FILE, the public key is printed for Seller Central.
    New {
        /// Where the private key goes, such as keys/tshop00000001.pem. An existing file is never written over.
        file: PathBuf,
    },
    /// Makes the gateway's deployment key: 32 random bytes, as hexadecimal digits.
    Deployment {
        /// Where it goes, such as keys/deployment.key. An existing file is never written over.
        file: PathBuf,
    },
}

pub(super) fn run(command: &KeysCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::New { file } => print(&new_pair(file)?),
        KeysCommand::Deployment { file } => {
            new_deployment_key(file, &SystemRng)?;
            print(&format!(
                "{} is made. Keep a copy apart from the database: without it shops cannot go on with what they began.\n",
                file.display()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a new private key to `file` and returns the public one.
pub(super) fn new_pair(file: &Path) -> anyhow::Result<String> {
    let pair = generate_pem().context("no key could be made")?;
    write_secret(file, pair.private_pem.expose_secret())?;
    Ok(pair.public_pem)
}

/// Writes a new deployment key to `file`.
pub(super) fn new_deployment_key(file: &Path, rng: &dyn Rng) -> anyhow::Result<()> {
    write_secret(file, &format!("{}\n", random_hex::<32>(rng)))
}

/// A new file that only its owner may read, in a directory that is made if it is missing.
pub(super) fn write_secret(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(directory) = file.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        private_directory(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} exists, and keys are never written over; name another file", file.display())
        }
        _ => anyhow::Error::new(error).context(format!("cannot make {}", file.display())),
    })?;
    out.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

/// Makes a directory, and those above it, that only their owner may open. What is there already stays as it is.
pub(super) fn private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}
