//! Whose token it is, and whether it still counts.

use std::sync::Arc;

use miniter_domain::{TokenVersion, UserId, UserRepository};

use crate::error::ServiceError;
use crate::token::{Bearer, TokenError, Tokens};

/// The use cases around sessions: each is a token that somebody holds.
pub struct Sessions {
    tokens: Arc<Tokens>,
    users: Arc<dyn UserRepository>,
}

impl Sessions {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(tokens: Arc<Tokens>, users: Arc<dyn UserRepository>) -> Self {
        Self { tokens, users }
    }

    /// Who shows this token, if it is one of ours. Whether it was ended, [`Self::recall`] or [`Self::authenticate`] tells.
    ///
    /// # Errors
    /// As [`Tokens::verify`].
    pub fn identify(&self, token: &str) -> Result<Bearer, TokenError> {
        self.tokens.verify(token)
    }

    /// The user, unless they have ended their sessions since; if that is known without waiting. This may be called where
    /// nothing may block.
    #[must_use]
    pub fn recall(&self, bearer: Bearer) -> Option<Result<UserId, ServiceError>> {
        let known = self.users.recall_token_version(bearer.user)?;
        // A newer one than is known was given out by another node, this very moment.
        (bearer.version <= known).then(|| judge(bearer, known))
    }

    /// The user, unless they have ended their sessions since. That they still exist, the use cases find out.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`], and the general `Unavailable` and `Internal`.
    pub fn authenticate(&self, bearer: Bearer) -> Result<UserId, ServiceError> {
        judge(bearer, self.users.find_token_version(bearer.user)?)
    }
}

fn judge(bearer: Bearer, version: TokenVersion) -> Result<UserId, ServiceError> {
    if bearer.version == version { Ok(bearer.user) } else { Err(ServiceError::Unauthenticated) }
}

#[cfg(test)]
mod tests {
    use miniter_domain::MockUserRepository;

    use super::*;
    use crate::accounts::tests::tokens;

    #[test]
    fn a_token_counts_only_while_its_version_is_the_users() {
        let mut users = MockUserRepository::new();
        users.expect_find_token_version().returning(|user| Ok(TokenVersion::new(user.get())));
        users
            .expect_recall_token_version()
            .returning(|user| (user.get() == 1).then_some(TokenVersion::new(user.get())));
        let sessions = Sessions::new(tokens(), Arc::new(users));
        for (user, version, counts) in
            [(1, 1, true), (1, 0, false), (1, 2, false), (2, 2, true), (2, 1, false)]
        {
            let user = UserId::new(user);
            let token = tokens().issue(user, TokenVersion::new(version)).unwrap();
            let bearer = sessions.identify(&token).unwrap();
            let judged = sessions.authenticate(bearer);
            assert_eq!(judged.is_ok_and(|judged| judged == user), counts, "{bearer:?}");
            let recalled = sessions.recall(bearer).map(|recalled| recalled.is_ok());
            let is_known = user.get() == 1 && version < 2;
            assert_eq!(recalled, is_known.then_some(counts), "{bearer:?}");
        }
    }
}
