//! Registering applications.

use std::sync::Arc;

use miniter_domain::{
    AppId, AppName, Application, ApplicationRepository, Clock, DomainError, NewApplication, RedirectUris,
    Scope, Scopes, Website,
};

use crate::error::ServiceError;
use crate::oauth::new_secret;
use crate::oauth::secret::{self, Kind};

/// What a developer says of an application, as it was sent.
#[derive(Debug, Default)]
pub struct AppRegistration {
    /// See [`AppName`].
    pub name: String,
    /// See [`RedirectUris::parse`].
    pub redirect_uris: Vec<String>,
    /// Names of scopes with white space between two. `read` if there are none.
    pub scopes: Option<String>,
    /// See [`Website`]. An empty one is none.
    pub website: Option<String>,
}

/// An application that was registered, and its secret, which nobody can find out later.
#[derive(Debug)]
pub struct RegisteredApp {
    /// As it is stored.
    pub application: Application,
    /// What it proves itself with.
    pub client_secret: String,
}

/// The use cases around applications.
pub struct Applications {
    applications: Arc<dyn ApplicationRepository>,
    clock: Arc<dyn Clock>,
}

impl Applications {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(applications: Arc<dyn ApplicationRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { applications, clock }
    }

    /// Registers an application.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] for the first value that breaks a rule, and the general `Unavailable` and `Internal`.
    pub fn register(&self, registration: AppRegistration) -> Result<RegisteredApp, ServiceError> {
        let AppRegistration { name, redirect_uris, scopes, website } = registration;
        let name = AppName::parse(name)?;
        let redirect_uris = RedirectUris::parse(redirect_uris.iter().map(String::as_str))?;
        let scopes = match scopes.filter(|names| !names.trim().is_empty()) {
            Some(names) => names.parse().map_err(|_| DomainError::InvalidScopes)?,
            None => Scopes::of(&[Scope::Read]),
        };
        let website = website.filter(|website| !website.is_empty()).map(Website::parse).transpose()?;
        let (client_id, client_secret) = (new_secret()?, new_secret()?);
        let digest = secret::digest(Kind::ClientSecret, &client_secret);
        let digest = digest.ok_or_else(|| ServiceError::Internal("a new secret is none".into()))?;
        let created_at = self.clock.now();
        let new = NewApplication {
            name,
            website,
            client_id,
            client_secret: digest,
            redirect_uris,
            scopes,
            created_at,
        };
        let id = self.applications.create(&new)?;
        let application = Application {
            id,
            name: new.name.as_str().to_owned(),
            website: new.website.map(|website| website.as_str().to_owned()),
            client_id: new.client_id,
            client_secret: digest,
            redirect_uris: new.redirect_uris.to_string(),
            scopes,
            created_at,
        };
        Ok(RegisteredApp { application, client_secret })
    }

    /// The application of a token.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] if there is none with this number, and the general `Unavailable` and `Internal`.
    pub fn find(&self, app: AppId) -> Result<Application, ServiceError> {
        self.applications.find(app)?.ok_or(ServiceError::Unauthenticated)
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::MockApplicationRepository;

    use super::*;
    use crate::accounts::tests::FixedClock;

    fn registration() -> AppRegistration {
        AppRegistration {
            name: "app".into(),
            redirect_uris: vec!["app://x https://app.example/cb".into()],
            scopes: Some("write read".into()),
            website: Some(String::new()),
        }
    }

    fn applications(repository: MockApplicationRepository) -> Applications {
        Applications::new(Arc::new(repository), Arc::new(FixedClock::at(1_000)))
    }

    #[test]
    fn an_application_gets_an_id_and_a_secret_of_which_a_digest_is_stored() {
        let mut repository = MockApplicationRepository::new();
        repository.expect_create().times(2).returning(|_| Ok(AppId::new(7)));
        let applications = applications(repository);
        let first = applications.register(registration()).unwrap();
        assert_eq!((first.application.id, first.application.website.as_deref()), (AppId::new(7), None));
        assert_eq!(first.application.redirect_uris, "app://x\nhttps://app.example/cb");
        assert_eq!(first.application.scopes.to_string(), "read write");
        assert!(secret::is_secret_of(&first.client_secret, &first.application.client_secret));
        let second =
            applications.register(AppRegistration { scopes: Some(" ".into()), ..registration() }).unwrap();
        assert_eq!(second.application.scopes.to_string(), "read");
        assert_ne!(first.client_secret, second.client_secret);
        assert_ne!(first.application.client_id, second.application.client_id);
    }

    #[test]
    fn a_registration_that_breaks_a_rule_reaches_no_repository() {
        for (broken, error) in [
            (AppRegistration { name: " ".into(), ..registration() }, DomainError::InvalidAppName),
            (AppRegistration { redirect_uris: vec![], ..registration() }, DomainError::InvalidRedirectUri),
            (
                AppRegistration { redirect_uris: vec!["javascript:x".into()], ..registration() },
                DomainError::InvalidRedirectUri,
            ),
            (
                AppRegistration { scopes: Some("read all".into()), ..registration() },
                DomainError::InvalidScopes,
            ),
            (AppRegistration { website: Some("app".into()), ..registration() }, DomainError::InvalidWebsite),
        ] {
            // A mock without expectations panics at any call.
            let refused = applications(MockApplicationRepository::new()).register(broken);
            assert!(matches!(refused, Err(ServiceError::Invalid(found)) if found == error), "{error}");
        }
    }
}
