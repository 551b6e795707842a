//! Tweets.

use std::fmt;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

use crate::DomainError;
use crate::user::{is_longer_than, parse_digits};
use crate::visible::is_invisible;

/// The number of a tweet: 64 bits that sort by time. Not negative.
///
/// On the wire it is a string, since JavaScript loses digits beyond 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusId(i64);

/// From when an id counts milliseconds: the epoch of the layout's inventor, Twitter. In Unix milliseconds.
const EPOCH: i64 = 1_288_834_974_657;

/// How many bits of an id count tweets of one millisecond.
const SEQUENCE_BITS: u32 = 22;

/// The milliseconds that a clock may say. Below them an id would not be greater than a 32-bit counter. Above them, from May 2078
/// on, it is counted on as while a clock is set back: 41 bits would last until July 2080, and a clock that is wrong must not use
/// up what comes after. What is left is enough for 2^57 ids, all below [`StatusId::END`].
const MILLISECONDS: RangeInclusive<i64> = 1 << (32 - SEQUENCE_BITS)..=(1 << 41) - (1 << 36);

impl StatusId {
    /// The greatest number there is.
    pub const MAX: Self = Self(i64::MAX);

    /// Every id that is drawn for a new tweet is below this one. A row that other SQL has put here or above is shown like any
    /// other, but no new tweet is numbered after it: soon there would be no numbers left.
    pub const END: Self = Self(i64::MAX - (1 << 57) + 1);

    /// Every id that a clock alone gives is below this one, also where the clock is wrong.
    pub const CLOCK_END: Self = Self((*MILLISECONDS.end() + 1) << SEQUENCE_BITS);

    /// The id of a tweet of this moment, which is above `greatest`: the greatest id so far below [`Self::END`] or, if that leaves
    /// no room ([`Self::has_room`]), below [`Self::CLOCK_END`].
    ///
    /// It begins with the milliseconds, as Twitter's snowflakes do. Where the clock is set back, or a millisecond has more
    /// tweets than its ids have room for, ids go on from the greatest one.
    #[must_use]
    pub fn next(moment: DateTime<Utc>, greatest: Self) -> Self {
        let milliseconds = moment.timestamp_millis().saturating_sub(EPOCH);
        let now = milliseconds.clamp(*MILLISECONDS.start(), *MILLISECONDS.end()) << SEQUENCE_BITS;
        Self(now.max(greatest.0.saturating_add(1)))
    }

    /// Whether there is room for new ids above this one. There is above all that are drawn; other SQL may have used it up.
    #[must_use]
    pub fn has_room(self) -> bool {
        self.0 < Self::END.0 - (1 << 20)
    }

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

impl fmt::Display for StatusId {
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
        assert_eq!(StatusId::parse("0"), Ok(StatusId::new(0)));
        assert_eq!(StatusId::parse("9223372036854775807"), Ok(StatusId::new(i64::MAX)));
        for text in ["", "-1", "+1", "1.5", "x", "9223372036854775808"] {
            assert_eq!(StatusId::parse(text), Err(DomainError::InvalidTweetId), "{text:?}");
        }
    }

    #[test]
    fn ids_grow_also_where_the_clock_is_set_back_or_stands_still() {
        let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap();
        let first = StatusId::next(at(1_800_000_000_000), StatusId::new(7));
        assert_eq!(first.get() >> SEQUENCE_BITS, 1_800_000_000_000 - EPOCH);
        for moment in [1_800_000_000_000, 1_799_999_000_000, 0, -1_000_000_000_000] {
            assert_eq!(StatusId::next(at(moment), first).get(), first.get() + 1, "{moment}");
        }
        assert!(StatusId::next(at(1_800_000_000_001), first).get() > first.get() + 1);
    }

    #[test]
    fn an_id_of_a_clock_that_is_far_ahead_leaves_room_for_those_that_follow() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let far = StatusId::next(at("2100-01-01T00:00:00Z"), StatusId::new(0));
        assert!(far < StatusId::CLOCK_END && far.has_room());
        assert!(StatusId::END.get() - far.get() > 1 << 56);
        assert_eq!(StatusId::next(at("2026-11-25T00:00:00Z"), far).get(), far.get() + 1);
        assert!(!StatusId::new(StatusId::END.get() - 1).has_room());
    }

    proptest! {
        #[test]
        fn whatever_the_clock_says_an_id_is_above_the_greatest_and_above_any_32_bit_counter(
            milliseconds in -62_135_596_800_000..253_402_300_799_000_i64, greatest in 0..StatusId::END.get() - (1 << 20),
        ) {
            let moment = DateTime::from_timestamp_millis(milliseconds).unwrap();
            let id = StatusId::next(moment, StatusId::new(greatest));
            prop_assert!(id.get() > greatest && id < StatusId::END && id.get() >= 1 << 32);
        }

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
