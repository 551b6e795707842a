//! What a use case can answer other than success.

use std::error::Error;
use std::time::Duration;

use miniter_domain::{DomainError, RepositoryError};

use crate::oauth::OAuthError;

/// Why a use case was refused or failed. Nothing was written, but for what is said at `Unavailable`.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] DomainError),
    /// Another account has this e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The operator lets nobody sign up.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Another account has this username.
    #[error("the username is taken")]
    UsernameTaken,
    /// There is no such e-mail address, or the password is not its owner's; which one is not told.
    #[error("wrong e-mail address or password")]
    InvalidCredentials,
    /// The password that was to be changed is another one.
    #[error("wrong password")]
    WrongPassword,
    /// Too many wrong passwords were given for this account.
    #[error("too many wrong passwords")]
    TooManyFailures {
        /// After which time another one may be tried.
        retry_after: Duration,
    },
    /// The idempotency key of this request came with another text before.
    #[error("the idempotency key is used for another text")]
    IdempotencyKeyReused,
    /// The user on whose behalf this was asked does not exist any more.
    #[error("the acting user does not exist")]
    Unauthenticated,
    /// The user whom this is about does not exist.
    #[error("there is no such user")]
    UserNotFound,
    /// An application has asked for what the protocol does not allow.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// The status that this is about does not exist, or the viewer may not see it.
    #[error("there is no such status")]
    StatusNotFound,
    /// The status that is to be replied to does not exist, or the author may not see it.
    #[error("there is no such status to reply to")]
    InReplyToNotFound,
    /// The notification that this is about does not exist, or is not the actor's.
    #[error("there is no such notification")]
    NotificationNotFound,
    /// The actor sees the status, but may not do this with it.
    #[error("the actor may not do this")]
    Forbidden,
    /// One of the two accounts has blocked the other.
    #[error("one of the accounts has blocked the other")]
    Blocked,
    /// There is no such request to follow.
    #[error("there is no such request")]
    RequestNotFound,
    /// The database cannot answer now; the same request may succeed later. If the connection broke at the very commit, what
    /// was asked may have been done.
    #[error("temporarily unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A fault on our side.
    #[error("internal fault")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<RepositoryError> for ServiceError {
    /// For calls in which `Taken`, `KeyReused` and `MissingReference` have no meaning of their own: there they are faults.
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Unavailable(cause) => Self::Unavailable(cause),
            RepositoryError::IdTaken => Self::Unavailable(error.into()),
            RepositoryError::Backend(cause) => Self::Internal(cause),
            RepositoryError::Taken | RepositoryError::KeyReused | RepositoryError::MissingReference => {
                Self::Internal(error.into())
            }
        }
    }
}
