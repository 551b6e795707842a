//! Writing tweets through the classic API: public statuses, whose text is kept as it is typed.

use std::sync::Arc;

use miniter_domain::{Clock, NewStatus, Status, TweetText, UserId};

use crate::error::ServiceError;
use crate::publishing::{Publishing, fingerprint};

/// The use cases around tweets.
pub struct Tweets {
    publishing: Arc<Publishing>,
    clock: Arc<dyn Clock>,
}

impl Tweets {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(publishing: Arc<Publishing>, clock: Arc<dyn Clock>) -> Self {
        Self { publishing, clock }
    }

    /// Publishes a text, with the mentions and tags that are found in it. With a key it is published once, however often this is
    /// asked within [`IdempotencyKey::KEPT`](miniter_domain::IdempotencyKey::KEPT), and what is returned is the same each time.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], [`ServiceError::Unauthenticated`] if the author does not exist,
    /// [`ServiceError::IdempotencyKeyReused`] if the author has used the key for another text, and the general
    /// `Unavailable` and `Internal`.
    pub fn post(&self, author: UserId, text: String, key: Option<String>) -> Result<Status, ServiceError> {
        let text = TweetText::parse(text)?;
        let fingerprint = fingerprint(key, &[Some(text.as_str())])?;
        let found = self.publishing.find(text.as_str())?;
        let plain = NewStatus::plain(author, text.into_string(), self.clock.now());
        let (mentions, tags) = (found.mentions, found.tags);
        self.publishing.store(NewStatus { fingerprint, mentions, tags, ..plain })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use miniter_domain::{DomainError, MockStatusRepository, RepositoryError, StatusId};

    use super::*;
    use crate::accounts::tests::FixedClock;
    use crate::publishing::tests::publishing;

    fn tweets(repository: MockStatusRepository) -> Tweets {
        Tweets::new(Arc::new(publishing(repository)), Arc::new(FixedClock::at(1_000)))
    }

    #[test]
    fn a_tweet_is_stored_as_it_was_written_with_the_time_of_the_clock() {
        let mut repository = MockStatusRepository::new();
        repository.expect_create().times(1).returning(|tweet| {
            assert_eq!(tweet.fingerprint, None);
            Ok(tweet.published(StatusId::new(1)))
        });
        let tweet = tweets(repository).post(UserId::new(7), " 안녕 🍺 ".into(), None).unwrap();
        assert_eq!((tweet.author, tweet.text.as_str()), (UserId::new(7), " 안녕 🍺 "));
        assert_eq!(tweet.created_at.timestamp(), 1_000);
    }

    #[test]
    fn a_tweet_that_breaks_a_rule_reaches_no_repository() {
        for (text, error) in
            [(" ".to_owned(), DomainError::TweetEmpty), ("x".repeat(301), DomainError::TweetTooLong)]
        {
            let refused = tweets(MockStatusRepository::new()).post(UserId::new(7), text, None);
            assert!(matches!(refused, Err(ServiceError::Invalid(found)) if found == error), "{error}");
        }
    }

    #[test]
    fn an_id_that_is_taken_is_no_reused_key_and_another_is_drawn_when_the_request_comes_again() {
        let mut repository = MockStatusRepository::new();
        repository.expect_create().returning(|_| Err(RepositoryError::IdTaken));
        let refused = tweets(repository).post(UserId::new(7), "hello".into(), Some("a".into()));
        assert!(matches!(refused, Err(ServiceError::Unavailable(_))), "{refused:?}");
    }

    #[test]
    fn a_request_with_a_key_is_known_by_digests_of_the_key_and_the_text() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut repository = MockStatusRepository::new();
        let fingerprints = Arc::clone(&seen);
        repository.expect_create().returning(move |tweet| {
            fingerprints.lock().unwrap().push(tweet.fingerprint.unwrap());
            Err(RepositoryError::KeyReused)
        });
        let tweets = tweets(repository);
        for (text, key) in [("hello", "a"), ("hello", "a"), ("hello", "b"), ("bye", "a")] {
            let refused = tweets.post(UserId::new(7), text.into(), Some(key.into()));
            assert!(matches!(refused, Err(ServiceError::IdempotencyKeyReused)));
        }
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0], seen[1]);
        assert!(seen[0].key != seen[2].key && seen[0].text == seen[2].text);
        assert!(seen[0].key == seen[3].key && seen[0].text != seen[3].text);
    }

    #[test]
    fn an_author_who_does_not_exist_is_not_authenticated() {
        let mut repository = MockStatusRepository::new();
        repository.expect_create().returning(|_| Err(RepositoryError::MissingReference));
        let refused = tweets(repository).post(UserId::new(7), "hello".into(), None);
        assert!(matches!(refused, Err(ServiceError::Unauthenticated)));
    }
}
