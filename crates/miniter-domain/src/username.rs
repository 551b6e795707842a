//! The names in the addresses of accounts.

use crate::user::parse_digits;
use crate::{DomainError, UserId};

/// A username that a user chooses: kept as it was typed, and unique without regard to case.
///
/// An account without one is called [`Username::of_nameless`], a form that is reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// The longest username, in ASCII characters.
    pub const MAX_CHARS: usize = 30;

    /// The name of an account without a chosen one, before its number.
    const NAMELESS: &'static str = "user";

    /// Checks a username.
    ///
    /// # Errors
    /// [`DomainError::InvalidUsername`] unless it is `[A-Za-z0-9_]{1,30}`; [`DomainError::ReservedUsername`] if it is `user` in any
    /// case with nothing but digits after it.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let is_well_formed = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_well_formed {
            return Err(DomainError::InvalidUsername);
        }
        if Self::number_in(text).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            return Err(DomainError::ReservedUsername);
        }
        Ok(Self(text.to_owned()))
    }

    /// The username, as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What an account is called that has chosen no username.
    #[must_use]
    pub fn of_nameless(account: UserId) -> String {
        format!("{}{account}", Self::NAMELESS)
    }

    /// The number of the account that is called so if it has chosen no username. `None` for any other name.
    #[must_use]
    pub fn nameless(username: &str) -> Option<UserId> {
        let digits = Self::number_in(username)?;
        let id = parse_digits(digits).map(UserId::new)?;
        // One account, one name: no leading zeros.
        (digits == id.to_string()).then_some(id)
    }

    /// What stands after `user`, if anything does.
    fn number_in(username: &str) -> Option<&str> {
        let (prefix, digits) = username.split_at_checked(Self::NAMELESS.len())?;
        (prefix.eq_ignore_ascii_case(Self::NAMELESS) && !digits.is_empty()).then_some(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_has_1_to_30_ascii_letters_digits_and_underscores() {
        for text in ["a", "Song_Eunwoo", "_", "007", "user", "user_1", "users1", &"x".repeat(30)] {
            assert_eq!(Username::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "송", "a b", "a-b", "a.b", "a@b", "a\0", &"x".repeat(31)] {
            assert_eq!(Username::parse(text), Err(DomainError::InvalidUsername), "{text:?}");
        }
    }

    #[test]
    fn nobody_can_choose_what_a_nameless_account_is_called() {
        let nameless = Username::of_nameless(UserId::new(12));
        assert_eq!(nameless, "user12");
        for text in [nameless.as_str(), "USER12", "user0", "User0012", "user99999999999999999999"] {
            assert_eq!(Username::parse(text), Err(DomainError::ReservedUsername), "{text:?}");
        }
    }

    #[test]
    fn a_nameless_account_is_known_by_the_number_in_its_name() {
        assert_eq!(Username::nameless("user12"), Some(UserId::new(12)));
        assert_eq!(Username::nameless("USER12"), Some(UserId::new(12)));
        for text in ["user", "user012", "user-1", "user+1", "user1x", "12", "use", "", "유저12"] {
            assert_eq!(Username::nameless(text), None, "{text:?}");
        }
    }
}
