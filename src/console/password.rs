//! Passwords: argon2id, computed off the threads that serve, by few at a time.
//!
//! A hash takes 19 MiB and some hundredths of a second by design (OWASP's first recommendation, the crate's default), so
//! whoever floods the door must not get more than two computed at a time, nor more than sixteen to wait.

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use tokio::sync::Semaphore;

use crate::config::Secret;
use crate::domain::Rng;

/// How many hashes are computed at once.
const AT_ONCE: usize = 2;
/// How many more may wait for their turn; further ones are sent away.
const WAITING_MAX: usize = 16;
const SALT_BYTES: usize = 16;
/// Letters and digits that nobody takes for another; 32 of them, so that each is worth five bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The characters of a made-up password: 120 bits.
const MADE_CHARS: usize = 24;

/// A password could not be hashed, or was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are waiting.
    #[error("too many passwords are being looked at just now")]
    Busy,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Broken,
}

/// The hash of `password` for the database, with a salt of its own. Takes its time: not for a thread that serves.
///
/// # Errors
/// [`PasswordError::Broken`].
pub fn hash(password: &Secret, rng: &dyn Rng) -> Result<String, PasswordError> {
    let mut salt = [0; SALT_BYTES];
    rng.fill(&mut salt);
    let hashed: Result<PasswordHash, _> =
        Argon2::default().hash_password_with_salt(password.expose().as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|_| PasswordError::Broken)
}

/// A password made up by chance, in groups that can be read aloud.
pub fn make_up(rng: &dyn Rng) -> Secret {
    let mut bytes = [0; MADE_CHARS];
    rng.fill(&mut bytes);
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(6).map(|group| group.iter().collect()).collect();
    Secret::new(groups.join("-"))
}

/// Hashes and verifies, bounded.
pub(super) struct Passwords {
    working: Semaphore,
    waiting: Semaphore,
    /// Of a password that nobody knows: verified for names that do not exist, so that the time taken tells nothing.
    nobodys: String,
}

impl Passwords {
    /// Makes ready.
    pub(super) fn new(rng: &dyn Rng) -> Self {
        // A hash is made of any password; were it not, the empty one verifies nothing, too.
        let nobodys = hash(&make_up(rng), rng).unwrap_or_default();
        Self { working: Semaphore::new(AT_ONCE), waiting: Semaphore::new(AT_ONCE + WAITING_MAX), nobodys }
    }

    /// Whether `password` is the one of `hash`; of nobody's, where there is none. Takes as long either way.
    pub(super) async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool, PasswordError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobodys.clone());
        let right = self
            .off_thread(move || {
                let hash = PasswordHash::new(&hash);
                hash.is_ok_and(|hash| Argon2::default().verify_password(password.expose().as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(right && exists)
    }

    /// [`hash`], off the threads that serve.
    pub(super) async fn hash(&self, password: Secret, rng: std::sync::Arc<dyn Rng>) -> Result<String, PasswordError> {
        self.off_thread(move || hash(&password, &*rng)).await?
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _waiting = self.waiting.try_acquire().map_err(|_| PasswordError::Busy)?;
        let _working = self.working.acquire().await.map_err(|_| PasswordError::Broken)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| PasswordError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SeededRng;

    #[tokio::test]
    async fn a_hash_is_salted_argon2id_and_verifies_its_password_alone() {
        let rng = SeededRng::new(1);
        let passwords = Passwords::new(&rng);
        let password = Secret::new("correct horse battery");
        let (one, two) = (hash(&password, &rng).unwrap(), hash(&password, &rng).unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two, "each has its own salt");
        assert_eq!(passwords.verify(password.clone(), Some(one.clone())).await, Ok(true));
        assert_eq!(passwords.verify(Secret::new("correct horse batterY"), Some(one)).await, Ok(false));
        assert_eq!(passwords.verify(password.clone(), None).await, Ok(false));
        assert_eq!(passwords.verify(password, Some("broken".to_owned())).await, Ok(false));
        let made = make_up(&rng);
        assert_eq!((made.expose().len(), made.expose().matches('-').count()), (27, 3));
    }

    #[tokio::test]
    async fn whoever_floods_is_sent_away() {
        let passwords = Passwords::new(&SeededRng::new(1));
        let _all = passwords.waiting.try_acquire_many(18).unwrap();
        assert_eq!(passwords.verify(Secret::new("x"), None).await, Err(PasswordError::Busy));
    }
}
