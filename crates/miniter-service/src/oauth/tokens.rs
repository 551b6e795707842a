//! Giving tokens to applications, and taking them back (RFC 6749, 4.1.3 and 4.4; RFC 7009).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use miniter_domain::{
    AccessTokenRepository, Application, ApplicationRepository, AuthorizationCode,
    AuthorizationCodeRepository, Clock, NewAccessToken, Redemption, Scopes, UserId,
};
use secrecy::{ExposeSecret, SecretString};

use crate::error::ServiceError;
use crate::grant::AppGrant;
use crate::oauth::secret::{self, Kind};
use crate::oauth::{OAuthError, digest_of_token, new_secret, requested_scopes};

/// What an application proves itself with.
#[derive(Debug)]
pub struct ClientCredentials {
    /// The name by which it calls itself.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
}

/// A code that is shown for a token, as it was sent.
#[derive(Debug)]
pub struct CodeExchange {
    /// The code.
    pub code: Option<String>,
    /// The address that the code was sent to.
    pub redirect_uri: Option<String>,
    /// What the challenge was made of. An empty one is none.
    pub code_verifier: Option<String>,
}

/// A token that was given to an application.
#[derive(Debug)]
pub struct IssuedToken {
    /// What it shows from now on.
    pub access_token: String,
    /// What it allows.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The use cases around the tokens of applications.
pub struct AccessTokens {
    applications: Arc<dyn ApplicationRepository>,
    codes: Arc<dyn AuthorizationCodeRepository>,
    tokens: Arc<dyn AccessTokenRepository>,
    clock: Arc<dyn Clock>,
}

impl AccessTokens {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        applications: Arc<dyn ApplicationRepository>,
        codes: Arc<dyn AuthorizationCodeRepository>,
        tokens: Arc<dyn AccessTokenRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { applications, codes, tokens, clock }
    }

    /// Exchanges a code for a token of the user who has consented. A code that is shown again ends the token that came of it.
    ///
    /// # Errors
    /// [`ServiceError::OAuth`], and the general `Unavailable` and `Internal`.
    pub fn exchange(
        &self,
        client: Option<ClientCredentials>,
        exchange: &CodeExchange,
    ) -> Result<IssuedToken, ServiceError> {
        let application = self.authenticate(client)?;
        let missing = OAuthError::InvalidRequest;
        let code = exchange.code.as_deref().ok_or(missing("code is missing."))?;
        let redirect_uri = exchange.redirect_uri.as_deref().ok_or(missing("redirect_uri is missing."))?;
        let digest = secret::digest(Kind::Code, code).ok_or(OAuthError::InvalidGrant)?;
        let found = self.codes.find(&digest)?.ok_or(OAuthError::InvalidGrant)?;
        let now = self.clock.now();
        let is_good = found.app == application.id
            && found.redirect_uri == redirect_uri
            && found.is_alive(now)
            && verifies(&found, exchange.code_verifier.as_deref());
        if !is_good {
            return Err(OAuthError::InvalidGrant.into());
        }
        let access_token = new_secret()?;
        let token = digest_of_token(&access_token);
        let token = token.ok_or_else(|| ServiceError::Internal("a new token is none".into()))?;
        match self.codes.redeem(&digest, &token, now)? {
            Redemption::Redeemed => Ok(IssuedToken { access_token, scopes: found.scopes, created_at: now }),
            Redemption::Replayed => {
                log::warn!(
                    "an authorization code of user {} was shown twice by application {}: its token is void",
                    found.user,
                    found.app
                );
                Err(OAuthError::InvalidGrant.into())
            }
            Redemption::Unknown => Err(OAuthError::InvalidGrant.into()),
        }
    }

    /// Gives an application a token by which it acts for itself.
    ///
    /// # Errors
    /// [`ServiceError::OAuth`], and the general `Unavailable` and `Internal`.
    pub fn issue_to_app(
        &self,
        client: Option<ClientCredentials>,
        scope: Option<&str>,
    ) -> Result<IssuedToken, ServiceError> {
        let application = self.authenticate(client)?;
        let scopes = requested_scopes(scope, &application)?;
        let access_token = new_secret()?;
        let digest = digest_of_token(&access_token);
        let digest = digest.ok_or_else(|| ServiceError::Internal("a new token is none".into()))?;
        let created_at = self.clock.now();
        let token = NewAccessToken { digest, app: application.id, user: None, scopes, created_at };
        self.tokens.create(&token)?;
        Ok(IssuedToken { access_token, scopes, created_at })
    }

    /// Gives an application a token for a user who has just signed up with it. It allows what the application's own token allows.
    ///
    /// # Errors
    /// The general `Unavailable` and `Internal`.
    pub fn issue_to_new_user(&self, grant: AppGrant, user: UserId) -> Result<IssuedToken, ServiceError> {
        let AppGrant { app, scopes } = grant;
        let access_token = new_secret()?;
        let digest = digest_of_token(&access_token);
        let digest = digest.ok_or_else(|| ServiceError::Internal("a new token is none".into()))?;
        let created_at = self.clock.now();
        self.tokens.create(&NewAccessToken { digest, app, user: Some(user), scopes, created_at })?;
        Ok(IssuedToken { access_token, scopes, created_at })
    }

