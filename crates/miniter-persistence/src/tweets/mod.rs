//! Publishing tweets: how the thread that writes does it.

use std::sync::Arc;

use miniter_domain::{NewStatus, StatusId};

use crate::feed::Event;
use crate::writer::Batch;

/// Publishes one tweet, unless there is a response to its request already.
macro_rules! publish_one {
    ($batch:expr, $tweet:expr) => {{
        let (batch, tweet): (&mut Batch<'_, _>, &NewStatus) = ($batch, $tweet);
        match batch.connection.lookup_response(tweet)? {
            Lookup::New => {}
            Lookup::Stored(response) => return Ok(Ok(response)),
            Lookup::KeyReused => return Ok(Err(RepositoryError::KeyReused)),
        }
        let id = StatusId::next(tweet.created_at, *batch.greatest);
        let row = NewTweetRow::of(tweet, id);
        match diesel::insert_into(tweets::table).values(row).execute(batch.connection) {
            Err(error) if kind_of(&error) == ErrorKind::Duplicate => {
                return Ok(Err(RepositoryError::IdTaken));
            }
            inserted => inserted?,
        };
        batch.connection.store_response(tweet, id)?;
        batch.record_published(tweet, id);
        Ok(Ok(StoredResponse::of(tweet, id)))
    }};
}

#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

impl<C> Batch<'_, C> {
    /// Records a tweet that was published.
    pub(crate) fn record_published(&mut self, tweet: &NewStatus, id: StatusId) {
        *self.greatest = id;
        self.events.push(Event::Published { author: tweet.author.get(), tweet: id.get() });
        self.published.push(Arc::new(tweet.clone().published(id)));
    }
}
