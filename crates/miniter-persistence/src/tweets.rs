//! Tweets in the database.

use diesel::dsl::max;
use diesel::prelude::*;
use miniter_domain::{NewTweet, RepositoryError, Tweet, TweetId, TweetRepository};

use crate::rows::NewTweetRow;
use crate::schema::tweets;
use crate::store::Store;

impl TweetRepository for Store {
    fn create(&self, tweet: NewTweet) -> Result<Tweet, RepositoryError> {
        let NewTweet { author, text, created_at } = tweet;
        let id = self.write(|connection| {
            // The transaction holds the write lock, so an id drawn here is the newest at its commit too. Other SQL
            // numbers its tweets "greatest + 1", and a clock can be set back: hence the comparison.
            let newest: Option<i64> = tweets::table.select(max(tweets::id)).first(connection)?;
            let id = self.tweet_ids.next().get().max(newest.map_or(0, |newest| newest.saturating_add(1)));
            let row = NewTweetRow {
                id,
                user_id: author.get(),
                tweet: text.as_str(),
                created_at: created_at.naive_utc(),
            };
            diesel::insert_into(tweets::table).values(&row).execute(connection)?;
            Ok(TweetId::new(id))
        })?;
        Ok(Tweet { id, author, text: text.into_string(), created_at })
    }
}
