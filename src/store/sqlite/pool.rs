//! Connections that only read.

use sqlx::sqlite::SqlitePoolOptions;

/// A pool of at most `connections_max` of them, none of which is ever closed for having been idle or for its age.
///
/// An open file costs nothing, so nothing would be gained; and sqlx 0.9.0 would have a task go over the idle ones for that. It
/// reads a count that is for a moment one less than none while a connection is given back, and then never comes to its end,
/// nor does the thread that runs it (<https://github.com/transact-rs/sqlx/pull/4289>).
pub(super) fn reading(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections_max).idle_timeout(None).max_lifetime(None)
}

#[cfg(test)]
mod tests {
    use super::super::SqliteStore;

    #[tokio::test]
    async fn nobody_goes_over_idle_connections() {
        let data = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&data.path().join("sekisho.db")).await.unwrap();
        for pool in [&store.readers, &store.onlookers] {
            assert_eq!((pool.options().get_idle_timeout(), pool.options().get_max_lifetime()), (None, None));
        }
    }
}
