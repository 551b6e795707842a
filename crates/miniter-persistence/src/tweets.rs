//! Tweets in the database.

use std::sync::Arc;

use diesel::dsl::{exists, max, select};
use diesel::prelude::*;
use miniter_domain::{NewTweet, RepositoryError, TimelineEntry, Tweet, TweetId, TweetIds, TweetRepository};

use crate::backend::Backend;
use crate::idempotency::{self, Answers, Known};
use crate::rows::NewTweetRow;
use crate::schema::{tweets, users_follow_list};
use crate::store::Store;
#[cfg(feature = "mysql")]
use crate::timelines;

impl TweetRepository for Store {
    fn create(&self, tweet: NewTweet) -> Result<Tweet, RepositoryError> {
        let created = match &self.backend {
            Backend::Sqlite(file) => {
                let (tweet, tweet_ids) = (tweet.clone(), Arc::clone(&self.tweet_ids));
                let index = Arc::clone(file.index());
                file.write_then(
                    move |connection| {
                        if let Some(known) = connection.find_answer(&tweet)? {
                            return Ok((known, None));
                        }
                        let id = draw_newest(connection, &*tweet_ids)?;
                        diesel::insert_into(tweets::table)
                            .values(NewTweetRow::of(&tweet, id))
                            .execute(connection)?;
                        connection.keep_answer(&tweet, id)?;
                        idempotency::forget_some(connection, &tweet)?;
                        let mut readers: Vec<i64> = users_follow_list::table
                            .filter(users_follow_list::follow_user_id.eq(tweet.author.get()))
                            .select(users_follow_list::user_id)
                            .load(connection)?;
                        readers.push(tweet.author.get());
                        let text = tweet.text.as_str().into();
                        let entry = TimelineEntry { tweet_id: id, author: tweet.author, text };
                        Ok((Known::of(&tweet, id), Some((entry, readers))))
                    },
                    move |(_, news)| {
                        if let Some((entry, readers)) = news {
                            index.append(entry, readers);
                        }
                    },
                )
                .map(|(known, _)| known)
            }
            #[cfg(feature = "mysql")]
            Backend::Mysql(database) => drawing_again(|| {
                let id = self.tweet_ids.next();
                database.pool.write(|connection| {
                    if let Some(known) = connection.find_answer(&tweet)? {
                        return Ok(known);
                    }
                    diesel::insert_into(tweets::table)
                        .values(NewTweetRow::of(&tweet, id))
                        .execute(connection)?;
                    connection.keep_answer(&tweet, id)?;
                    timelines::mysql::deliver(connection, id.get(), tweet.author.get())?;
                    Ok(Known::of(&tweet, id))
                })
            }),
        }?;
        let NewTweet { author, text, .. } = tweet;
        match created {
            Known::Answered { tweet: id, created_at } => {
                Ok(Tweet { id, author, text: text.into_string(), created_at })
            }
            Known::Reused => Err(RepositoryError::Duplicate),
        }
    }
}

/// An id for the newest tweet. The transaction holds the write lock, so one that is drawn here is the newest at its commit, too.
/// Other SQL numbers its tweets "greatest + 1", and a clock can be set back: hence the comparison.
fn draw_newest(connection: &mut SqliteConnection, tweet_ids: &dyn TweetIds) -> QueryResult<TweetId> {
    let newest: Option<i64> =
        tweets::table.filter(tweets::id.lt(TweetId::END.get())).select(max(tweets::id)).first(connection)?;
    let after_newest = TweetId::new(newest.map_or(0, |newest| newest + 1));
    let mut id = tweet_ids.next();
    if after_newest < TweetId::END {
        return Ok(id.max(after_newest));
    }
    // Other SQL has left no room above it: then the clock alone gives the order, as on a server.
    while select(exists(tweets::table.find(id.get()))).get_result(connection)? {
        id = tweet_ids.next();
    }
    Ok(id)
}

/// An id may have been taken by other SQL, which numbers its tweets "greatest + 1", or by another node; the next one is not.
/// And another request with the same key may have been faster: its answer is found at the next try.
#[cfg(feature = "mysql")]
fn drawing_again(
    mut create: impl FnMut() -> Result<Known, RepositoryError>,
) -> Result<Known, RepositoryError> {
    const TRIES: u32 = 8;
    for _ in 0..TRIES {
        match create() {
            Err(RepositoryError::Duplicate) => {}
            outcome => return outcome,
        }
    }
    Err(RepositoryError::Backend("all ids that were drawn are taken".into()))
}
