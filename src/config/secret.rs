//! Secrets: values that no log, error or `Debug` ever shows, that are wiped from memory when dropped, and that are
//! compared without telling by the time taken how far a guess was right.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretBox, SecretString};
use subtle::ConstantTimeEq;

/// No secret we know is longer; a larger file is a wrong path.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Whether two byte strings are equal, in a time that depends on their lengths alone. The one place in this crate
/// where a secret is compared with what a stranger sent.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// A text nobody may see by accident: a password, a PEM file.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Every call of this is a place to look at in a review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `given` is this secret, see [`constant_time_eq`].
    pub fn matches(&self, given: &str) -> bool {
        constant_time_eq(self.expose().as_bytes(), given.as_bytes())
    }

    /// Reads a text secret from `file`. One line end at its end is not part of it.
    pub(super) fn read(file: &Path, mode: FileMode) -> Result<Self, SecretError> {
        let text = String::from_utf8(read_bytes(file, mode)?).map_err(|_| SecretError::NotText(file.to_owned()))?;
        let text = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() { Err(SecretError::Empty(file.to_owned())) } else { Ok(Self::new(text)) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Bytes nobody may see by accident: a key.
pub struct SecretBytes(SecretBox<[u8]>);

impl SecretBytes {
    /// Takes the bytes as they are.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(SecretBox::from(bytes))
    }

    /// The bytes themselves. Every call of this is a place to look at in a review.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::new(self.expose().to_vec())
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

/// The key of this deployment, from which other secrets are derived; with the id that is stored beside what was
/// derived, so that a later key can be told from this one.
#[derive(Debug, Clone)]
pub struct DeploymentKey {
    /// `deployment_key_id` of `sekisho.toml`. Not secret.
    pub id: String,
    /// At least 32 bytes.
    pub bytes: SecretBytes,
}

impl DeploymentKey {
    /// The least length of the key, in bytes.
    pub const BYTES_MIN: usize = 32;

    /// Takes a key that was made elsewhere, such as the demo's.
    ///
    /// # Errors
    /// [`WeakKey`] where it is too short, or one byte over and over.
    pub fn new(id: impl Into<String>, bytes: Vec<u8>) -> Result<Self, WeakKey> {
        if bytes.len() < Self::BYTES_MIN {
            return Err(WeakKey::Short(bytes.len()));
        }
        if bytes.iter().all(|b| *b == bytes[0]) {
            return Err(WeakKey::Repeated);
        }
        Ok(Self { id: id.into(), bytes: SecretBytes::new(bytes) })
    }

    /// Reads the key from `file`: hexadecimal digits, or else the bytes as they stand.
    ///
    /// # Errors
    /// A file that cannot be read or must not be used, see [`SecretError`].
    pub fn read(id: impl Into<String>, file: &Path, mode: FileMode) -> Result<Self, SecretError> {
        let raw = SecretBytes::new(read_bytes(file, mode)?);
        let digits = raw.expose().trim_ascii();
        let bytes = if digits.iter().all(u8::is_ascii_hexdigit) { hex::decode(digits).ok() } else { None };
        Self::new(id, bytes.unwrap_or_else(|| raw.expose().to_vec()))
            .map_err(|why| SecretError::WeakKey { file: file.to_owned(), why })
    }
}

/// Why bytes are no [`DeploymentKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// Fewer than [`DeploymentKey::BYTES_MIN`].
    #[error("holds {0} bytes, and a key has at least {min}", min = DeploymentKey::BYTES_MIN)]
    Short(usize),
    /// Not random at all.
    #[error("holds one byte over and over")]
    Repeated,
}

/// What a secret's file may allow others to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// Nothing at all: a file that group or others may read, write or run is refused (Unix; elsewhere not looked at).
    /// What `serve` asks for.
    OwnerOnly,
    /// Anything: for `demo` and for tests, whose keys open nothing.
    Any,
}

/// Why a secret could not be read. Says where it was looked for, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The operating system said no.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The operating system's words.
        why: std::io::Error,
    },
    /// A directory, a pipe, a device.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// See [`FileMode::OwnerOnly`].
    #[error("{file} is open to others (mode {mode:04o}); run `chmod 600 {file}`", file = file.display())]
    OpenToOthers {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// More than 64 KiB.
    #[error("{} is larger than 64 KiB", .0.display())]
    TooLarge(PathBuf),
    /// Nothing in it but, perhaps, a line end.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// A text was expected.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// Not fit to be a deployment key.
    #[error("{} {why}", file.display())]
    WeakKey {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: WeakKey,
    },
}

/// Checks and reads through one open file, so that it cannot be exchanged in between.
fn read_bytes(path: &Path, mode: FileMode) -> Result<Vec<u8>, SecretError> {
    let unreadable = |why| SecretError::Unreadable { file: path.to_owned(), why };
    let file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(SecretError::NotAFile(path.to_owned()));
    }
    if mode == FileMode::OwnerOnly {
        refuse_open_to_others(path, &found)?;
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() {
        0 => Err(SecretError::Empty(path.to_owned())),
        length if length as u64 > FILE_BYTES_MAX => Err(SecretError::TooLarge(path.to_owned())),
        _ => Ok(bytes),
    }
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, found: &std::fs::Metadata) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o777;
    let for_others = mode & 0o077;
    if for_others == 0 { Ok(()) } else { Err(SecretError::OpenToOthers { file: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the Unix version can refuse")]
fn refuse_open_to_others(_path: &Path, _found: &std::fs::Metadata) -> Result<(), SecretError> {
    Ok(())
}
