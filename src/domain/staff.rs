//! Who may enter the console, what they may do there, and of which shops.
//!
//! Who acts: operators, who see every shop, and shop users, who see their own. A [`Scope`] goes with every question that
//! the console asks the book, so that no page can forget to ask whose it is; a [`Role`] says what may be done within it.

use std::fmt;

use super::ids::{Malformed, ShopId};
use crate::config::constant_time_eq;

/// The fewest characters of a password: long enough that ten guesses a minute lead nowhere.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest password, in bytes; hashing a longer one would only cost time.
pub const PASSWORD_BYTES_MAX: usize = 256;
/// How long a session rests before it ends by itself: half an hour.
pub const SESSION_IDLE_MS: i64 = 30 * 60_000;
/// How long a session lasts at most, however busy it is: twelve hours, a long working day.
pub const SESSION_WHOLE_MS: i64 = 12 * 60 * 60_000;

/// How many wrong codes of the second factor are judged for an account, from wherever they come, within
/// [`CODES_WITHIN_MS`]: whoever is asked for one has the password already, so nobody is known, and no address is exempt.
pub const CODES_MAX: usize = 10;
/// Ten minutes: three codes of a million are right at any moment, so guessing them takes years.
pub const CODES_WITHIN_MS: i64 = 10 * 60_000;
/// How many wrong passwords typed inside, where the present one is asked for, are judged within [`INSIDE_WITHIN_MS`].
pub const INSIDE_MAX: usize = 10;
/// One minute.
pub const INSIDE_WITHIN_MS: i64 = 60_000;
/// How many passwords somebody in one network may have looked at, for whatever names, within [`NETWORK_WITHIN_MS`]: each
/// costs a hash, and there are only so many places for that. A name that came in from there before is exempt.
pub const NETWORK_TRIES_MAX: usize = 60;
/// One minute.
pub const NETWORK_WITHIN_MS: i64 = 60_000;
/// How many counts and exports an account may have under way at once.
pub const HEAVY_MAX: usize = 2;

/// The number of an account. Never given to a second one, so that the audit log stays true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaffId(pub i64);

/// What an account is called: 1 to 64 of `0-9 a-z . _ @ + -`; capitals are taken as small letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginName(String);

impl LoginName {
    /// Takes `text` without the space around it, in small letters.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn new(text: &str) -> Result<Self, Malformed> {
        let text = text.trim().to_ascii_lowercase();
        let fits =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'@' | b'+' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text))
        } else {
            Err(Malformed("login name"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody may do. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Read.
    Look,
    /// Sales, Cancel, Change, sending notifications again, closing consents.
    Act,
    /// Accounts, settings, the audit log.
    Administer,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads.
    Look,
    /// Reads and acts on transactions.
    Act,
    /// All that, and looks after accounts and settings.
    Administer,
}

impl Role {
    /// Every role, the smallest first.
    pub const ALL: [Self; 3] = [Self::Look, Self::Act, Self::Administer];

    /// Whether this role grants `right`.
    pub const fn grants(self, right: Right) -> bool {
        match right {
            Right::Look => true,
            Right::Act => matches!(self, Self::Act | Self::Administer),
            Right::Administer => matches!(self, Self::Administer),
        }
    }

    /// As forms, the command line and the database have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Act => "act",
            Self::Administer => "administer",
        }
    }

    /// The role of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Which shops a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every shop: an operator's.
    EveryShop,
    /// One shop: a shop user's, or an operator's who asks about one.
    Shop(ShopId),
}

impl Scope {
    /// Whether what belongs to `shop` is in it.
    pub fn sees(&self, shop: &ShopId) -> bool {
        match self {
            Self::EveryShop => true,
            Self::Shop(own) => own == shop,
        }
    }

    /// The same, but of one shop only, if that is in it.
    pub fn within(&self, shop: ShopId) -> Option<Self> {
        self.sees(&shop).then_some(Self::Shop(shop))
    }

