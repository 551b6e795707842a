//! Statuses in the database.

use std::sync::Arc;

use diesel::prelude::*;
use miniter_domain::{NewStatus, RepositoryError, Status, StatusId, StatusRepository, UserId};

use crate::database::{Database, read, write};
use crate::feed::Event;
use crate::idempotency::StoredResponse;
use crate::schema::tweets;
use crate::store::Store;

impl StatusRepository for Store {
    fn create(&self, tweet: NewStatus) -> Result<Status, RepositoryError> {
        let StoredResponse { tweet: id, created_at } = match &*self.database {
            Database::Sqlite(file) => file.writer.publish(tweet.clone()),
            #[cfg(feature = "mysql")]
            Database::Mysql(server) => server.writer.publish(tweet.clone()),
        }?;
        Ok(NewStatus { created_at, ..tweet }.published(id))
    }

    fn find_many(&self, ids: &[StatusId]) -> Result<Vec<Arc<Status>>, RepositoryError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
        match self.caches.statuses.cached(&ids) {
            Some(mut statuses) => {
                statuses.sort_unstable_by_key(|status| status.id);
                Ok(statuses)
            }
            None => read!(self, |connection| self.caches.statuses.find_many(connection, &ids)),
        }
    }

    fn delete(&self, author: UserId, tweet: StatusId) -> Result<bool, RepositoryError> {
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
