//! Tweets in the database.

use diesel::prelude::*;
use miniter_domain::{NewTweet, RepositoryError, TimelineEntry, Tweet, TweetId, TweetRepository, UserId};

use crate::backend::writer::Batch;
use crate::backend::{Backend, write};
use crate::feed::Event;
use crate::idempotency::Known;
use crate::schema::tweets;
use crate::store::Store;

/// The greatest id of a tweet that leaves room above it. Other programs number their tweets "greatest + 1", and may leave none.
macro_rules! greatest_id {
    ($connection:expr) => {{
        let below = |connection: &mut _, end: TweetId| -> QueryResult<TweetId> {
            let newest: Option<i64> =
                tweets::table.filter(tweets::id.lt(end.get())).select(max(tweets::id)).first(connection)?;
            Ok(TweetId::new(newest.unwrap_or(0)))
        };
        let connection = &mut *$connection;
        match below(connection, TweetId::END) {
            Ok(newest) if !newest.has_room() => below(connection, TweetId::CLOCK_END),
            newest => newest,
        }
    }};
}

#[cfg(feature = "mysql")]
pub(crate) use greatest_id;

/// Publishes one tweet, unless its request is known already.
macro_rules! publish_one {
    ($batch:expr, $tweet:expr) => {{
        let (batch, tweet): (&mut Batch<'_, _>, &NewTweet) = ($batch, $tweet);
        if let Some(known) = batch.connection.find_answer(tweet)? {
            return Ok(known);
        }
        let id = TweetId::next(tweet.created_at, *batch.greatest);
        diesel::insert_into(tweets::table).values(NewTweetRow::of(tweet, id)).execute(batch.connection)?;
        batch.connection.keep_answer(tweet, id)?;
        batch.note_published(tweet, id);
        Ok(Known::of(tweet, id))
    }};
}

#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

impl TweetRepository for Store {
    fn create(&self, tweet: NewTweet) -> Result<Tweet, RepositoryError> {
        let published = match &*self.backend {
            Backend::Sqlite(file) => file.writer.publish(tweet.clone()),
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => database.writer.publish(tweet.clone()),
        }?;
        let NewTweet { author, text, .. } = tweet;
        match published {
            Known::Answered { tweet: id, created_at } => {
                Ok(Tweet { id, author, text: text.into_string(), created_at })
            }
            Known::Reused => Err(RepositoryError::Duplicate),
        }
    }

    fn delete(&self, author: UserId, tweet: TweetId) -> Result<bool, RepositoryError> {
        let (author, tweet) = (author.get(), tweet.get());
        write!(self, |connection, events| {
            let row = tweets::table.find(tweet).filter(tweets::user_id.eq(author));
            let deleted = diesel::delete(row).execute(connection)?;
            if deleted > 0 {
                events.push(Event::Deleted { author, tweet });
            }
            Ok(deleted > 0)
        })
    }
}

impl<C> Batch<'_, C> {
    /// Notes a tweet that was published.
    pub(crate) fn note_published(&mut self, tweet: &NewTweet, id: TweetId) {
        *self.greatest = id;
        self.events.push(Event::Published { author: tweet.author.get(), tweet: id.get() });
        let text = tweet.text.as_str().into();
        self.published.push(TimelineEntry { tweet_id: id, author: tweet.author, text });
    }
}