    /// The one shop, if it is one.
    pub fn shop(&self) -> Option<&ShopId> {
        match self {
            Self::EveryShop => None,
            Self::Shop(shop) => Some(shop),
        }
    }

    /// Whether everything in `other` is in this one, too.
    pub fn includes(&self, other: &Self) -> bool {
        *self == Self::EveryShop || self == other
    }
}

/// A password that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("a password has at least {PASSWORD_CHARS_MIN} characters")]
    Short,
    /// Too many bytes.
    #[error("a password has at most {PASSWORD_BYTES_MAX} bytes")]
    Long,
    /// It is the account's name, or one character over and over.
    #[error("the name, or one character over and over, is no password")]
    Plain,
}

/// Whether `password` may be that of the account `name`.
///
/// # Errors
/// Why not.
pub fn check_password(name: &LoginName, password: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordFault::Short);
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordFault::Long);
    }
    let first = password.chars().next();
    let is_name = constant_time_eq(password.to_lowercase().trim().as_bytes(), name.as_str().as_bytes());
    if is_name || password.chars().all(|c| Some(c) == first) { Err(PasswordFault::Plain) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_grants_what_is_written_here() {
        let granted = |role: Role| [Right::Look, Right::Act, Right::Administer].map(|right| role.grants(right));
        assert_eq!(granted(Role::Look), [true, false, false]);
        assert_eq!(granted(Role::Act), [true, true, false]);
        assert_eq!(granted(Role::Administer), [true, true, true]);
        assert_eq!(Role::ALL.map(|role| Role::of(role.as_str())), Role::ALL.map(Some));
        assert_eq!(Role::of("Look"), None);
    }

    #[test]
    fn a_scope_never_grows() {
        let [own, other] = ["tshop00000001", "tshop00000002"].map(|id| ShopId::new(id).unwrap());
        let one = Scope::Shop(own.clone());
        assert!(one.sees(&own) && !one.sees(&other) && Scope::EveryShop.sees(&other));
        assert_eq!(one.within(other.clone()), None);
        assert_eq!(one.within(own.clone()), Some(one.clone()));
        assert_eq!(Scope::EveryShop.within(other.clone()), Some(Scope::Shop(other.clone())));
        assert!(Scope::EveryShop.includes(&one) && one.includes(&one));
        assert!(!one.includes(&Scope::EveryShop) && !one.includes(&Scope::Shop(other)));
        assert_eq!((one.shop(), Scope::EveryShop.shop()), (Some(&own), None));
    }

    /// Half an hour, twelve hours, ten minutes: in milliseconds.
    #[test]
    fn the_terms_are_those_that_operators_are_told() {
        assert_eq!((SESSION_IDLE_MS, SESSION_WHOLE_MS, CODES_WITHIN_MS), (1_800_000, 43_200_000, 600_000));
    }

    #[test]
    fn names_and_passwords_have_their_bounds() {
        assert_eq!(LoginName::new(" Hanako@Shop.example ").unwrap().as_str(), "hanako@shop.example");
        for bad in ["", " ", "a b", "花子", "a/b", &"a".repeat(65)] {
            assert!(LoginName::new(bad).is_err(), "{bad:?}");
        }
        let name = LoginName::new("longer-than-twelve").unwrap();
        let check = |password: &str| check_password(&name, password);
        assert_eq!(check("elevenchars"), Err(PasswordFault::Short));
        assert_eq!(check("あいうえおかきくけこ"), Err(PasswordFault::Short), "characters count, not bytes");
        assert_eq!(check("あいうえおかきくけこさし"), Ok(()));
        assert_eq!(check(&"ab".repeat(128)), Ok(()));
        assert_eq!(check(&"ab".repeat(129)), Err(PasswordFault::Long));
        assert_eq!(check("Longer-Than-Twelve"), Err(PasswordFault::Plain));
        assert_eq!(check(&"x".repeat(30)), Err(PasswordFault::Plain));
    }
}
