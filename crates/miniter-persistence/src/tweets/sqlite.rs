//! Publishing statuses on SQLite: each in a savepoint, which costs next to nothing there.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use miniter_domain::{RepositoryError, StatusId};

use crate::error::ErrorKind;
use crate::idempotency::{self, Lookup, StoredResponses};
use crate::rows::NewTweetRow;
use crate::schema::tweets;
use crate::tweet_ids::greatest_id;
use crate::tweets::{Publishing, publish_group};
use crate::writer::{Batch, Post, Publish};

impl Publishing for SqliteConnection {
    fn insert_tweets(&mut self, rows: &[NewTweetRow<'_>]) -> QueryResult<()> {
        for row in rows {
            diesel::insert_into(tweets::table).values(row).execute(self)?;
        }
        Ok(())
    }

    impl_greatest_id!();
}

impl Publish for SqliteConnection {
    fn is_fatal(trouble: ErrorKind) -> bool {
        match trouble {
            // These say that nothing more can be written.
            ErrorKind::Lost | ErrorKind::Locked | ErrorKind::Inaccessible | ErrorKind::Corrupt => true,
            ErrorKind::Duplicate | ErrorKind::MissingReference | ErrorKind::Deadlock | ErrorKind::Other => {
                false
            }
        }
    }

    fn publish(batch: &mut Batch<'_, Self>, posts: &mut [&mut Post]) -> QueryResult<()> {
        // The transaction holds the lock: none comes in between.
        *batch.greatest = batch.connection.greatest_id()?.max(*batch.greatest);
        for post in posts {
            let tweet = &post.tweet;
            post.outcome = Some(batch.in_savepoint(|batch| {
                idempotency::purge_some(batch.connection, tweet)?;
                match batch.connection.lookup_response(tweet)? {
                    Lookup::New => {}
                    Lookup::Stored(response) => return Ok(Ok(response)),
                    Lookup::KeyReused => return Ok(Err(RepositoryError::KeyReused)),
                }
                let published = publish_group(batch, &[tweet])?;
                Ok(published.and_then(|responses| responses.first().copied().ok_or(RepositoryError::IdTaken)))
            })?);
        }
        Ok(())
    }
}
