//! What a token grants, and whether it still counts.

use std::sync::Arc;

use miniter_domain::{AccessTokenRepository, KnownToken, SecretDigest, SessionRepository};

use crate::error::ServiceError;
use crate::grant::{AnyGrant, Grant};
use crate::oauth::digest_of_token;
use crate::token::{Bearer, TokenError, Tokens};

/// A token that can be one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The signed token of a log-in by password.
    Signed(Bearer),
    /// The random token of an application, of which a digest is left.
    Random(SecretDigest),
}

/// The use cases around sessions: each is a token that a user or an application holds.
pub struct Sessions {
    tokens: Arc<Tokens>,
    versions: Arc<dyn SessionRepository>,
    access_tokens: Arc<dyn AccessTokenRepository>,
}

impl Sessions {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        tokens: Arc<Tokens>,
        versions: Arc<dyn SessionRepository>,
        access_tokens: Arc<dyn AccessTokenRepository>,
    ) -> Self {
        Self { tokens, versions, access_tokens }
    }

    /// Reads a token, if it can be one of ours. Whether it counts, [`Self::cached_grant`] and [`Self::find_grant`] tell.
    ///
    /// # Errors
    /// As [`Tokens::verify`].
    pub fn identify(&self, token: &str) -> Result<Credential, TokenError> {
        // A random token has no dots, and a signed one has two.
        match digest_of_token(token) {
            Some(digest) => Ok(Credential::Random(digest)),
            None => self.tokens.verify(token).map(Credential::Signed),
        }
    }

    /// What [`Self::find_grant`] returns, if it is in memory; exact for what a check of freshness has covered. This never waits.
    /// `None` if the database must be asked.
    #[must_use]
    pub fn cached_grant(&self, credential: Credential) -> Option<Result<AnyGrant, ServiceError>> {
        match credential {
            Credential::Signed(bearer) => Some(self.signed(bearer)),
            Credential::Random(digest) => self.access_tokens.cached(&digest).map(|token| match token {
                KnownToken::Good(token) => Ok(token.into()),
                KnownToken::Void => Err(ServiceError::Unauthenticated),
            }),
        }
    }

    /// What the token grants. That the user of a signed token still exists, the use cases find out.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if the token does not count: it was revoked, or never given, or its user has another
    /// password or is gone. And the general `Unavailable` and `Internal`.
    pub fn find_grant(&self, credential: Credential) -> Result<AnyGrant, ServiceError> {
        match credential {
            Credential::Signed(bearer) => self.signed(bearer),
            Credential::Random(digest) => {
                let token = self.access_tokens.find(&digest)?.ok_or(ServiceError::Unauthenticated)?;
                Ok(token.into())
            }
        }
    }

    fn signed(&self, bearer: Bearer) -> Result<AnyGrant, ServiceError> {
        self.current(bearer).map(AnyGrant::User).ok_or(ServiceError::Unauthenticated)
    }

    /// What a person may do who proved to own an account: everything, unless the account has another password since. Exact for
    /// what a check of freshness has covered; this never waits.
    #[must_use]
    pub fn current(&self, bearer: Bearer) -> Option<Grant> {
        (bearer.version == self.versions.cached_token_version(bearer.user)).then(|| Grant::full(bearer.user))
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{
        AccessToken, AppId, MockAccessTokenRepository, MockSessionRepository, Scopes, TokenId, TokenVersion,
        UserId,
    };

    use super::*;
    use crate::accounts::tests::tokens;
    use crate::grant::AppGrant;

    const RANDOM: &str = "ttttttttttttttttttttttttttttttttttttttttttt";

    fn sessions(access_tokens: MockAccessTokenRepository) -> Sessions {
        let mut repository = MockSessionRepository::new();
        repository.expect_cached_token_version().returning(|user| TokenVersion::new(user.get()));
        Sessions::new(tokens(), Arc::new(repository), Arc::new(access_tokens))
    }

    #[test]
    fn a_signed_token_counts_only_while_its_version_is_the_users() {
        let sessions = sessions(MockAccessTokenRepository::new());
        for (user, version, counts) in
            [(1, 1, true), (1, 0, false), (1, 2, false), (2, 2, true), (2, 1, false)]
        {
            let user = UserId::new(user);
            let token = tokens().issue(user, TokenVersion::new(version)).unwrap();
            let credential = sessions.identify(&token).unwrap();
            let expected = counts.then(|| AnyGrant::User(Grant::full(user)));
            assert_eq!(sessions.cached_grant(credential).unwrap().ok(), expected, "{credential:?}");
            assert_eq!(sessions.find_grant(credential).ok(), expected, "{credential:?}");
        }
    }

    #[test]
    fn a_random_token_grants_what_is_stored_of_it() {
        let scopes: Scopes = "read".parse().unwrap();
        let (id, app, song) = (TokenId::new(1), AppId::new(7), UserId::new(3));
        for (user, grant) in [
            (Some(song), AnyGrant::User(Grant { user: song, app: Some(app), scopes })),
            (None, AnyGrant::App(AppGrant { app, scopes })),
        ] {
            let mut access_tokens = MockAccessTokenRepository::new();
            access_tokens.expect_cached().returning(|_| None);
            access_tokens.expect_find().returning(move |_| Ok(Some(AccessToken { id, app, user, scopes })));
            let sessions = sessions(access_tokens);
            let credential = sessions.identify(RANDOM).unwrap();
            assert!(sessions.cached_grant(credential).is_none());
            assert_eq!(sessions.find_grant(credential).unwrap(), grant);
            assert_eq!((grant.app(), grant.user(), grant.scopes()), (Some(app), user, scopes));
        }
        let mut access_tokens = MockAccessTokenRepository::new();
        access_tokens.expect_cached().returning(|_| Some(KnownToken::Void));
        access_tokens.expect_find().returning(|_| Ok(None));
        let sessions = sessions(access_tokens);
        let credential = sessions.identify(RANDOM).unwrap();
        let (cached, found) = (sessions.cached_grant(credential).unwrap(), sessions.find_grant(credential));
        assert!(matches!(
            (cached, found),
            (Err(ServiceError::Unauthenticated), Err(ServiceError::Unauthenticated))
        ));
    }

    #[test]
    fn what_can_be_no_token_is_refused_without_a_look_up() {
        let sessions = sessions(MockAccessTokenRepository::new());
        for text in ["", "x", "a.b.c", &RANDOM[1..], &format!("{RANDOM}t"), "토큰"] {
            assert_eq!(sessions.identify(text), Err(TokenError::Invalid), "{text}");
        }
    }
}
