//! Who is asking.

use std::future::{Ready, ready};

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev, web};
use miniter_domain::UserId;
use miniter_service::TokenError;

use crate::http::problem::{ApiError, Code};
use crate::state::State;

/// The user whose token came with the request. That they still exist, the use case finds out.
pub(crate) struct Actor(pub(crate) UserId);

impl FromRequest for Actor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut dev::Payload) -> Self::Future {
        ready(authenticate(request).map(|user| {
            // For the log.
            request.extensions_mut().insert(user);
            Self(user)
        }))
    }
}

fn authenticate(request: &HttpRequest) -> Result<UserId, ApiError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let value = headers.next().ok_or(Code::TokenMissing)?.to_str().map_err(|_| Code::TokenInvalid)?;
    if headers.next().is_some() {
        return Err(Code::TokenInvalid.into());
    }
    let token = bare_token(value);
    if token.is_empty() {
        return Err(Code::TokenMissing.into());
    }
    let state: &web::Data<State> = request.app_data().ok_or(Code::Internal)?;
    state.services.tokens.verify(token).map_err(|error| match error {
        TokenError::Expired => Code::TokenExpired.into(),
        TokenError::Invalid => Code::TokenInvalid.into(),
    })
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
    use super::*;

    #[test]
    fn a_token_may_be_bare_or_behind_bearer() {
        for value in ["a.b.c", "Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c", " a.b.c "] {
            assert_eq!(bare_token(value), "a.b.c", "{value:?}");
        }
        assert_eq!(bare_token("Bearer "), "");
        assert_eq!(bare_token("Basic a.b.c"), "Basic a.b.c");
    }
}
