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
        let raw = SecretBytes::new(read_bytes(file, mode)?);
        let text = std::str::from_utf8(raw.expose()).map_err(|_| SecretError::NotText(file.to_owned()))?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
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
    /// What every command asks for.
    OwnerOnly,
    /// Anything: for tests, whose keys open nothing.
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
    #[error("{} is open to others (mode {mode:04o})", file.display())]
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

impl SecretError {
    /// The file, where it is simply not there.
    pub fn missing(&self) -> Option<&Path> {
        match self {
            Self::Unreadable { file, why } if why.kind() == std::io::ErrorKind::NotFound => Some(file),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unreadable { .. } | Self::NotAFile(_) | Self::TooLarge(_) => {
                "write the path of the secret's file".into()
            }
            Self::OpenToOthers { file, .. } => format!("run `chmod 600 {}`", file.display()),
            Self::Empty(_) => "put the secret in it".into(),
            Self::NotText(_) => "put the secret in it as text".into(),
            Self::WeakKey { file, .. } => {
                format!(
                    "remove it if nothing was derived from it, and run `sekisho keys deployment {}`",
                    file.display()
                )
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn read(content: &[u8]) -> Result<String, String> {
        let file = file_of(content);
        let path = file.path().to_str().unwrap().to_owned();
        let read = Secret::read(file.path(), FileMode::OwnerOnly);
        read.map(|secret| secret.expose().to_owned()).map_err(|why| why.to_string().replace(&path, "FILE"))
    }

    #[test]
    fn one_line_end_is_not_part_of_a_secret() {
        for (content, secret) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a ")] {
            assert_eq!(read(content.as_bytes()).as_deref(), Ok(secret));
        }
    }

    #[test]
    fn files_that_hold_no_secret_are_refused() {
        let longest = vec![b'a'; 65_536];
        assert_eq!(read(&longest).map(|secret| secret.len()), Ok(65_536));
        for (content, why) in [
            (&b""[..], "FILE is empty"),
            (b"\n", "FILE is empty"),
            (b"\xff", "FILE is not UTF-8 text"),
            (&[&longest[..], b"a"].concat(), "FILE is larger than 64 KiB"),
        ] {
            assert_eq!(read(content), Err(why.to_owned()));
        }
        let directory = tempfile::tempdir().unwrap();
        let refused = |path: &Path| Secret::read(path, FileMode::Any).unwrap_err();
        assert!(matches!(refused(directory.path()), SecretError::NotAFile(_)));
        assert!(matches!(refused(&directory.path().join("none")), SecretError::Unreadable { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_open_is_refused_where_that_matters() {
        use std::os::unix::fs::PermissionsExt;
        let file = file_of(b"a");
        let path = file.path();
        for (mode, refused) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o644, true)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(Secret::read(path, FileMode::Any).is_ok());
            let read = Secret::read(path, FileMode::OwnerOnly);
            assert_eq!(read.is_err(), refused, "{mode:o}");
            if let Err(why) = read {
                assert_eq!(why.to_string(), format!("{} is open to others (mode {mode:04o})", path.display()));
                assert_eq!(why.remedy(), format!("run `chmod 600 {}`", path.display()));
            }
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let key = DeploymentKey::new("1", (0..32).collect()).unwrap();
        assert_eq!(
            format!("{:?} {0} {key:?}", Secret::new("s3")),
            "Secret(…) … DeploymentKey { id: \"1\", bytes: SecretBytes(…) }"
        );
        assert!(Secret::new("s3").matches("s3") && !Secret::new("s3").matches("s") && !Secret::new("s3").matches("s4"));
    }

    #[test]
    fn a_deployment_key_is_hexadecimal_or_raw_and_long_enough() {
        let read = |content: &[u8]| DeploymentKey::read("1", file_of(content).path(), FileMode::OwnerOnly);
        let bytes: Vec<u8> = (0..32).collect();
        let as_hex = hex::encode(&bytes) + "\n";
        assert_eq!(read(as_hex.as_bytes()).unwrap().bytes.expose(), bytes);
        assert_eq!(read(as_hex.to_uppercase().as_bytes()).unwrap().bytes.expose(), bytes);
        let ends_like_a_line: Vec<u8> = (0..32).map(|n| 200 + n).chain([b'\n']).collect();
        assert_eq!(read(&ends_like_a_line).unwrap().bytes.expose(), ends_like_a_line);

        let weak = |content: &[u8]| match read(content).unwrap_err() {
            SecretError::WeakKey { why, .. } => why,
            other => panic!("{other}"),
        };
        assert_eq!(weak(&as_hex.as_bytes()[..32]), WeakKey::Short(16), "32 hexadecimal digits are 16 bytes");
        assert_eq!(weak(&[7; 31]), WeakKey::Short(31));
        assert_eq!(weak(&[0; 32]), WeakKey::Repeated);
        assert_eq!(weak(&[b'0'; 64]), WeakKey::Repeated);
    }
}
