//! Publishing tweets on SQLite: each in a savepoint, which costs next to nothing there.

use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use miniter_domain::{NewStatus, RepositoryError, StatusId};

use crate::error::{ErrorKind, kind_of};
use crate::idempotency::{self, Lookup, StoredResponse, StoredResponses};
use crate::rows::NewTweetRow;
use crate::schema::tweets;
use crate::tweet_ids::greatest_id;
use crate::writer::{Batch, Post, Publish};

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
        let greatest = greatest_id!(batch.connection)?;
        *batch.greatest = greatest.max(*batch.greatest);
        for post in posts {
            let tweet = &post.tweet;
            post.outcome = Some(batch.in_savepoint(|batch| {
                idempotency::purge_some(batch.connection, tweet)?;
                publish_one!(batch, tweet)
            })?);
        }
        Ok(())
    }
}
