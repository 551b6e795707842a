//! Every failure, as `{"error": …}`.
//!
//! Clients compare some of the texts, and take a status other than 404 for a fault where a server lacks a route. So what is not
//! built is 404, also with another method.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{HttpRequest, HttpResponse};
use miniter_domain::DomainError;
use miniter_service::{OAuthError, ServiceError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::failure::Failure;

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Error<'a> {
    /// What went wrong, in English.
    #[schema(example = "Record not found")]
    error: Cow<'a, str>,
    /// More about it, where `error` is a name of OAuth (RFC 6749, 5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
}

/// A status and its text.
type Verdict<'a> = (StatusCode, Cow<'a, str>);

/// Writes a failure.
pub(crate) fn render(failure: &Failure, _: &HttpRequest, _: &str) -> HttpResponse {
    let (status, error) = verdict(failure);
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6750; a 401 must name a scheme (RFC 9110, 15.5.2).
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    let error_description = if let Failure::Service(ServiceError::OAuth(refusal)) = failure {
        Some(refusal.to_string())
    } else {
        None
    };
    response.json(Error { error, error_description })
}

fn verdict(failure: &Failure) -> Verdict<'_> {
    match failure {
        Failure::Service(error) => of_service_error(error),
        Failure::BadRequest => (StatusCode::BAD_REQUEST, "Bad request".into()),
        Failure::MalformedBody { note } => (StatusCode::BAD_REQUEST, format!("Bad request: {note}").into()),
        Failure::UnfitBody { note } => invalid(note),
        Failure::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time".into()),
        Failure::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large".into()),
        Failure::UnsupportedMediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON, a form or multipart/form-data, without a content encoding".into(),
        ),
        Failure::InvalidQuery => {
            (StatusCode::BAD_REQUEST, "Bad request: the query string is malformed".into())
        }
        Failure::InvalidLimit => (StatusCode::BAD_REQUEST, "Bad request: the limit is invalid".into()),
        Failure::TokenMissing | Failure::TokenInvalid | Failure::TokenExpired => token_invalid(),
        Failure::MissingScope(_) => {
            (StatusCode::FORBIDDEN, "This action is outside the authorized scopes".into())
        }
        Failure::UserRequired => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This method requires an authenticated user".into())
        }
        Failure::NotFound | Failure::MethodNotAllowed { .. } => not_found(),
        Failure::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "Too many requests".into()),
        Failure::Overloaded | Failure::Draining => unavailable(),
        Failure::Status(status) => {
            (*status, status.canonical_reason().unwrap_or("The request was refused").into())
        }
    }
}

fn of_service_error(error: &ServiceError) -> Verdict<'_> {
    match error {
        ServiceError::Invalid(error) => of_domain_error(*error),
        ServiceError::UsernameTaken => invalid("Username has already been taken"),
        ServiceError::EmailTaken => invalid("Email has already been taken"),
        ServiceError::RegistrationClosed => {
            (StatusCode::FORBIDDEN, "Nobody can sign up on this server at the moment".into())
        }
        ServiceError::InvalidCredentials => {
            (StatusCode::UNAUTHORIZED, "Invalid e-mail address or password".into())
        }
        ServiceError::WrongPassword => invalid("The password is wrong"),
        ServiceError::TooManyFailures { .. } => (StatusCode::TOO_MANY_REQUESTS, "Too many requests".into()),
        ServiceError::IdempotencyKeyReused => {
            invalid("This Idempotency-Key came with another request before")
        }
        ServiceError::Unauthenticated => token_invalid(),
        ServiceError::OAuth(refusal) => (of_refusal(*refusal), refusal.code().into()),
        ServiceError::UserNotFound
        | ServiceError::StatusNotFound
        | ServiceError::NotificationNotFound
        | ServiceError::RequestNotFound => not_found(),
        ServiceError::InReplyToNotFound => {
            (StatusCode::NOT_FOUND, "The post you are trying to reply to does not appear to exist.".into())
        }
        ServiceError::Forbidden | ServiceError::Blocked => {
            (StatusCode::FORBIDDEN, "This action is not allowed".into())
        }
        ServiceError::Unavailable(_) => unavailable(),
        ServiceError::Internal(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side".into())
        }
    }
}

/// The status that OAuth gives a refusal (RFC 6749, 5.2).
pub(super) fn of_refusal(refusal: OAuthError) -> StatusCode {
    match refusal {
        OAuthError::InvalidClient => StatusCode::UNAUTHORIZED,
        OAuthError::UnauthorizedClient | OAuthError::AccessDenied => StatusCode::FORBIDDEN,
        OAuthError::InvalidRequest(_)
        | OAuthError::InvalidGrant
        | OAuthError::InvalidScope
        | OAuthError::UnsupportedGrantType
        | OAuthError::UnsupportedResponseType => StatusCode::BAD_REQUEST,
    }
}

