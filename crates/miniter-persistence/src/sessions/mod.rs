//! Which tokens still open a session: a version for each user, in the database and in memory.

mod token_versions;

use miniter_domain::{SessionRepository, TokenVersion, UserId};

pub(crate) use token_versions::TokenVersions;

use crate::store::Store;

impl SessionRepository for Store {
    fn cached_token_version(&self, user: UserId) -> TokenVersion {
        self.memory.token_versions.find(user)
    }
}
