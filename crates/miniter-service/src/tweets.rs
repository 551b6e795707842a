//! Writing tweets.

use std::sync::Arc;

use miniter_domain::{Clock, NewTweet, RepositoryError, Tweet, TweetRepository, TweetText, UserId};

use crate::error::ServiceError;

/// The use cases around tweets.
pub struct Tweets {
    tweets: Arc<dyn TweetRepository>,
    clock: Arc<dyn Clock>,
}

impl Tweets {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(tweets: Arc<dyn TweetRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { tweets, clock }
    }

    /// Publishes a text.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::Unauthenticated`] if the author does not exist, and the general
    /// `Unavailable` and `Internal`.
    pub fn post(&self, author: UserId, text: String) -> Result<Tweet, ServiceError> {
        let tweet = NewTweet { author, text: TweetText::parse(text)?, created_at: self.clock.now() };
        self.tweets.create(tweet).map_err(|error| {
            let no_author = matches!(error, RepositoryError::MissingReference);
            if no_author { ServiceError::Unauthenticated } else { error.into() }
        })
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{DomainError, MockTweetRepository, TweetId};

    use super::*;
    use crate::accounts::tests::FixedClock;

    fn tweets(repository: MockTweetRepository) -> Tweets {
        Tweets::new(Arc::new(repository), Arc::new(FixedClock::at(1_000)))
    }

    #[test]
    fn a_tweet_is_stored_as_it_was_written_with_the_time_of_the_clock() {
        let mut repository = MockTweetRepository::new();
        repository.expect_create().times(1).returning(|tweet| {
            let NewTweet { author, text, created_at } = tweet;
            Ok(Tweet { id: TweetId::new(1), author, text: text.into_string(), created_at })
        });
        let tweet = tweets(repository).post(UserId::new(7), " 안녕 🍺 ".into()).unwrap();
        assert_eq!((tweet.author, tweet.text.as_str()), (UserId::new(7), " 안녕 🍺 "));
        assert_eq!(tweet.created_at.timestamp(), 1_000);
    }

    #[test]
    fn a_tweet_that_breaks_a_rule_reaches_no_repository() {
        for (text, error) in
            [(" ".to_owned(), DomainError::TweetEmpty), ("x".repeat(301), DomainError::TweetTooLong)]
        {
            let refused = tweets(MockTweetRepository::new()).post(UserId::new(7), text);
            assert!(matches!(refused, Err(ServiceError::Invalid(found)) if found == error), "{error}");
        }
    }

    #[test]
    fn an_author_who_does_not_exist_is_not_authenticated() {
        let mut repository = MockTweetRepository::new();
        repository.expect_create().returning(|_| Err(RepositoryError::MissingReference));
        let refused = tweets(repository).post(UserId::new(7), "hello".into());
        assert!(matches!(refused, Err(ServiceError::Unauthenticated)));
    }
}
