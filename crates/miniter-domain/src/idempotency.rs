//! Requests that a client may send again without knowing what became of the first.

use std::time::Duration;

use crate::DomainError;
use crate::user::is_longer_than;

/// What a client calls a request by, so that it has its effect once, however often it is sent. Opaque.
/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The longest key, in Unicode code points.
    pub const MAX_CHARS: usize = 255;

    /// How long a key means the request that it came with. After that it is new again.
    pub const KEPT: Duration = Duration::from_hours(24);

    /// Takes a key: any text of 1 to [`Self::MAX_CHARS`] code points.
    ///
    /// # Errors
    /// [`DomainError::InvalidIdempotencyKey`].
    pub fn parse(text: String) -> Result<Self, DomainError> {
        if text.is_empty() || is_longer_than(&text, Self::MAX_CHARS) {
            return Err(DomainError::InvalidIdempotencyKey);
        }
        Ok(Self(text))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a request with a key is known again by: digests, since keys and texts can be long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// That of the key.
    pub key: [u8; 32],
    /// That of what was to be written. The same key with another one is a mistake of the client.
    pub text: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_any_text_of_1_to_255_characters() {
        for text in ["x", " ", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"키".repeat(255)] {
            assert_eq!(IdempotencyKey::parse(text.to_owned()).unwrap().as_str(), text);
        }
        for text in ["", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(text.to_owned()), Err(DomainError::InvalidIdempotencyKey));
        }
    }
}
