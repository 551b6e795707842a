//! Asking a person for consent, and giving a code for it (RFC 6749, 4.1).

use std::sync::Arc;

use miniter_domain::{
    Application, ApplicationRepository, AuthorizationCode, AuthorizationCodeRepository, Clock, Scopes,
};

use crate::error::ServiceError;
use crate::oauth::secret::{self, Kind};
use crate::oauth::{OAuthError, new_secret, requested_scopes};
use crate::token::Bearer;

/// What an application asks for, as it was sent. An empty parameter is none.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationParameters {
    /// The application.
    pub client_id: Option<String>,
    /// Where the answer goes.
    pub redirect_uri: Option<String>,
    /// `code`.
    pub response_type: Option<String>,
    /// Names of scopes.
    pub scope: Option<String>,
    /// See RFC 7636, 4.3.
    pub code_challenge: Option<String>,
    /// `S256`.
    pub code_challenge_method: Option<String>,
}

/// A request for consent that a person can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The application that asks.
    pub application: Application,
    /// Where the answer goes: an address that the application has registered.
    pub redirect_uri: String,
    /// What it asks for.
    pub scopes: Scopes,
    challenge: Option<[u8; 32]>,
}

/// What is to be done about a request for consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examination {
    /// The person is asked.
    Ask(AuthorizationRequest),
    /// The application is told that its request is wrong, at an address that it has registered.
    Refuse {
        /// The address.
        redirect_uri: String,
        /// What is wrong.
        error: OAuthError,
    },
}

/// The use cases around consent.
pub struct Authorizations {
    applications: Arc<dyn ApplicationRepository>,
    codes: Arc<dyn AuthorizationCodeRepository>,
    clock: Arc<dyn Clock>,
}

impl Authorizations {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        applications: Arc<dyn ApplicationRepository>,
        codes: Arc<dyn AuthorizationCodeRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { applications, codes, clock }
    }

    /// Checks a request for consent.
    ///
    /// # Errors
    /// [`ServiceError::OAuth`] if the application is unknown or has not registered the address: then the person must be told,
    /// and must be sent nowhere. And the general `Unavailable` and `Internal`.
    pub fn examine(&self, parameters: AuthorizationParameters) -> Result<Examination, ServiceError> {
        let client_id = given(parameters.client_id.as_deref()).ok_or(OAuthError::InvalidClient)?;
        let application = self.applications.find_by_client_id(client_id)?.ok_or(OAuthError::InvalidClient)?;
        let redirect_uri = parameters.redirect_uri.filter(|uri| application.has_redirect_uri(uri));
        let Some(redirect_uri) = redirect_uri else {
            return Err(
                OAuthError::InvalidRequest("The application has not registered this redirect_uri.").into()
            );
        };
        let check = || {
            match given(parameters.response_type.as_deref()) {
                Some("code") => {}
                Some(_) => return Err(OAuthError::UnsupportedResponseType),
                None => return Err(OAuthError::InvalidRequest("response_type is missing.")),
            }
            let method = given(parameters.code_challenge_method.as_deref());
            let challenge = match (given(parameters.code_challenge.as_deref()), method) {
                (None, None) => None,
                (Some(challenge), Some("S256")) => Some(secret::parse_challenge(challenge).ok_or(
                    OAuthError::InvalidRequest("code_challenge must be a SHA-256 digest in base64url."),
                )?),
                (Some(_), _) => {
                    return Err(OAuthError::InvalidRequest("code_challenge_method must be S256."));
                }
                (None, Some(_)) => return Err(OAuthError::InvalidRequest("code_challenge is missing.")),
            };
            Ok((requested_scopes(parameters.scope.as_deref(), &application)?, challenge))
        };
        Ok(match check() {
            Ok((scopes, challenge)) => {
                Examination::Ask(AuthorizationRequest { application, redirect_uri, scopes, challenge })
            }
            Err(error) => Examination::Refuse { redirect_uri, error },
        })
    }

    /// Gives a code for a consent. `by` has logged in a short time ago.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if the account or its password is another one by now, and the general `Unavailable`
    /// and `Internal`.
    pub fn approve(&self, request: AuthorizationRequest, by: Bearer) -> Result<String, ServiceError> {
        let code = new_secret()?;
        let digest = secret::digest(Kind::Code, &code);
        let stored = AuthorizationCode {
            digest: digest.ok_or_else(|| ServiceError::Internal("a new code is none".into()))?,
            app: request.application.id,
            user: by.user,
            redirect_uri: request.redirect_uri,
            scopes: request.scopes,
            challenge: request.challenge,
            created_at: self.clock.now(),
        };
        if self.codes.create(&stored, by.version)? { Ok(code) } else { Err(ServiceError::Unauthenticated) }
    }
}

/// A parameter that says something.
fn given(parameter: Option<&str>) -> Option<&str> {
    parameter.filter(|value| !value.is_empty())
}

#[cfg(test)]
pub(super) mod tests {
    use miniter_domain::{
        AppId, MockApplicationRepository, MockAuthorizationCodeRepository, SecretDigest, TokenVersion, UserId,
    };

