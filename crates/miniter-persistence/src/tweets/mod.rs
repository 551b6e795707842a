//! Publishing tweets: how the thread that writes does it.

use miniter_domain::{NewTweet, TimelineEntry, TweetId};

use crate::feed::Event;
use crate::writer::Batch;

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

impl<C> Batch<'_, C> {
    /// Notes a tweet that was published.
    pub(crate) fn note_published(&mut self, tweet: &NewTweet, id: TweetId) {
        *self.greatest = id;
        self.events.push(Event::Published { author: tweet.author.get(), tweet: id.get() });
        let text = tweet.text.as_str().into();
        self.published.push(TimelineEntry { tweet_id: id, author: tweet.author, text });
    }
}
