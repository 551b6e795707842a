//! Who is asking.

use std::future::{Ready, ready};

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev};
use futures_util::future::{Either, FutureExt, LocalBoxFuture};
use miniter_domain::UserId;
use miniter_service::{Bearer, TokenError};

use crate::http::exchange::{Known, state_of};
use crate::http::freshness;
use crate::http::problem::{ApiError, Code};
use crate::state::State;

/// The user whose token came with the request, unless they have ended their sessions since. That they still exist, the use
/// case finds out.
pub(crate) struct Actor(pub(crate) UserId);

impl FromRequest for Actor {
    type Error = ApiError;
    type Future = Either<Ready<Result<Self, ApiError>>, LocalBoxFuture<'static, Result<Self, ApiError>>>;

    fn from_request(request: &HttpRequest, _payload: &mut dev::Payload) -> Self::Future {
        let accept = |request: &HttpRequest, user| {
            if let Some(known) = request.extensions_mut().get_mut::<Known>() {
                known.user = Some(user);
            }
            Self(user)
        };
        let Some(state) = state_of(request) else {
            return Either::Left(ready(Err(Code::Internal.into())));
        };
        let asked = request.extensions_mut().get_mut::<Known>().and_then(|known| known.authenticated.take());
        if let Some(authenticated) = asked {
            return Either::Left(ready(authenticated.map(|user| accept(request, user))));
        }
        let (request, state) = (request.clone(), state.clone());
        Either::Right(
            async move { Ok(accept(&request, authenticate(&request, &state).await?)) }.boxed_local(),
        )
    }
}

/// The user whose token came with the request, unless they have ended their sessions since.
async fn authenticate(request: &HttpRequest, state: &State) -> Result<UserId, ApiError> {
    let bearer = identify(request, state)?;
    freshness::check(request, state).await?;
    Ok(state.services.sessions.authenticate(bearer)?)
}

/// The user to whom a call counts: who shows a token that is known to be good. What is found out for that, [`Actor`] need
/// not ask again.
///
/// A token that may be void counts for nobody: else whoever has one could use up what its owner may do.
pub(crate) async fn caller(request: &HttpRequest, state: &State) -> Option<UserId> {
    let authenticated = authenticate(request, state).await;
    let user = authenticated.as_ref().ok().copied();
    if let Some(known) = request.extensions_mut().get_mut::<Known>() {
        known.authenticated = Some(authenticated);
    }
    user
}

/// Who shows the token that came with the request. It is looked at once.
fn identify(request: &HttpRequest, state: &State) -> Result<Bearer, Code> {
    let known = request.extensions().get::<Known>().and_then(|known| known.identified);
    if let Some(identified) = known {
        return identified;
    }
    let identified = token_of(request).and_then(|token| {
        state.services.sessions.identify(token).map_err(|error| match error {
            TokenError::Expired => Code::TokenExpired,
            TokenError::Invalid => Code::TokenInvalid,
        })
    });
    if let Some(known) = request.extensions_mut().get_mut::<Known>() {
        known.identified = Some(identified);
    }
    identified
}

/// The token that came with the request, whatever it is.
pub(crate) fn token_of(request: &HttpRequest) -> Result<&str, Code> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let value = headers.next().ok_or(Code::TokenMissing)?.to_str().map_err(|_| Code::TokenInvalid)?;
    if headers.next().is_some() {
        return Err(Code::TokenInvalid);
    }
    let token = bare_token(value);
    if token.is_empty() { Err(Code::TokenMissing) } else { Ok(token) }
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
    use proptest::prelude::*;

    use super::*;

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
