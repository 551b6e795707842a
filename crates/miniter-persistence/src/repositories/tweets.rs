//! Tweets in the database.

use diesel::prelude::*;
use miniter_domain::{NewTweet, RepositoryError, Tweet, TweetId, TweetRepository, UserId};

use crate::database::{Database, write};
use crate::feed::Event;
use crate::idempotency::StoredResponse;
use crate::schema::tweets;
use crate::store::Store;

impl TweetRepository for Store {
    fn create(&self, tweet: NewTweet) -> Result<Tweet, RepositoryError> {
        let StoredResponse { tweet: id, created_at } = match &*self.database {
            Database::Sqlite(file) => file.writer.publish(tweet.clone()),
            #[cfg(feature = "mysql")]
            Database::Mysql(server) => server.writer.publish(tweet.clone()),
        }?;
        let NewTweet { author, text, .. } = tweet;
        Ok(Tweet { id, author, text: text.into_string(), created_at })
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
