//! Which tokens still open a session, from memory.

use miniter_domain::{SessionRepository, TokenVersion, UserId};

use crate::store::Store;

impl SessionRepository for Store {
    fn cached_token_version(&self, user: UserId) -> TokenVersion {
        self.caches.token_versions.find(user)
    }
}