    /// Makes a token of the application void. One that is none, or void already, is a success: the application wants no more
    /// than that it cannot be used.
    ///
    /// # Errors
    /// [`ServiceError::OAuth`] with `UnauthorizedClient` if the token belongs to another application, and if this one cannot
    /// prove itself; and the general `Unavailable` and `Internal`.
    pub fn revoke(&self, client: Option<ClientCredentials>, token: &str) -> Result<(), ServiceError> {
        let application = self.authenticate(client).map_err(|error| {
            if let ServiceError::OAuth(_) = error { OAuthError::UnauthorizedClient.into() } else { error }
        })?;
        let Some(digest) = digest_of_token(token) else { return Ok(()) };
        let Some(token) = self.tokens.find(&digest)? else { return Ok(()) };
        if token.app != application.id {
            return Err(OAuthError::UnauthorizedClient.into());
        }
        self.tokens.revoke(&token)?;
        Ok(())
    }

    /// The application that proves itself.
    fn authenticate(&self, client: Option<ClientCredentials>) -> Result<Application, ServiceError> {
        let ClientCredentials { client_id, client_secret } = client.ok_or(OAuthError::InvalidClient)?;
        let application = self.applications.find_by_client_id(&client_id)?;
        let is_right =
            |found: &Application| secret::is_secret_of(client_secret.expose_secret(), &found.client_secret);
        application.filter(is_right).ok_or_else(|| OAuthError::InvalidClient.into())
    }
}

