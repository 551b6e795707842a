//! Tweets.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::user::{is_longer_than, parse_digits};
use crate::visible::is_invisible;
use crate::{DomainError, Fingerprint, UserId};

/// The number of a tweet: 64 bits that sort by time. Not negative.
///
/// On the wire it is a string, since JavaScript loses digits beyond 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TweetId(i64);

impl TweetId {
    /// The greatest number there is.
    pub const MAX: Self = Self(i64::MAX);

    /// Every id that is drawn for a new tweet is below this one. A row that other SQL has put here or above is shown like any
    /// other, but no new tweet is numbered after it: soon there would be no numbers left.
    pub const END: Self = Self(i64::MAX - (1 << 57) + 1);

    /// A number from the database or from a generator.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// A number as clients write it in a cursor: ASCII digits and nothing else. Zero is allowed: no tweet has it, and
    /// `since_id=0` means all of them.
    ///
    /// # Errors
    /// [`DomainError::InvalidTweetId`] for anything else, and for what does not fit 63 bits.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        parse_digits(text).map(Self).ok_or(DomainError::InvalidTweetId)
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TweetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text of a new tweet, kept exactly as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TweetText(String);

impl TweetText {
    /// The longest tweet, in Unicode code points: what Python's `len` and MySQL's `VARCHAR(300)` count.
    pub const MAX_CHARS: usize = 300;

    /// Checks a text: any Unicode of at most [`Self::MAX_CHARS`] code points of which something can be seen.
    ///
    /// # Errors
    /// [`DomainError::TweetEmpty`] or [`DomainError::TweetTooLong`].
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if is_longer_than(&text, Self::MAX_CHARS) {
            return Err(DomainError::TweetTooLong);
        }
        if is_invisible(&text) {
            return Err(DomainError::TweetEmpty);
        }
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

/// A tweet that is about to be stored. Its id is drawn by the repository (see
/// [`TweetRepository::create`](crate::TweetRepository::create)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTweet {
    /// Who wrote it.
    pub author: UserId,
    /// What it says.
    pub text: TweetText,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// What the request is known again by, if it may be sent again.
    pub fingerprint: Option<Fingerprint>,
}

/// A stored tweet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tweet {
    /// Its number.
    pub id: TweetId,
    /// Who wrote it.
    pub author: UserId,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tweet_of_300_emoji_is_accepted_and_301_are_not() {
        assert!(TweetText::parse("🍺".repeat(300)).is_ok());
        assert_eq!(TweetText::parse("🍺".repeat(301)), Err(DomainError::TweetTooLong));
    }

    #[test]
    fn code_points_count_not_what_the_eye_sees() {
        // A family of four is one visible character of seven code points.
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert_eq!(TweetText::parse(family.repeat(43)), Err(DomainError::TweetTooLong));
        assert!(TweetText::parse(family.repeat(42)).is_ok());
    }

    #[test]
    fn a_tweet_of_white_space_is_empty() {
        for text in ["", " ", "\n\t \r", "\u{3000}\u{2003}"] {
            assert_eq!(TweetText::parse(text.into()), Err(DomainError::TweetEmpty), "{text:?}");
        }
    }

    #[test]
    fn a_tweet_that_shows_nothing_is_empty() {
        for text in
            ["\u{3164}", "\u{200b}\u{200b}", "\u{2800}", "\u{feff}", "\u{ad} \u{85}", "\u{fe0f}\u{e0100}"]
        {
            assert_eq!(TweetText::parse(text.into()), Err(DomainError::TweetEmpty), "{text:?}");
        }
        for text in ["a\u{200b}", "❤\u{fe0f}", "\u{2800}⠁", "👩\u{200d}🚀", "ㅤㅋ"] {
            assert_eq!(TweetText::parse(text.into()).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_cursor_is_digits_that_fit_63_bits() {
        assert_eq!(TweetId::parse("0"), Ok(TweetId::new(0)));
        assert_eq!(TweetId::parse("9223372036854775807"), Ok(TweetId::new(i64::MAX)));
        for text in ["", "-1", "+1", "1.5", "x", "9223372036854775808"] {
            assert_eq!(TweetId::parse(text), Err(DomainError::InvalidTweetId), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_tweet_is_the_same_text_and_within_the_limit(text in "(?s).{0,310}") {
            let count = text.chars().count();
            match TweetText::parse(text.clone()) {
                Ok(tweet) => {
                    prop_assert!(count <= 300);
                    prop_assert_eq!(tweet.into_string(), text);
                }
                Err(DomainError::TweetTooLong) => prop_assert!(count > 300),
                Err(error) => {
                    prop_assert_eq!(error, DomainError::TweetEmpty);
                    prop_assert!(is_invisible(&text));
                }
            }
        }
    }
}
