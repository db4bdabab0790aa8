//! The second factor: six digits that change every thirty seconds (RFC 6238 with HMAC-SHA-1, which is what phones know).
//!
//! The secret is derived from the deployment key and never stored, as an AccessPass is (`access`): a copy of the database
//! makes no codes. What is stored is a salt, so that a new enrolment has a new secret, and the step of the last code that
//! was used, so that none works twice.

use aws_lc_rs::hmac;

use super::Millis;
use super::access::second_factor_key;
use super::staff::StaffId;
use crate::config::{DeploymentKey, constant_time_eq};

/// How long a code is the current one.
const STEP_MS: i64 = 30_000;
/// How many steps a phone's clock may be off, to either side.
const STEPS_OFF: i64 = 1;
/// The bytes of a secret: the length of SHA-1, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;

/// What an account and its owner's phone share.
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// The secret of an account under the salt of its enrolment.
    pub fn derive(key: &DeploymentKey, staff: StaffId, salt: &str) -> Self {
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(&second_factor_key(key, staff, salt)[..SECRET_BYTES]);
        Self(secret)
    }

    /// As a person types it into a phone: Base32 without padding.
    pub fn base32(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits: Vec<bool> =
            self.0.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        let letter = |five: &[bool]| five.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit));
        bits.chunks(5).map(|five| char::from(LETTERS[letter(five)])).collect()
    }

    /// What a phone reads from a picture or a link.
    pub fn uri(&self, host: &str, account: &str) -> String {
        let escaped =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let (host, account) = (escaped(host), escaped(account));
        format!("otpauth://totp/Sekisho%20{host}:{account}?secret={}&issuer=Sekisho%20{host}", self.base32())
    }

    /// The step of which `code` is the code, if it is one of now and later than `used`.
    pub fn step_of(&self, code: &str, now: Millis, used: Option<i64>) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let present = now.0.div_euclid(STEP_MS);
        let mut found = None;
        for step in present - STEPS_OFF..=present + STEPS_OFF {
            // Each is looked at, so that the time taken tells nothing.
            if constant_time_eq(self.code(step).as_bytes(), digits.as_bytes()) {
                found = Some(step);
            }
        }
        found.filter(|step| used.is_none_or(|used| *step > used))
    }

    /// The six digits that a phone shows at this moment.
    pub fn code_at(&self, at: Millis) -> String {
        self.code(at.0.div_euclid(STEP_MS))
    }

    /// The six digits of a step (RFC 4226 5.3).
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let at = usize::from(mac[SECRET_BYTES - 1] & 0x0f);
        let number = mac[at..at + 4].iter().fold(0, |sum, byte| sum * 0x100 + u32::from(*byte)) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    /// The last six of the eight digits in RFC 6238, appendix B.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code_at(Millis(second * 1000)), code);
        }
        assert_eq!(of_the_rfc().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_works_once_and_only_around_its_time() {
        let secret = of_the_rfc();
        let now = Millis(59_000);
        assert_eq!(secret.step_of("287 082", now, None), Some(1));
        assert_eq!(secret.step_of("287082", now, Some(1)), None, "used");
        assert_eq!(secret.step_of("287082", now, Some(0)), Some(1));
        assert_eq!(secret.step_of("287082", now.plus(30_000), None), Some(1), "a phone that is late");
        assert_eq!(secret.step_of("287082", now.plus(60_001), None), None);
        assert_eq!(secret.step_of("287082", Millis(0), None), Some(1), "a phone that is ahead");
        assert_eq!(secret.step_of("287082", Millis(-1), None), None);
        for wrong in ["", "28708", "2870820", "000000", "２８７０８２"] {
            assert_eq!(secret.step_of(wrong, now, None), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_secret_depends_on_key_account_and_salt() {
        let key = |first: u8| DeploymentKey::new("k", (first..first + 32).collect()).unwrap();
        let secret = |key, staff, salt| TotpSecret::derive(&key, StaffId(staff), salt).base32();
        let one = secret(key(0), 1, "a");
        assert_eq!(one, secret(key(0), 1, "a"));
        assert_eq!(one.len(), 32);
        for other in [secret(key(1), 1, "a"), secret(key(0), 2, "a"), secret(key(0), 1, "b")] {
            assert_ne!(one, other);
        }
        let uri = TotpSecret::derive(&key(0), StaffId(1), "a").uri("pay.example:8080", "hanako@shop");
        assert_eq!(
            uri,
            format!(
                "otpauth://totp/Sekisho%20pay%2Eexample%3A8080:hanako%40shop?secret={one}&issuer=Sekisho%20pay%2Eexample%3A8080"
            )
        );
    }
}
