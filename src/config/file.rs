//! Settings files on disk. They hold no secrets that matter, so unlike secrets they may be readable by others.

use std::path::{Path, PathBuf};

use super::mistake::{ConfigErrors, Place};

/// The whole of a settings file; `remedy` says how another file would be named.
pub(super) fn read_text(path: &Path, remedy: &str) -> Result<String, ConfigErrors> {
    std::fs::read_to_string(path)
        .map_err(|why| Place::file(path).mistake(format!("cannot be read: {why}"), remedy).into())
}

/// `path` as seen from the directory that `file` is in.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or_else(|| Path::new("")).join(path)
}
