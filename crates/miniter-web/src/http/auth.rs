//! Who is asking, and what they may do.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, dev};
use miniter_domain::UserId;
use miniter_service::{AnyGrant, Credential, Grant, Scopes, TokenError};

use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::request_context::RequestContext;
use crate::http::state::{State, state_of};

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, with or without a token.
    Anyone,
    /// The holder of a user's token that allows all of this.
    Scopes(Scopes),
    /// The holder of a token that allows all of this: a user's, or an application's own.
    Token(Scopes),
}

/// Why a request has no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Missing,
    Refused(TokenError),
}

impl TokenFault {
    /// What the client is told.
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Missing => Failure::TokenMissing,
            Self::Refused(TokenError::Expired) => Failure::TokenExpired,
            Self::Refused(TokenError::Invalid) => Failure::TokenInvalid,
        }
    }
}

/// The user's grant under which a request came, which allows what its endpoint requires ([`Access::Scopes`]). That the user still
/// exists, the use case finds out.
pub(crate) struct Authorized(pub(crate) Grant);

/// The grant under which a request came, with or without a user ([`Access::Token`]).
pub(crate) struct AuthorizedToken(pub(crate) AnyGrant);

impl FromRequest for Authorized {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut dev::Payload) -> Self::Future {
        ready(match authorized(request) {
            Ok(AnyGrant::User(grant)) => Ok(Self(grant)),
            Ok(AnyGrant::App(_)) => Err(Failure::UserRequired),
            Err(failure) => Err(failure),
        })
    }
}

impl FromRequest for AuthorizedToken {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _payload: &mut dev::Payload) -> Self::Future {
        ready(authorized(request).map(Self))
    }
}

fn authorized(request: &HttpRequest) -> Result<AnyGrant, Failure> {
    let grant = request.extensions().get::<RequestContext>().and_then(|context| context.authorized);
    grant.ok_or_else(|| Failure::internal("the endpoint is open to anyone"))
}

/// The middleware. It is the one place where a grant is held against what its endpoint requires.
pub(crate) async fn authorize(
    access: Access,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let outcome = match access {
        Access::Anyone => Ok(()),
        Access::Scopes(_) | Access::Token(_) => check(access, request.request()).await,
    };
    match outcome {
        Ok(()) => next.call(request).await,
        Err(failure) => Ok(request.error_response(failure)),
    }
}

async fn check(access: Access, request: &HttpRequest) -> Result<(), Failure> {
    let asked =
        request.extensions_mut().get_mut::<RequestContext>().and_then(|context| context.authenticated.take());
    let grant = match (asked, state_of(request)) {
        (Some(authenticated), _) => authenticated?,
        (None, Some(state)) => authenticate(request, state).await?,
        (None, None) => return Err(Failure::internal("there is no state")),
    };
    if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
        context.user = grant.user();
        context.authorized = Some(grant);
    }
    require(grant, access)
}

/// Holds a grant against what an endpoint requires.
fn require(grant: AnyGrant, access: Access) -> Result<(), Failure> {
    let (required, needs_user) = match access {
        Access::Anyone => return Ok(()),
        Access::Scopes(required) => (required, true),
        Access::Token(required) => (required, false),
    };
    if !grant.scopes().include(required) {
        Err(Failure::MissingScope(required))
    } else if needs_user && grant.user().is_none() {
        Err(Failure::UserRequired)
    } else {
        Ok(())
    }
}

/// What the token that came with the request grants, unless it was revoked or its user has another password since.
async fn authenticate(request: &HttpRequest, state: &State) -> Result<AnyGrant, Failure> {
    let credential = identify(request, state).map_err(TokenFault::failure)?;
    freshness::check(request, state).await?;
    let sessions = Arc::clone(&state.services.sessions);
    match sessions.cached_grant(credential) {
        Some(known) => Ok(known?),
        None => state.bulkheads.read.run(move || sessions.find_grant(credential)).await,
    }
}

/// The user to whom a call counts: who shows a token that is known to be good. What is found out for that, [`authorize`] need
/// not ask again.
///
/// A token that may be void counts for no user: its holder could use up the calls of the owner.
pub(crate) async fn caller(request: &HttpRequest, state: &State) -> Option<UserId> {
    let authenticated = authenticate(request, state).await;
    let user = authenticated.as_ref().ok().and_then(|grant| grant.user());
    if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
        context.authenticated = Some(authenticated);
    }
    user
}

/// The token that came with the request, if it can be one of ours. It is looked at once.
fn identify(request: &HttpRequest, state: &State) -> Result<Credential, TokenFault> {
    let known = request.extensions().get::<RequestContext>().and_then(|context| context.identified);
    if let Some(identified) = known {
        return identified;
    }
    let identified = token_of(request)
        .and_then(|token| state.services.sessions.identify(token).map_err(TokenFault::Refused));
    if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
        context.identified = Some(identified);
    }
    identified
}

/// The token that came with the request, before it is verified.
pub(crate) fn token_of(request: &HttpRequest) -> Result<&str, TokenFault> {
    const INVALID: TokenFault = TokenFault::Refused(TokenError::Invalid);
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let value = headers.next().ok_or(TokenFault::Missing)?.to_str().map_err(|_| INVALID)?;
    if headers.next().is_some() {
        return Err(INVALID);
    }
    let token = bare_token(value);
    if token.is_empty() { Err(TokenFault::Missing) } else { Ok(token) }
}

/// The token of an `Authorization` header: the classic clients send it bare, the others behind `Bearer` (RFC 6750; the
/// scheme's case does not matter, RFC 9110, 11.1).
fn bare_token(value: &str) -> &str {
    let value = value.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        None if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use miniter_service::{AppGrant, AppId, Scope};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_grant_with_too_few_scopes_is_not_enough() {
        let required = Scopes::of(&[Scope::WriteStatuses]);
        let grant = |scopes| AnyGrant::User(Grant { user: UserId::new(7), app: None, scopes });
        for access in [Access::Scopes(required), Access::Token(required)] {
            let refused = require(grant(Scopes::of(&[Scope::Read])), access);
            assert!(matches!(refused, Err(Failure::MissingScope(missing)) if missing == required));
            for scopes in [required, Scopes::of(&[Scope::Write]), Scopes::ALL] {
                assert!(require(grant(scopes), access).is_ok(), "{scopes}");
            }
        }
    }

    #[test]
    fn an_applications_own_grant_is_no_users() {
        let (read, write) = (Scopes::of(&[Scope::Read]), Scopes::of(&[Scope::Write]));
        let grant = AnyGrant::App(AppGrant { app: AppId::new(1), scopes: read });
        assert!(require(grant, Access::Token(read)).is_ok());
        assert!(matches!(require(grant, Access::Token(write)), Err(Failure::MissingScope(_))));
        assert!(matches!(require(grant, Access::Scopes(write)), Err(Failure::MissingScope(_))));
        assert!(matches!(require(grant, Access::Scopes(read)), Err(Failure::UserRequired)));
    }

    #[test]
    fn a_token_may_be_bare_or_behind_bearer() {
        for value in ["a.b.c", "Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c", " a.b.c "] {
            assert_eq!(bare_token(value), "a.b.c", "{value:?}");
        }
        assert_eq!(bare_token("Bearer "), "");
        assert_eq!(bare_token("Basic a.b.c"), "Basic a.b.c");
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_header_a_token_is_a_part_of_it(value in r"(?i)( {0,2}(bearer|basic)? {0,2})?\PC{0,30}") {
            let token = bare_token(&value);
            prop_assert!(value.contains(token));
            prop_assert_eq!(token, token.trim());
        }
    }
}