/// Whether a verifier fits a code. One for a code without a challenge does not: the challenge may have been removed on the way to us
/// (RFC 9700, 4.8.2).
fn verifies(code: &AuthorizationCode, verifier: Option<&str>) -> bool {
    match (&code.challenge, verifier.filter(|verifier| !verifier.is_empty())) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => secret::is_verifier_of(verifier, challenge),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use miniter_domain::{
        AccessToken, AppId, MockAccessTokenRepository, MockApplicationRepository,
        MockAuthorizationCodeRepository, TokenId, UserId,
    };

    use super::*;
    use crate::accounts::tests::FixedClock;
    use crate::oauth::authorizations::tests::application;

    const SECRET: &str = "sssssssssssssssssssssssssssssssssssssssssss";
    const CODE: &str = "ccccccccccccccccccccccccccccccccccccccccccc";
    const TOKEN: &str = "ttttttttttttttttttttttttttttttttttttttttttt";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[expect(clippy::unnecessary_wraps, reason = "what the use cases take")]
    fn client() -> Option<ClientCredentials> {
        Some(ClientCredentials { client_id: "client".into(), client_secret: SECRET.into() })
    }

    fn exchange() -> CodeExchange {
        CodeExchange { code: Some(CODE.into()), redirect_uri: Some("app://".into()), code_verifier: None }
    }

    /// A code of 1970 that was made for [`exchange`].
    fn code() -> AuthorizationCode {
        AuthorizationCode {
            digest: secret::digest(Kind::Code, CODE).unwrap(),
            app: AppId::new(7),
            user: UserId::new(3),
            redirect_uri: "app://".into(),
            scopes: "read write".parse().unwrap(),
            challenge: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn with(codes: MockAuthorizationCodeRepository, tokens: MockAccessTokenRepository) -> AccessTokens {
        let mut applications = MockApplicationRepository::new();
        applications.expect_find_by_client_id().returning(|client_id| {
            let client_secret = secret::digest(Kind::ClientSecret, SECRET).unwrap();
            Ok((client_id == "client").then(|| Application { client_secret, ..application("read write") }))
        });
        let clock = Arc::new(FixedClock::at(60));
        AccessTokens::new(Arc::new(applications), Arc::new(codes), Arc::new(tokens), clock)
    }

    /// A store with one code. `redemption` is what comes of it; `None` where it must not be tried.
    fn with_code(code: AuthorizationCode, redemption: Option<Redemption>) -> AccessTokens {
        let mut codes = MockAuthorizationCodeRepository::new();
        codes.expect_find().returning(move |digest| Ok((*digest == code.digest).then(|| code.clone())));
        if let Some(redemption) = redemption {
            codes.expect_redeem().times(1).returning(move |_, _, _| Ok(redemption));
        }
        with(codes, MockAccessTokenRepository::new())
    }

    fn error<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> &'static str {
        match outcome {
            Err(ServiceError::OAuth(error)) => error.code(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_is_exchanged_for_a_token_of_its_scopes() {
        let issued = with_code(code(), Some(Redemption::Redeemed)).exchange(client(), &exchange()).unwrap();
        assert_eq!((issued.scopes.to_string().as_str(), issued.created_at.timestamp()), ("read write", 60));
        assert!(digest_of_token(&issued.access_token).is_some());
    }

    #[test]
    fn a_code_is_good_for_its_application_address_and_verifier_and_for_ten_minutes() {
        let challenge = secret::parse_challenge(CHALLENGE);
        let old = code().created_at - TimeDelta::minutes(10);
        let text = |text: &str| Some(text.to_owned());
        for (what, code, exchange) in [
            ("another code", code(), CodeExchange { code: text(TOKEN), ..exchange() }),
            ("no code at all", code(), CodeExchange { code: text("x"), ..exchange() }),
            ("another address", code(), CodeExchange { redirect_uri: text("app://x"), ..exchange() }),
            ("another application", AuthorizationCode { app: AppId::new(8), ..code() }, exchange()),
            ("expired", AuthorizationCode { created_at: old, ..code() }, exchange()),
            ("no verifier", AuthorizationCode { challenge, ..code() }, exchange()),
            (
                "an empty verifier",
                AuthorizationCode { challenge, ..code() },
                CodeExchange { code_verifier: text(""), ..exchange() },
            ),
            (
                "another verifier",
                AuthorizationCode { challenge, ..code() },
                CodeExchange { code_verifier: text(SECRET), ..exchange() },
            ),
            (
                "the challenge as the verifier",
                AuthorizationCode { challenge, ..code() },
                CodeExchange { code_verifier: text(CHALLENGE), ..exchange() },
            ),
            (
                "a verifier for no challenge",
                code(),
                CodeExchange { code_verifier: text(VERIFIER), ..exchange() },
            ),
        ] {
            assert_eq!(error(with_code(code, None).exchange(client(), &exchange)), "invalid_grant", "{what}");
        }
        let code = AuthorizationCode { challenge, ..code() };
        let exchange = CodeExchange { code_verifier: text(VERIFIER), ..exchange() };
        assert!(with_code(code, Some(Redemption::Redeemed)).exchange(client(), &exchange).is_ok());
    }

    #[test]
    fn a_code_that_was_used_or_has_gone_meanwhile_gives_no_token() {
        for redemption in [Redemption::Replayed, Redemption::Unknown] {
            let outcome = with_code(code(), Some(redemption)).exchange(client(), &exchange());
            assert_eq!(error(outcome), "invalid_grant", "{redemption:?}");
        }
    }

    #[test]
    fn a_parameter_that_is_missing_is_named() {
        for exchange in
            [CodeExchange { code: None, ..exchange() }, CodeExchange { redirect_uri: None, ..exchange() }]
        {
            assert_eq!(error(with_code(code(), None).exchange(client(), &exchange)), "invalid_request");
        }
    }

    #[test]
    fn a_client_that_cannot_prove_itself_gets_nothing() {
        let tokens = || with(MockAuthorizationCodeRepository::new(), MockAccessTokenRepository::new());
        let credentials = |id: &str, secret: &str| {
            Some(ClientCredentials { client_id: id.into(), client_secret: secret.into() })
        };
        for client in [
            || None,
            || Some(("another", SECRET)),
            || Some(("client", "")),
            || Some(("client", TOKEN)),
            || Some(("client", &SECRET[1..])),
        ] {
            let client = || client().and_then(|(id, secret)| credentials(id, secret));
            assert_eq!(error(tokens().exchange(client(), &exchange())), "invalid_client");
            assert_eq!(error(tokens().issue_to_app(client(), None)), "invalid_client");
            assert_eq!(error(tokens().revoke(client(), TOKEN)), "unauthorized_client");
        }
    }

    #[test]
    fn an_application_gets_a_token_of_its_own_within_its_scopes() {
        let mut repository = MockAccessTokenRepository::new();
        repository
            .expect_create()
            .withf(|token| token.app == AppId::new(7) && token.created_at.timestamp() == 60)
            .returning(|_| Ok(()));
        let tokens = with(MockAuthorizationCodeRepository::new(), repository);
        for (scope, given) in [(None, "read"), (Some(""), "read"), (Some("write:media"), "write:media")] {
            assert_eq!(tokens.issue_to_app(client(), scope).unwrap().scopes.to_string(), given);
        }
        for scope in ["push", "read push", "everything"] {
            assert_eq!(error(tokens.issue_to_app(client(), Some(scope))), "invalid_scope");
        }
    }

    #[test]
    fn an_application_revokes_its_own_tokens_and_no_others() {
        for (owner, is_found, revoked) in [(7, true, true), (8, true, false), (7, false, false)] {
            let mut repository = MockAccessTokenRepository::new();
            let token = AccessToken {
                id: TokenId::new(1),
                app: AppId::new(owner),
                user: Some(UserId::new(3)),
                scopes: Scopes::ALL,
            };
            repository.expect_find().returning(move |_| Ok(is_found.then_some(token)));
            repository.expect_revoke().times(usize::from(revoked)).returning(|_| Ok(true));
            let tokens = with(MockAuthorizationCodeRepository::new(), repository);
            let outcome = tokens.revoke(client(), TOKEN);
            if owner == 7 { outcome.unwrap() } else { assert_eq!(error(outcome), "unauthorized_client") }
        }
        // What can be no token of ours is not looked for.
        let tokens = with(MockAuthorizationCodeRepository::new(), MockAccessTokenRepository::new());
        assert!(tokens.revoke(client(), "a.b.c").is_ok());
    }
}
