//! A mistake in a settings file, told so that the reader can mend it without opening a manual.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a setting stands: what a mistake about it is prefixed with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file; empty for a flag, an environment variable or a default.
    pub file: PathBuf,
    /// Line in the file, from 1; 0 where there is no one line to blame.
    pub line: usize,
    /// The key, or the flag; empty where the whole file is meant.
    pub key: String,
}

impl Place {
    /// A whole file.
    pub(super) fn file(file: &Path) -> Self {
        Self { file: file.to_owned(), line: 0, key: String::new() }
    }

    /// A setting that is not, or not only, in a file.
    pub(super) fn setting(key: impl Into<String>) -> Self {
        Self { file: PathBuf::new(), line: 0, key: key.into() }
    }

    /// A mistake at this place: what is wrong, and what to write instead.
    pub(super) fn mistake(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Mistake {
        Mistake { place: self.clone(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.as_os_str().is_empty() {
            write!(f, "{}:", self.file.display())?;
            if self.line > 0 {
                write!(f, "{}:", self.line)?;
            }
            f.write_str(" ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        Ok(())
    }
}

/// One mistake. Shown as `file:line: key: what is wrong; what to write instead`. Never holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}; {}", self.place, self.problem, self.remedy)
    }
}

/// Every mistake found, in the order of file and line; shown one a line. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<Mistake>);

impl ConfigErrors {
    /// `Ok` with `value` where there is no mistake.
    pub(super) fn or<T>(value: T, mut mistakes: Vec<Mistake>) -> Result<T, Self> {
        if mistakes.is_empty() {
            return Ok(value);
        }
        mistakes.sort();
        Err(Self(mistakes))
    }

    /// Both values, where neither has a mistake.
    ///
    /// # Errors
    /// The mistakes of both.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(mistakes), Ok(_)) | (Ok(_), Err(mistakes)) => Err(mistakes),
            (Err(Self(mut mistakes)), Err(Self(more))) => {
                mistakes.extend(more);
                Err(Self(mistakes))
            }
        }
    }

    /// The mistakes, one by one.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl From<Mistake> for ConfigErrors {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
