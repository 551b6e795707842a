//! Tweets in the database.

use std::sync::Arc;

use diesel::dsl::max;
use diesel::prelude::*;
use miniter_domain::{NewTweet, RepositoryError, TimelineEntry, Tweet, TweetId, TweetRepository};

use crate::backend::Backend;
use crate::rows::NewTweetRow;
use crate::schema::{tweets, users_follow_list};
use crate::store::Store;
#[cfg(feature = "mysql")]
use crate::timelines;

impl TweetRepository for Store {
    fn create(&self, tweet: NewTweet) -> Result<Tweet, RepositoryError> {
        let id = match &self.backend {
            Backend::Sqlite(file) => {
                let (tweet, tweet_ids) = (tweet.clone(), Arc::clone(&self.tweet_ids));
                let index = Arc::clone(file.index());
                file.write_then(
                    move |connection| {
                        // The transaction holds the write lock, so an id drawn here is the newest at its commit too. Other
                        // SQL numbers its tweets "greatest + 1", and a clock can be set back: hence the comparison.
                        let newest: Option<i64> = tweets::table.select(max(tweets::id)).first(connection)?;
                        let after_newest = TweetId::new(newest.map_or(0, |newest| newest.saturating_add(1)));
                        let id = tweet_ids.next().max(after_newest);
                        diesel::insert_into(tweets::table)
                            .values(NewTweetRow::of(&tweet, id))
                            .execute(connection)?;
                        let mut readers: Vec<i64> = users_follow_list::table
                            .filter(users_follow_list::follow_user_id.eq(tweet.author.get()))
                            .select(users_follow_list::user_id)
                            .load(connection)?;
                        readers.push(tweet.author.get());
                        let text = tweet.text.as_str().into();
                        Ok((TimelineEntry { tweet_id: id, author: tweet.author, text }, readers))
                    },
                    move |(entry, readers)| index.append(entry, readers),
                )
                .map(|(entry, _)| entry.tweet_id)
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => drawing_again(|| {
                let id = self.tweet_ids.next();
                database.pool.write(|connection| {
                    diesel::insert_into(tweets::table)
                        .values(NewTweetRow::of(&tweet, id))
                        .execute(connection)?;
                    timelines::mysql::deliver(connection, id.get(), tweet.author.get())?;
                    Ok(id)
                })
            }),
        }?;
        let NewTweet { author, text, created_at } = tweet;
        Ok(Tweet { id, author, text: text.into_string(), created_at })
    }
}

/// Where many write at once, an id may have been taken by other SQL, which numbers its tweets "greatest + 1". The next
/// one is not.
#[cfg(feature = "mysql")]
fn drawing_again(
    mut create: impl FnMut() -> Result<TweetId, RepositoryError>,
) -> Result<TweetId, RepositoryError> {
    const TRIES: u32 = 8;
    let mut outcome = create();
    for _ in 1..TRIES {
        match outcome {
            Err(RepositoryError::Duplicate) => outcome = create(),
            other => return other,
        }
    }
    outcome
}
