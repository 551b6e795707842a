//! The session of a person in a browser, while an application asks for consent: a signed cookie.
//!
//! Nothing of it is stored. It lasts for an hour at most, and ends with the version of the tokens that it was begun under. Its key is
//! derived from the one for tokens, so that neither can be taken for the other.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake2::{Blake2s256, Digest};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use miniter_domain::{Clock, TokenVersion, UserId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::error::ServiceError;
use crate::oauth::new_secret;
use crate::token::{Bearer, TokenSecret};

/// How long a session lasts, in seconds.
const LIFETIME: i64 = 3_600;

/// The longest cookie that is looked at, in bytes. Ours have some 250.
const MAX_BYTES: usize = 1_024;

/// What the cookie says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserSession {
    /// A random text, another one in each session: what the tokens of its forms are made of.
    nonce: String,
    /// Who has logged in, and under which version of their tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<(i64, i64)>,
    /// Seconds since 1970 from which on it is void.
    exp: i64,
}

impl BrowserSession {
    /// Who has logged in. Whether that still counts, [`Sessions`](crate::Sessions) finds out.
    #[must_use]
    pub fn bearer(&self) -> Option<Bearer> {
        let (user, version) = self.person?;
        Some(Bearer { user: UserId::new(user), version: TokenVersion::new(version) })
    }

    /// What each form of the session holds: a page of another site cannot know it, and so cannot send the form (CSRF).
    #[must_use]
    pub fn form_token(&self) -> String {
        let digest = Blake2s256::new().chain_update(b"form:").chain_update(&self.nonce).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// Whether a form that was sent is one of the session.
    #[must_use]
    pub fn has_form_token(&self, token: &str) -> bool {
        self.form_token().as_bytes().ct_eq(token.as_bytes()).into()
    }
}

/// Begins sessions in browsers, and recognizes them.
pub struct BrowserSessions {
    signing: EncodingKey,
    /// The current key first, then those that are being phased out.
    verifying: Vec<DecodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl BrowserSessions {
    /// Signs with a key that is derived from `secret`; accepts what was signed with it or with those of `previous`.
    #[must_use]
    pub fn new(secret: &TokenSecret, previous: &[TokenSecret], clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Compared below, with a clock that tests can set.
        validation.validate_exp = false;
        Self {
            signing: EncodingKey::from_secret(&key(secret)),
            verifying: std::iter::once(secret)
                .chain(previous)
                .map(|secret| DecodingKey::from_secret(&key(secret)))
                .collect(),
            validation,
            clock,
        }
    }

    /// A new session, of a person who has logged in or of one who has not yet.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] if the system has no random numbers.
    pub fn begin(&self, person: Option<Bearer>) -> Result<BrowserSession, ServiceError> {
        let person = person.map(|bearer| (bearer.user.get(), bearer.version.get()));
        let exp = self.clock.now().timestamp().saturating_add(LIFETIME);
        Ok(BrowserSession { nonce: new_secret()?, person, exp })
    }

    /// The value of the cookie.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] if it cannot be signed, which no input causes.
    pub fn seal(&self, session: &BrowserSession) -> Result<String, ServiceError> {
        encode(&Header::new(Algorithm::HS256), session, &self.signing)
            .map_err(|error| ServiceError::Internal(error.into()))
    }

    /// The session of a cookie. `None` if it is none of ours, or has ended.
    #[must_use]
    pub fn open(&self, cookie: &str) -> Option<BrowserSession> {
        if cookie.len() > MAX_BYTES {
            return None;
        }
        let now = self.clock.now().timestamp();
        let opened = self.verifying.iter().find_map(|key| {
            decode::<BrowserSession>(cookie, key, &self.validation).ok().map(|decoded| decoded.claims)
        });
        opened.filter(|session| session.exp > now)
    }
}

fn key(secret: &TokenSecret) -> [u8; 32] {
    Blake2s256::new()
        .chain_update(b"browser-session:")
        .chain_update(secret.0.expose_secret())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::tests::{FixedClock, tokens};

    const SONG: Bearer = Bearer { user: UserId::new(7), version: TokenVersion::new(3) };

    fn sessions(current: u8, previous: &[u8], now: i64) -> BrowserSessions {
        let secret = |byte: &u8| TokenSecret::new([*byte; 32]).unwrap();
        let previous: Vec<_> = previous.iter().map(secret).collect();
        BrowserSessions::new(&secret(&current), &previous, Arc::new(FixedClock::at(now)))
    }

    #[test]
    fn a_session_is_what_it_was_until_an_hour_has_passed() {
        let here = sessions(1, &[], 1_000);
        for person in [None, Some(SONG)] {
            let session = here.begin(person).unwrap();
            let cookie = here.seal(&session).unwrap();
            assert_eq!(session.bearer(), person);
            for (now, current, is_good) in
                [(1_000, 1, true), (4_599, 1, true), (4_600, 1, false), (1_000, 2, false)]
            {
                let opened = sessions(current, &[], now).open(&cookie);
                assert_eq!(opened.is_some(), is_good, "{now}");
                assert!(opened.is_none_or(|opened| opened == session));
            }
            assert!(sessions(2, &[3, 1], 1_000).open(&cookie).is_some(), "a key that is being phased out");
        }
    }

    #[test]
    fn a_cookie_is_no_token_and_a_token_is_no_cookie() {
        let here = sessions(1, &[], 1_000);
        let cookie = here.seal(&here.begin(Some(SONG)).unwrap()).unwrap();
        assert!(tokens().verify(&cookie).is_err());
        let token = tokens().issue(SONG.user, SONG.version).unwrap();
        assert!(tokens().verify(&token).is_ok());
        for other in [token.as_str(), "", "a.b.c", &cookie[..cookie.len() - 1], &"x".repeat(5_000)] {
            assert_eq!(here.open(other), None, "{other}");
        }
    }

    #[test]
    fn the_forms_of_a_session_are_its_own() {
        let here = sessions(1, &[], 1_000);
        let (one, another) = (here.begin(Some(SONG)).unwrap(), here.begin(Some(SONG)).unwrap());
        assert!(one.has_form_token(&one.form_token()));
        for token in ["", &another.form_token(), &one.form_token()[1..], &one.nonce] {
            assert!(!one.has_form_token(token), "{token}");
        }
    }
}
