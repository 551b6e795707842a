//! Why a request is answered with an error, in every presentation.
//!
//! A handler, an extractor or the router fails with a [`Failure`]. It knows neither a status nor a text: a presentation has
//! one exhaustive `match` for that (`http::render`).

use std::error::Error;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, ResponseError};
use miniter_service::{Scopes, ServiceError};

/// A failure on its way to the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The use case refused or failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The request breaks off, or breaks a rule that has no variant of its own.
    #[error("the request cannot be understood")]
    BadRequest,
    /// The body is not what its media type says.
    #[error("the body is malformed: {note}")]
    MalformedBody {
        /// What the parser says. It may quote the body.
        note: String,
    },
    /// The body lacks a field, or has one of the wrong type.
    #[error("the body does not fit: {note}")]
    UnfitBody {
        /// What the parser says. It may quote the body.
        note: String,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// The body has more bytes than its endpoint takes.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body has a media type or a coding that its endpoint does not take.
    #[error("the media type is not supported")]
    UnsupportedMediaType,
    /// The query string cannot be read.
    #[error("the query string is malformed")]
    InvalidQuery,
    /// The size of a page is no number from 1.
    #[error("the limit is invalid")]
    InvalidLimit,
    /// There is no access token.
    #[error("the access token is missing")]
    TokenMissing,
    /// The access token is none of ours, or not valid any more.
    #[error("the access token is invalid")]
    TokenInvalid,
    /// The access token was good once.
    #[error("the access token has expired")]
    TokenExpired,
    /// The access token does not allow all of this.
    #[error("the access token lacks a scope of: {0}")]
    MissingScope(Scopes),
    /// The access token is an application's own, and the endpoint needs a user.
    #[error("the access token has no user")]
    UserRequired,
    /// There is nothing at this address.
    #[error("there is nothing here")]
    NotFound,
    /// The address does not take this method.
    #[error("the method is not allowed")]
    MethodNotAllowed {
        /// The methods that it takes, for the header of this name.
        allow: HeaderValue,
    },
    /// The caller has called too often.
    #[error("the rate limit is exhausted")]
    RateLimited {
        /// After which time there is another call.
        retry_after: Duration,
    },
    /// There is no room: no permit within the queue timeout, or no memory.
    #[error("overloaded")]
    Overloaded,
    /// The node is about to stop.
    #[error("draining")]
    Draining,
    /// A middleware of a library refused, and tells no more than this status.
    #[error("refused with {0}")]
    Status(StatusCode),
}

impl Failure {
    /// A fault on our side. Only the log gets the cause.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ServiceError::Internal(cause.into()).into()
    }

    /// The database cannot answer now. Only the log gets the cause.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        ServiceError::Unavailable(cause.into()).into()
    }

    /// The same cause for the log, and "not now" for the client.
    pub(crate) fn into_unavailable(self) -> Self {
        if let Self::Service(ServiceError::Unavailable(cause) | ServiceError::Internal(cause)) = self {
            Self::unavailable(cause)
        } else {
            Self::Overloaded
        }
    }

    /// After which time another try may succeed, where that is known.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        if let Self::RateLimited { retry_after }
        | Self::Service(ServiceError::TooManyFailures { retry_after }) = self
        {
            Some(*retry_after)
        } else {
            None
        }
    }

    /// The causes in turn, in one line for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        let (mut texts, mut next) = (Vec::new(), self.source());
        while let Some(error) = next {
            texts.push(error.to_string());
            next = error.source();
        }
        (!texts.is_empty()).then(|| texts.join(": "))
    }
}

/// Only what actix asks for: `http::render` writes the answer.
impl ResponseError for Failure {
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::RepositoryError;

    use super::*;

    #[test]
    fn the_log_gets_the_whole_chain_of_causes() {
        let backend = || RepositoryError::Backend(Box::new(std::io::Error::other("disk on fire")));
        assert_eq!(Failure::internal(backend()).causes().unwrap(), "the database failed: disk on fire");
        assert_eq!(
            Failure::internal(backend()).into_unavailable().causes().unwrap(),
            "the database failed: disk on fire"
        );
        assert_eq!(Failure::NotFound.causes(), None);
    }
}
