//! What a use case answers, as a problem of the classic API.

use miniter_domain::DomainError;
use miniter_service::ServiceError;

use crate::http::problem::{ApiError, Code};

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Invalid(error) => error.into(),
            ServiceError::EmailTaken => Code::EmailTaken.into(),
            ServiceError::InvalidCredentials => Code::InvalidCredentials.into(),
            ServiceError::WrongPassword => Code::WrongPassword.into(),
            ServiceError::TooManyFailures { retry_after } => {
                Self::from(Code::TooManyFailures).with_retry_after(retry_after)
            }
            ServiceError::IdempotencyKeyReused => Code::IdempotencyKeyReused.into(),
            ServiceError::Unauthenticated => Code::TokenInvalid.into(),
            ServiceError::UserNotFound => Code::UserNotFound.into(),
            ServiceError::Unavailable(cause) => Self::from(Code::Unavailable).with_cause(cause),
            ServiceError::Internal(cause) => Self::from(Code::Internal).with_cause(cause),
        }
    }
}

impl From<DomainError> for ApiError {
    fn from(error: DomainError) -> Self {
        match error {
            DomainError::InvalidName => Code::InvalidName,
            DomainError::InvalidEmail => Code::InvalidEmail,
            DomainError::ProfileTooLong => Code::ProfileTooLong,
            DomainError::PasswordTooShort => Code::PasswordTooShort,
            DomainError::PasswordTooLong => Code::PasswordTooLong,
            DomainError::TweetEmpty => Code::TweetEmpty,
            DomainError::TweetTooLong => Code::TweetTooLong,
            DomainError::InvalidUserId => Code::InvalidUserId,
            DomainError::InvalidTweetId => Code::InvalidCursor,
            DomainError::InvalidIdempotencyKey => Code::InvalidIdempotencyKey,
            DomainError::FollowSelf => Code::FollowSelf,
        }
        .into()
    }
}
