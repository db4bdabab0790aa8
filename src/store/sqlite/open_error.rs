//! Why a database cannot be worked on, each in a sentence that an operator can act on.

use std::path::PathBuf;

/// Why a database file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process serves this file.
    #[error("{} is in use by another sekisho process; stop that one, or choose another database file", .0.display())]
    InUse(PathBuf),
    /// The file or its lock cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The schema could not be brought up to date.
    #[error("migrating {}: {source}", path.display())]
    Migrate {
        /// Which database.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// There is no such database.
    #[error("{}: no database is here; name the right file by --database, or make one with `sekisho migrate`", .0.display())]
    Missing(PathBuf),
    /// The schema is not the one that this program knows.
    #[error(
        "{}: its schema is number {found}, and this program works on number {known}; use the version of sekisho that \
         serves it, or stop that one and run `sekisho migrate`", path.display()
    )]
    OtherSchema {
        /// Which database.
        path: PathBuf,
        /// Its schema; 0 for none.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// The key of this id is another than the one that the database was filled under.
    #[error(
        "deployment_key_file holds another key than the one that {} was filled under as {key_id:?}: no shop could go on \
         with what it began; put the right key back, or, if that is lost for good, give this one a deployment_key_id of \
         its own",
        path.display()
    )]
    OtherKey {
        /// Which database.
        path: PathBuf,
        /// The id.
        key_id: String,
    },
    /// SQLite refused.
    #[error("opening {}: {source}", path.display())]
    Sqlite {
        /// Which database.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}
