//! Whose token it is, and whether it still counts.

use std::sync::Arc;

use miniter_domain::SessionRepository;

use crate::error::ServiceError;
use crate::grant::Grant;
use crate::token::{Bearer, TokenError, Tokens};

/// The use cases around sessions: each is a token that a user holds.
pub struct Sessions {
    tokens: Arc<Tokens>,
    sessions: Arc<dyn SessionRepository>,
}

impl Sessions {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(tokens: Arc<Tokens>, sessions: Arc<dyn SessionRepository>) -> Self {
        Self { tokens, sessions }
    }

    /// Who shows this token, if it is one of ours. Whether it was ended, [`Self::authenticate`] tells.
    ///
    /// # Errors
    /// As [`Tokens::verify`].
    pub fn identify(&self, token: &str) -> Result<Bearer, TokenError> {
        self.tokens.verify(token)
    }

    /// What the token grants: everything, unless its user has ended their sessions since; exact for what a check of freshness has
    /// covered. This never waits. That the user still exists, the use cases find out.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`].
    pub fn authenticate(&self, bearer: Bearer) -> Result<Grant, ServiceError> {
        if bearer.version == self.sessions.cached_token_version(bearer.user) {
            Ok(Grant::full(bearer.user))
        } else {
            Err(ServiceError::Unauthenticated)
        }
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{MockSessionRepository, TokenVersion, UserId};

    use super::*;
    use crate::accounts::tests::tokens;

    #[test]
    fn a_token_counts_only_while_its_version_is_the_users() {
        let mut repository = MockSessionRepository::new();
        repository.expect_cached_token_version().returning(|user| TokenVersion::new(user.get()));
        let sessions = Sessions::new(tokens(), Arc::new(repository));
        for (user, version, counts) in
            [(1, 1, true), (1, 0, false), (1, 2, false), (2, 2, true), (2, 1, false)]
        {
            let user = UserId::new(user);
            let token = tokens().issue(user, TokenVersion::new(version)).unwrap();
            let bearer = sessions.identify(&token).unwrap();
            let judged = sessions.authenticate(bearer);
            assert_eq!(judged.is_ok_and(|judged| judged == Grant::full(user)), counts, "{bearer:?}");
        }
    }
}
