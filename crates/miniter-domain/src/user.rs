//! Users, and the values that a sign-up is made of.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::visible::is_invisible;
use crate::{DomainError, Username};

/// The number of a user, given by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(i64);

impl UserId {
    /// A number from the database, a token or a JSON integer. Whether there is such a user, only the database knows.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// A number as clients write it in a path or a string: ASCII digits and nothing else.
    ///
    /// # Errors
    /// [`DomainError::InvalidUserId`] for a sign, a space, a fraction, an exponent, other digits, and what does not
    /// fit 63 bits.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        parse_digits(text).map(Self).ok_or(DomainError::InvalidUserId)
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// ASCII digits that fit an `i64`. `str::parse` alone would take a leading `+`.
pub(crate) fn parse_digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// An e-mail address as a new user gives it, kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The longest address, in characters.
    pub const MAX_CHARS: usize = 255;

    /// Checks the form of an address; only a message to it could tell whether it works.
    ///
    /// # Errors
    /// [`DomainError::InvalidEmail`] unless it is at most [`Self::MAX_CHARS`] ASCII characters with exactly one `@`
    /// between non-empty parts and no white space or control characters.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let well_formed = text.len() <= Self::MAX_CHARS
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && text
                .split_once('@')
                .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(DomainError::InvalidEmail) }
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form in which addresses are compared: ASCII letters in lower case, every other byte as it is.
///
/// Made from any text without a check: an older database may hold addresses that [`Email::parse`] would refuse, and
/// their owners must be able to log in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CanonicalEmail(String);

impl CanonicalEmail {
    /// The canonical form of `address`.
    #[must_use]
    pub fn of(address: &str) -> Self {
        Self(address.to_ascii_lowercase())
    }

    /// The bytes that the database compares.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A new user's name: not unique, any Unicode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// The longest name, in Unicode code points.
    pub const MAX_CHARS: usize = 255;

