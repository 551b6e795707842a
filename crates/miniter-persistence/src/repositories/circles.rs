//! What accounts are to users, from memory or from the database.

use std::sync::Arc;

use miniter_domain::{Circle, CircleRepository, RepositoryError, UserId};

use crate::database::read;
use crate::store::Store;

impl CircleRepository for Store {
    fn cached(&self, user: UserId) -> Option<Arc<Circle>> {
        self.caches.circles.cached(user.get())
    }

    fn find(&self, user: UserId) -> Result<Arc<Circle>, RepositoryError> {
        if let Some(circle) = self.caches.circles.cached(user.get()) {
            return Ok(circle);
        }
        read!(self, |connection| self.caches.circles.find(connection, user.get()))
    }
}