    use super::*;
    use crate::accounts::tests::FixedClock;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    pub(in crate::oauth) fn application(scopes: &str) -> Application {
        Application {
            id: AppId::new(7),
            name: "app".into(),
            website: None,
            client_id: "client".into(),
            client_secret: SecretDigest([0; 32]),
            redirect_uris: "app://\nhttps://app.example/cb".into(),
            scopes: scopes.parse().unwrap(),
            created_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn authorizations(scopes: &'static str, codes: MockAuthorizationCodeRepository) -> Authorizations {
        let mut applications = MockApplicationRepository::new();
        applications
            .expect_find_by_client_id()
            .returning(move |client_id| Ok((client_id == "client").then(|| application(scopes))));
        Authorizations::new(Arc::new(applications), Arc::new(codes), Arc::new(FixedClock::at(1_000)))
    }

    /// Parameters of which those in `changed` are others.
    fn parameters(changed: &[(&str, Option<&str>)]) -> AuthorizationParameters {
        let of = |name: &str, default: Option<&str>| {
            let found = changed.iter().find(|(changed, _)| *changed == name);
            found.map_or(default, |(_, value)| *value).map(str::to_owned)
        };
        AuthorizationParameters {
            client_id: of("client_id", Some("client")),
            redirect_uri: of("redirect_uri", Some("app://")),
            response_type: of("response_type", Some("code")),
            scope: of("scope", None),
            code_challenge: of("code_challenge", None),
            code_challenge_method: of("code_challenge_method", None),
        }
    }

    fn examine(changed: &[(&str, Option<&str>)]) -> Result<Examination, ServiceError> {
        authorizations("read write", MockAuthorizationCodeRepository::new()).examine(parameters(changed))
    }

    #[test]
    fn an_unknown_application_or_address_is_told_to_nobody_but_the_person() {
        for changed in [
            ("client_id", None),
            ("client_id", Some("")),
            ("client_id", Some("another")),
            ("redirect_uri", None),
            ("redirect_uri", Some("")),
            ("redirect_uri", Some("app://x")),
            ("redirect_uri", Some("APP://")),
            ("redirect_uri", Some("https://app.example/cb/..")),
            ("redirect_uri", Some("https://app.example/cb#")),
        ] {
            assert!(matches!(examine(&[changed]), Err(ServiceError::OAuth(_))), "{changed:?}");
        }
    }

    #[test]
    fn what_else_is_wrong_is_told_to_the_application() {
        for (changed, code) in [
            (("response_type", None), "invalid_request"),
            (("response_type", Some("token")), "unsupported_response_type"),
            (("scope", Some("push")), "invalid_scope"),
            (("scope", Some("read everything")), "invalid_scope"),
            (("code_challenge", Some(CHALLENGE)), "invalid_request"),
            (("code_challenge_method", Some("S256")), "invalid_request"),
        ] {
            let Ok(Examination::Refuse { redirect_uri, error }) = examine(&[changed]) else {
                panic!("{changed:?} is not refused")
            };
            assert_eq!((redirect_uri.as_str(), error.code()), ("app://", code), "{changed:?}");
        }
        for (challenge, method) in
            [(CHALLENGE, "plain"), (CHALLENGE, "s256"), ("short", "S256"), ("", "S256")]
        {
            let changed = [("code_challenge", Some(challenge)), ("code_challenge_method", Some(method))];
            assert!(matches!(examine(&changed), Ok(Examination::Refuse { .. })), "{changed:?}");
        }
    }

    #[test]
    fn a_person_is_asked_for_what_the_application_wants_or_else_for_read() {
        for (registered, wanted, asked) in [
            ("read write", None, "read"),
            ("read write", Some(" "), "read"),
            ("read write", Some("write read:lists"), "read:lists write"),
            ("profile", None, "profile"),
            ("read:statuses", None, "read:statuses"),
        ] {
            let authorizations = authorizations(registered, MockAuthorizationCodeRepository::new());
            let Ok(Examination::Ask(request)) = authorizations.examine(parameters(&[("scope", wanted)]))
            else {
                panic!("{wanted:?} is refused")
            };
            assert_eq!(request.scopes.to_string(), asked);
        }
    }

    #[test]
    fn a_code_has_all_that_was_consented_to() {
        let mut codes = MockAuthorizationCodeRepository::new();
        codes
            .expect_create()
            .withf(|code, version| {
                (code.app, code.user) == (AppId::new(7), UserId::new(3))
                    && code.redirect_uri == "app://"
                    && code.scopes.to_string() == "read"
                    && code.challenge == secret::parse_challenge(CHALLENGE)
                    && code.created_at.timestamp() == 1_000
                    && *version == TokenVersion::new(5)
            })
            .times(2)
            .returning(|code, _| Ok(code.digest != SecretDigest([0; 32])));
        let authorizations = authorizations("read write", codes);
        let changed = [("code_challenge", Some(CHALLENGE)), ("code_challenge_method", Some("S256"))];
        let Ok(Examination::Ask(request)) = authorizations.examine(parameters(&changed)) else { panic!() };
        let by = Bearer { user: UserId::new(3), version: TokenVersion::new(5) };
        let first = authorizations.approve(request.clone(), by).unwrap();
        assert_ne!(first, authorizations.approve(request, by).unwrap());
    }

    #[test]
    fn no_code_is_given_once_the_password_was_changed() {
        let mut codes = MockAuthorizationCodeRepository::new();
        codes.expect_create().returning(|_, _| Ok(false));
        let authorizations = authorizations("read", codes);
        let Ok(Examination::Ask(request)) = authorizations.examine(parameters(&[])) else { panic!() };
        let by = Bearer { user: UserId::new(3), version: TokenVersion::FIRST };
        assert!(matches!(authorizations.approve(request, by), Err(ServiceError::Unauthenticated)));
    }
}