    /// Checks that a name can be seen, and its length.
    ///
    /// # Errors
    /// [`DomainError::InvalidName`] unless it has at most [`Self::MAX_CHARS`] code points, of which something can be seen.
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if is_longer_than(&text, Self::MAX_CHARS) || is_invisible(&text) {
            return Err(DomainError::InvalidName);
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a new user says of themselves; may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(String);

impl Profile {
    /// The longest profile, in Unicode code points.
    pub const MAX_CHARS: usize = 2_000;

    /// Checks the length of a profile.
    ///
    /// # Errors
    /// [`DomainError::ProfileTooLong`] if it has more than [`Self::MAX_CHARS`] code points.
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if is_longer_than(&text, Self::MAX_CHARS) {
            return Err(DomainError::ProfileTooLong);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that is chosen now. Its `Debug` form shows nothing of it, and its memory is wiped.
///
/// Only for setting one: a password that is compared with a stored hash has no rules to keep.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// The shortest password, in Unicode code points (NIST SP 800-63B, 5.1.1.2).
    pub const MIN_CHARS: usize = 8;
    /// The longest password, in Unicode code points. It bounds the work of hashing; nothing is ever cut off.
    pub const MAX_CHARS: usize = 128;

    /// Checks the length of a password. Any Unicode is allowed, and nothing is normalised.
    ///
    /// # Errors
    /// [`DomainError::PasswordTooShort`] or [`DomainError::PasswordTooLong`].
    pub fn parse(text: SecretString) -> Result<Self, DomainError> {
        if !is_longer_than(text.expose_secret(), Self::MIN_CHARS - 1) {
            return Err(DomainError::PasswordTooShort);
        }
        if is_longer_than(text.expose_secret(), Self::MAX_CHARS) {
            return Err(DomainError::PasswordTooLong);
        }
        Ok(Self(text))
    }

    /// The password in clear, for hashing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether `text` has more than `max` Unicode code points; looks at no more of it than that takes.
pub(crate) fn is_longer_than(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}

/// A user who is about to be stored.
#[derive(Clone)]
pub struct NewUser {
    /// The name in their address. `None`: they are called [`Username::of_nameless`].
    pub username: Option<Username>,
    /// Shown to others.
    pub name: UserName,
    /// Unique in its canonical form.
    pub email: Email,
    /// What they say of themselves.
    pub profile: Profile,
    /// A PHC string; never the password.
    pub hashed_password: String,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
}

/// A user, as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// As it was stored, which may be under older rules.
    pub name: String,
    /// What they say of themselves.
    pub profile: String,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
}

/// What a log-in is checked against.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose they are.
    pub user_id: UserId,
    /// As it is stored: a PHC string, a bcrypt hash of an older database, or something unreadable.
    pub hashed_password: String,
    /// The version of the tokens that they open a session with.
    pub token_version: TokenVersion,
}

/// Which of a user's tokens are good: those with this version. A change of the password gives a new one, and so ends all
/// sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenVersion(i64);

impl TokenVersion {
    /// Of tokens of a user who has never changed the password, and of those that name none.
    pub const FIRST: Self = Self(0);

    /// A version from the database or a token.
    #[must_use]
    pub const fn new(version: i64) -> Self {
        Self(version)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_id_is_ascii_digits_only() {
        assert_eq!(UserId::parse("2").map(UserId::get), Ok(2));
        assert_eq!(UserId::parse("9223372036854775807").map(UserId::get), Ok(i64::MAX));
        for text in ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "abc", "１", "9223372036854775808"] {
            assert_eq!(UserId::parse(text), Err(DomainError::InvalidUserId), "{text:?}");
        }
    }

    #[test]
    fn an_email_has_one_at_sign_between_non_empty_ascii_parts() {
        for text in ["a@b", "Song@Example.com", "o'hara+tag@mail.example"] {
            assert_eq!(Email::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a@b@c",
            "a @b",
            "a@b\n",
            "a@b\u{7f}",
            "\u{1}a@b",
            "a\t@b",
            "é@b",
            "a@비",
        ] {
            assert_eq!(Email::parse(text), Err(DomainError::InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn an_email_may_have_255_characters_and_no_more() {
        let longest = format!("{}@b", "a".repeat(253));
        assert!(Email::parse(&longest).is_ok());
        assert_eq!(Email::parse(&format!("a{longest}")), Err(DomainError::InvalidEmail));
    }

    #[test]
    fn only_ascii_letters_are_folded_when_emails_are_compared() {
        assert_eq!(CanonicalEmail::of("SONG@Example.COM"), CanonicalEmail::of("song@example.com"));
        assert_ne!(CanonicalEmail::of("É@example.com"), CanonicalEmail::of("é@example.com"));
        assert_ne!(CanonicalEmail::of("a@example.com "), CanonicalEmail::of("a@example.com"));
    }

    #[test]
    fn names_and_profiles_are_counted_in_code_points() {
        assert!(UserName::parse("🍣".repeat(255)).is_ok());
        assert_eq!(UserName::parse("🍣".repeat(256)), Err(DomainError::InvalidName));
        assert_eq!(UserName::parse(String::new()), Err(DomainError::InvalidName));
        for invisible in
            [" ", "\u{3000}\t", "\u{3164}", "\u{115f}\u{1160}", "\u{2800}", "\u{200b}\u{feff}\u{ad}"]
        {
            assert_eq!(UserName::parse(invisible.into()), Err(DomainError::InvalidName), "{invisible:?}");
        }
        assert_eq!(UserName::parse(" 송 \u{200d}".into()).unwrap().as_str(), " 송 \u{200d}");
        assert!(Profile::parse(String::new()).is_ok());
        assert!(Profile::parse("가".repeat(2_000)).is_ok());
        assert_eq!(Profile::parse("가".repeat(2_001)), Err(DomainError::ProfileTooLong));
    }

    #[test]
    fn a_password_has_8_to_128_code_points() {
        assert_eq!(Password::parse("1234567".into()).err(), Some(DomainError::PasswordTooShort));
        assert!(Password::parse("비밀번호는여덟자".into()).is_ok());
        assert!(Password::parse("🔑".repeat(128).into()).is_ok());
        assert_eq!(Password::parse("🔑".repeat(129).into()).err(), Some(DomainError::PasswordTooLong));
    }

    #[test]
    fn a_password_is_not_shown_by_debug() {
        let password = Password::parse("correct horse".into()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }

    proptest! {
        #[test]
        fn a_parsed_user_id_is_written_as_it_was_read(id in 0..=i64::MAX) {
            prop_assert_eq!(UserId::parse(&id.to_string()).unwrap().to_string(), id.to_string());
        }

        #[test]
        fn an_accepted_email_keeps_every_rule(text in "\\PC{0,12}@?\\PC{0,12}@?[ -~]{0,12}") {
            if let Ok(email) = Email::parse(&text) {
                let text = email.as_str();
                prop_assert!(text.is_ascii() && text.len() <= 255);
                prop_assert_eq!(text.matches('@').count(), 1);
                prop_assert!(!text.starts_with('@') && !text.ends_with('@'));
                prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()));
            }
        }

        #[test]
        fn the_canonical_email_is_stable_and_ignores_ascii_case(text in "\\PC{0,30}") {
            let canonical = CanonicalEmail::of(&text);
            prop_assert_eq!(&CanonicalEmail::of(std::str::from_utf8(canonical.as_bytes()).unwrap()), &canonical);
            prop_assert_eq!(&CanonicalEmail::of(&text.to_ascii_uppercase()), &canonical);
        }

        #[test]
        fn is_longer_than_agrees_with_counting(text in "\\PC{0,20}", max in 0_usize..20) {
            prop_assert_eq!(is_longer_than(&text, max), text.chars().count() > max);
        }
    }
}
