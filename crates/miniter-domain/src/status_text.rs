//! The text and the content warning of a status that a client of Mastodon writes.
//!
//! The classic API has a rule of its own ([`TweetText`](crate::TweetText)): code points as typed, and no empty text.

use crate::DomainError;
use crate::text::counted_length;
use crate::user::is_longer_than;
use crate::visible::is_invisible;

/// The text of a new status, kept exactly as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusText(String);

impl StatusText {
    /// The longest text with its content warning, by [`counted_length`]: `max_characters` of the client API.
    pub const MAX_LENGTH: usize = 300;

    /// The longest text as it is stored, in code points. It bounds what short counts may hide: long addresses, and marks that
    /// are piled on one letter.
    pub const MAX_CHARS: usize = 5_000;

    /// Checks a text that stands alone.
    ///
    /// # Errors
    /// [`DomainError::TweetEmpty`] if nothing of it can be seen; otherwise as [`Self::parse_beside_media`].
    pub fn parse(text: String, warning: Option<&ContentWarning>) -> Result<Self, DomainError> {
        let parsed = Self::parse_beside_media(text, warning)?;
        if is_invisible(&parsed.0) { Err(DomainError::TweetEmpty) } else { Ok(parsed) }
    }

    /// Checks a text that may be empty, since media or a poll is published with it.
    ///
    /// # Errors
    /// [`DomainError::NulCharacter`] if it contains U+0000, and [`DomainError::TweetTooLong`] if it has more than
    /// [`Self::MAX_CHARS`] code points, or more than [`Self::MAX_LENGTH`] counted characters with the warning.
    pub fn parse_beside_media(text: String, warning: Option<&ContentWarning>) -> Result<Self, DomainError> {
        check(&text, warning.map_or("", ContentWarning::as_str))?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What stands before a text that a reader has to open: `spoiler_text` of the client API. Some of it can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentWarning(String);

impl ContentWarning {
    /// Checks a warning. One of which nothing can be seen is none, as clients send it with every status. Its length counts
    /// again with the text.
    ///
    /// # Errors
    /// [`DomainError::NulCharacter`] and [`DomainError::TweetTooLong`], as for [`StatusText`].
    pub fn parse(text: String) -> Result<Option<Self>, DomainError> {
        if is_invisible(&text) {
            return Ok(None);
        }
        check("", &text)?;
        Ok(Some(Self(text)))
    }

    /// The warning.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The warning, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

fn check(text: &str, warning: &str) -> Result<(), DomainError> {
    // First what costs little, so that no text of any size is searched for addresses.
    if [text, warning].into_iter().any(|part| is_longer_than(part, StatusText::MAX_CHARS)) {
        return Err(DomainError::TweetTooLong);
    }
    if [text, warning].into_iter().any(|part| part.contains('\0')) {
        return Err(DomainError::NulCharacter);
    }
    if counted_length(warning, text) > StatusText::MAX_LENGTH {
        return Err(DomainError::TweetTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(text: &str) -> ContentWarning {
        ContentWarning::parse(text.to_owned()).unwrap().unwrap()
    }

    #[test]
    fn a_text_has_300_characters_as_readers_see_them() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert!(StatusText::parse(family.repeat(300), None).is_ok());
        assert_eq!(StatusText::parse(family.repeat(301), None), Err(DomainError::TweetTooLong));
        assert!(StatusText::parse("각".repeat(300), None).is_ok(), "three code points each");
    }

    #[test]
    fn a_long_address_counts_23_until_the_text_is_too_long_to_store() {
        let address = |chars: usize| format!("https://example.com/{}", "x".repeat(chars - 20));
        let others = "y".repeat(300 - 23 - 1);
        assert!(StatusText::parse(format!("{others} {}", address(4_000)), None).is_ok());
        assert_eq!(
            StatusText::parse(format!("{others}y {}", address(4_000)), None),
            Err(DomainError::TweetTooLong)
        );
        assert!(StatusText::parse(address(5_000), None).is_ok());
        assert_eq!(StatusText::parse(address(5_001), None), Err(DomainError::TweetTooLong));
        assert_eq!(StatusText::parse("e\u{301}".repeat(2_501), None), Err(DomainError::TweetTooLong));
    }

    #[test]
    fn the_warning_counts_with_the_text_and_has_no_short_addresses() {
        assert!(StatusText::parse("x".repeat(100), Some(&warning(&"w".repeat(200)))).is_ok());
        assert_eq!(
            StatusText::parse("x".repeat(101), Some(&warning(&"w".repeat(200)))),
            Err(DomainError::TweetTooLong)
        );
        let address = format!("https://example.com/{}", "x".repeat(280));
        assert!(ContentWarning::parse(address.clone()).is_ok());
        assert_eq!(ContentWarning::parse(format!("{address}x")), Err(DomainError::TweetTooLong));
    }

    #[test]
    fn only_beside_media_a_text_may_be_empty() {
        for text in ["", " \n", "\u{3164}\u{200b}"] {
            assert_eq!(StatusText::parse(text.into(), None), Err(DomainError::TweetEmpty), "{text:?}");
            assert_eq!(StatusText::parse_beside_media(text.into(), None).unwrap().as_str(), text);
            assert_eq!(ContentWarning::parse(text.into()), Ok(None), "{text:?}");
        }
        assert_eq!(StatusText::parse(String::new(), Some(&warning("w"))), Err(DomainError::TweetEmpty));
    }

    #[test]
    fn neither_text_nor_warning_contains_u_0000() {
        assert_eq!(StatusText::parse("a\0".into(), None), Err(DomainError::NulCharacter));
        assert_eq!(StatusText::parse_beside_media("\0".into(), None), Err(DomainError::NulCharacter));
        assert_eq!(ContentWarning::parse("\0".into()), Err(DomainError::NulCharacter));
    }
}
