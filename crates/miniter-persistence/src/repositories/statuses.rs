//! Statuses in the database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use miniter_domain::{
    NewStatus, RepositoryError, Status, StatusChange, StatusId, StatusRepository, UserId, Visibility,
};

use crate::database::{Database, read, write, write_in_batch};
use crate::idempotency::StoredResponse;
use crate::status_writes::{self, NewBoost};
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

    fn delete(&self, author: UserId, status: StatusId) -> Result<Option<Arc<Status>>, RepositoryError> {
        let (author, status) = (author.get(), status.get());
        write!(self, |connection, events| status_writes::delete(connection, events, author, status))
    }

    fn update(
        &self,
        author: UserId,
        status: StatusId,
        change: &StatusChange,
    ) -> Result<Option<Arc<Status>>, RepositoryError> {
        let (author, status, change) = (author.get(), status.get(), change.clone());
        write!(self, |connection, events| status_writes::update(connection, events, author, status, &change))
    }

    fn reblog(
        &self,
        user: UserId,
        original: StatusId,
        visibility: Visibility,
        now: DateTime<Utc>,
    ) -> Result<Arc<Status>, RepositoryError> {
        let boost = NewBoost { user, original, visibility, created_at: now };
        write_in_batch!(self, |batch| status_writes::reblog(batch, boost))?
            .ok_or(RepositoryError::MissingReference)
    }

    fn unreblog(&self, user: UserId, original: StatusId) -> Result<bool, RepositoryError> {
        let (user, original) = (user.get(), original.get());
        write!(self, |connection, events| status_writes::unreblog(connection, events, user, original))
    }
}