fn of_domain_error(error: DomainError) -> Verdict<'static> {
    invalid(match error {
        DomainError::InvalidName => {
            "Display name must have 1 to 255 characters, at least one of them visible"
        }
        DomainError::InvalidEmail => "Email is invalid",
        DomainError::ProfileTooLong => "Note is too long (maximum is 2000 characters)",
        DomainError::PasswordTooShort => "Password is too short (minimum is 8 characters)",
        DomainError::PasswordTooLong => "Password is too long (maximum is 128 characters)",
        DomainError::TweetEmpty => "Text can't be blank",
        DomainError::TweetTooLong => "Text character limit of 300 exceeded",
        DomainError::NulCharacter => "Text must not contain the character U+0000",
        DomainError::InvalidProfileField => {
            "Profile fields need a visible name, and at most 255 characters in name and value"
        }
        DomainError::TooManyProfileFields => "A profile has at most 4 fields",
        // They stand in paths, or name another account or status: there is none of this name.
        DomainError::InvalidUserId | DomainError::InvalidTweetId => return not_found(),
        DomainError::InvalidIdempotencyKey => "Idempotency-Key must have 1 to 255 characters",
        DomainError::InvalidUsername => {
            "Username must have 1 to 30 characters: letters, numbers and underscores"
        }
        DomainError::ReservedUsername => "Username is reserved",
        DomainError::InvalidAccountNote => "Comment is too long (maximum is 2000 characters)",
        DomainError::FollowSelf => "You cannot follow yourself",
        DomainError::NotPinnable => "Only your own posts that are not direct can be pinned",
        DomainError::TooManyPins => "You have already pinned the maximum number of posts",
        DomainError::InvalidAppName => "Name must have 1 to 60 characters, at least one of them visible",
        DomainError::InvalidWebsite => "Website must be a valid URL",
        DomainError::InvalidRedirectUri => "Redirect URI must be an absolute URI without a fragment",
        DomainError::InvalidScopes => "Scopes doesn't match configured on the server.",
    })
}

fn invalid<'a>(what: &str) -> Verdict<'a> {
    (StatusCode::UNPROCESSABLE_ENTITY, format!("Validation failed: {what}").into())
}

fn not_found() -> Verdict<'static> {
    (StatusCode::NOT_FOUND, "Record not found".into())
}

fn token_invalid() -> Verdict<'static> {
    (StatusCode::UNAUTHORIZED, "The access token is invalid".into())
}

fn unavailable() -> Verdict<'static> {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The server cannot answer just now. Please try again in a moment".into(),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::body::to_bytes;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use miniter_service::{Scope, Scopes};
    use serde_json::{Value, json};

    use super::*;

    #[actix_web::test]
    async fn a_failure_has_the_status_and_the_text_that_clients_know() {
        let request = TestRequest::default().to_http_request();
        for (failure, status, error) in [
            (Failure::TokenMissing, 401, "The access token is invalid"),
            (Failure::TokenExpired, 401, "The access token is invalid"),
            (ServiceError::Unauthenticated.into(), 401, "The access token is invalid"),
            (
                Failure::MissingScope(Scopes::of(&[Scope::Read])),
                403,
                "This action is outside the authorized scopes",
            ),
            (Failure::NotFound, 404, "Record not found"),
            (Failure::MethodNotAllowed { allow: HeaderValue::from_static("GET") }, 404, "Record not found"),
            (ServiceError::UserNotFound.into(), 404, "Record not found"),
            (ServiceError::from(DomainError::InvalidTweetId).into(), 404, "Record not found"),
            (
                ServiceError::from(DomainError::TweetTooLong).into(),
                422,
                "Validation failed: Text character limit of 300 exceeded",
            ),
            (Failure::UnfitBody { note: "a".into() }, 422, "Validation failed: a"),
            (Failure::RateLimited { retry_after: Duration::from_secs(1) }, 429, "Too many requests"),
            (Failure::internal("secret"), 500, "Something went wrong on our side"),
            (Failure::Overloaded, 503, "The server cannot answer just now. Please try again in a moment"),
        ] {
            let response = render(&failure, &request, "id");
            assert_eq!(response.status(), status, "{failure}");
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), status == 401, "{failure}");
            let body = to_bytes(response.into_body()).await.unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({"error": error}));
        }
    }
}
