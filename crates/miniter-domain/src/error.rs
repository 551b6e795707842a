//! What can go wrong with a value, and with the database behind a repository.

use std::error::Error;

/// A value breaks a rule of the domain. The messages are for developers; a presentation words its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// A name has no visible character, or more characters than [`UserName::MAX_CHARS`](crate::UserName::MAX_CHARS).
    #[error("a name has 1 to 255 characters, at least one of them visible")]
    InvalidName,
    /// An address is not what [`Email::parse`](crate::Email::parse) takes.
    #[error("an e-mail address has at most 255 ASCII characters and one @ between non-empty parts")]
    InvalidEmail,
    /// A profile has more than [`Profile::MAX_CHARS`](crate::Profile::MAX_CHARS).
    #[error("a profile has at most 2000 characters")]
    ProfileTooLong,
    /// A password is shorter than [`Password::MIN_CHARS`](crate::Password::MIN_CHARS).
    #[error("a password has at least 8 characters")]
    PasswordTooShort,
    /// A password is longer than [`Password::MAX_CHARS`](crate::Password::MAX_CHARS).
    #[error("a password has at most 128 characters")]
    PasswordTooLong,
    /// A tweet has no visible character.
    #[error("a tweet has at least one visible character")]
    TweetEmpty,
    /// A tweet has more than [`TweetText::MAX_CHARS`](crate::TweetText::MAX_CHARS), or is longer than a
    /// [`StatusText`](crate::StatusText) may be.
    #[error("a tweet has at most 300 characters")]
    TweetTooLong,
    /// A text contains the character U+0000.
    #[error("a text does not contain the character U+0000")]
    NulCharacter,
    /// A field of a profile has no visible name, or a part that is longer than
    /// [`ProfileField::MAX_CHARS`](crate::ProfileField::MAX_CHARS) or contains U+0000.
    #[error("a profile field has a visible name, and at most 255 characters in name and value")]
    InvalidProfileField,
    /// A profile has more fields than [`ProfileFields::MAX`](crate::ProfileFields::MAX).
    #[error("a profile has at most 4 fields")]
    TooManyProfileFields,
    /// A user id is not a number in ASCII digits that fits 63 bits.
    #[error("a user id is a number in ASCII digits")]
    InvalidUserId,
    /// A tweet id is not a number in ASCII digits that fits 63 bits.
    #[error("a tweet id is a number in ASCII digits")]
    InvalidTweetId,
    /// An idempotency key has no characters or more than [`IdempotencyKey::MAX_CHARS`](crate::IdempotencyKey::MAX_CHARS).
    #[error("an idempotency key has 1 to 255 characters")]
    InvalidIdempotencyKey,
    /// The name of an application has no visible character, or more than
    /// [`AppName::MAX_CHARS`](crate::AppName::MAX_CHARS).
    #[error("the name of an application has 1 to 60 characters, at least one of them visible")]
    InvalidAppName,
    /// The page of an application is not what [`Website::parse`](crate::Website::parse) takes.
    #[error("a website is an address that begins with http:// or https://")]
    InvalidWebsite,
    /// An address is not what [`RedirectUri::parse`](crate::RedirectUri::parse) takes, or there is none, or too many.
    #[error("a redirect URI is an address with a scheme and without a fragment")]
    InvalidRedirectUri,
    /// One of the scopes that an application wants is none.
    #[error("there is no such scope")]
    InvalidScopes,
    /// A status is another's, or only the accounts that it mentions may see it: it cannot be pinned.
    #[error("only an own status that is not direct can be pinned")]
    NotPinnable,
    /// A profile has [`MOST_PINS`](crate::MOST_PINS) statuses at its top.
    #[error("a profile has at most 5 statuses at its top")]
    TooManyPins,
    /// A username is not what [`Username::parse`](crate::Username::parse) takes.
    #[error("a username has 1 to 30 characters: ASCII letters, digits and underscores")]
    InvalidUsername,
    /// A username has the form that stands for accounts without a chosen one.
    #[error("a username is not `user` with a number after it")]
    ReservedUsername,
    /// A note about an account has more than [`AccountNote::MAX_CHARS`](crate::AccountNote::MAX_CHARS), or U+0000.
    #[error("a note about an account has at most 2000 characters, none of them U+0000")]
    InvalidAccountNote,
    /// A user cannot follow themselves.
    #[error("nobody can follow themselves")]
    FollowSelf,
}

/// Why a repository could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// A unique value is taken: there is such a row already. Nothing was written.
    #[error("a row with this value exists")]
    Taken,
    /// The idempotency key came with another body before. Nothing was written.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// Another program has used the id that was drawn. Nothing was written; the same call draws another one.
    #[error("the id that was drawn is taken")]
    IdTaken,
    /// A row that the new one refers to does not exist. Nothing was written.
    #[error("a row that is referred to does not exist")]
    MissingReference,
    /// The database is out of reach, locked or full just now; the same call may succeed later. Nothing was written, unless the
    /// connection broke at the very commit: that cannot be known then.
    #[error("the database cannot answer now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else: a fault of the database or of this program.
    #[error("the database failed")]
    Backend(#[source] Box<dyn Error + Send + Sync>),
}
