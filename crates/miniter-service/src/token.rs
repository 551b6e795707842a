//! Access tokens: JSON Web Tokens (RFC 7519), HS256.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, TokenData, Validation, decode, encode};
use lru::LruCache;
use miniter_domain::{Clock, TokenVersion, UserId};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use crate::error::ServiceError;

/// How far ahead of ours another node's clock may be, in seconds.
const MAX_SKEW_SECONDS: i64 = 5;

/// The longest token that is looked at, in bytes. Ours have some 170.
const MAX_BYTES: usize = 1_024;

/// The key that tokens are signed with.
pub struct TokenSecret(pub(crate) SecretSlice<u8>);

/// A secret has fewer bytes than [`TokenSecret::MIN_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token secret needs at least 32 bytes, and this one has {0}")]
pub struct TokenSecretTooShort(usize);

impl TokenSecret {
    /// A key for HS256 has at least the size of its hash (RFC 7518, 3.2).
    pub const MIN_BYTES: usize = 32;

    /// Takes the bytes as they are.
    ///
    /// # Errors
    /// [`TokenSecretTooShort`] if there are fewer than [`Self::MIN_BYTES`].
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, TokenSecretTooShort> {
        let bytes = bytes.into();
        if bytes.len() < Self::MIN_BYTES {
            Err(TokenSecretTooShort(bytes.len()))
        } else {
            Ok(Self(bytes.into()))
        }
    }
}

/// How many tokens are remembered that were found to be ours.
const MOST_VERIFIED: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();

/// The longest token that is remembered, in bytes.
const MAX_VERIFIED_BYTES: usize = 256;

/// What a token says. Unknown claims are ignored.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Claims {
    user_id: i64,
    /// Seconds since 1970 from which on the token is void. Required.
    exp: i64,
    /// Seconds since 1970 at which it was issued. Older servers left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// The version of the user's tokens. Older servers had none, which is the first.
    #[serde(default)]
    ver: i64,
}

/// Who shows a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// Whom it was issued to.
    pub user: UserId,
    /// Which of their versions it has.
    pub version: TokenVersion,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It is not one of ours.
    #[error("the token is not valid")]
    Invalid,
}

/// Issues and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    /// The current secret first, then those that are being phased out.
    verifying: Vec<DecodingKey>,
    validation: Validation,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
    /// What those say that were verified lately. Only the time remains to be asked: a signature stays good.
    verified: Mutex<LruCache<Box<str>, Claims>>,
}

impl Tokens {
    /// Signs with `secret`; accepts tokens signed with it or with one of `previous`.
    #[must_use]
    pub fn new(
        secret: &TokenSecret,
        previous: &[TokenSecret],
        lifetime: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Compared below, with a clock that tests can set.
        validation.validate_exp = false;
        Self {
            signing: EncodingKey::from_secret(secret.0.expose_secret()),
            verifying: std::iter::once(secret)
                .chain(previous)
                .map(|secret| DecodingKey::from_secret(secret.0.expose_secret()))
                .collect(),
            validation,
            lifetime,
            clock,
            verified: Mutex::new(LruCache::new(MOST_VERIFIED)),
        }
    }

    /// A new token for `user`, whose tokens have this version.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] if it cannot be signed, which no input causes.
    pub fn issue(&self, user: UserId, version: TokenVersion) -> Result<String, ServiceError> {
        let now = self.clock.now().timestamp();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            user_id: user.get(),
            exp: now.saturating_add(lifetime),
            iat: Some(now),
            ver: version.get(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|error| ServiceError::Internal(error.into()))
    }

    /// Whose token it is. Whether it still counts, [`Sessions`](crate::Sessions) finds out.
    ///
    /// # Errors
    /// [`TokenError`]. A token is refused unless its algorithm is HS256, its signature is by one of our secrets, it has
    /// `user_id` and `exp`, `exp` is in the future and `iat`, where there is one, is not. Key hints in its header
    /// (`kid`, `jku`, `jwk`) are not looked at, and a header with `crit` is refused (RFC 7515, 4.1.11). What is longer than
    /// any token of ours is refused unread.
    pub fn verify(&self, token: &str) -> Result<Bearer, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Invalid);
        }
        let known = self.verified().get(token).copied();
        if let Some(claims) = known {
            return self.check(&claims);
        }
        for key in &self.verifying {
            match decode::<Claims>(token, key, &self.validation) {
                Ok(token) if token.header.crit.is_some() => break,
                Ok(TokenData { claims, .. }) => {
                    let bearer = self.check(&claims)?;
                    if token.len() <= MAX_VERIFIED_BYTES {
                        self.verified().put(token.into(), claims);
                    }
                    return Ok(bearer);
                }
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(_) => break,
            }
        }
        Err(TokenError::Invalid)
    }

    fn verified(&self) -> MutexGuard<'_, LruCache<Box<str>, Claims>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, claims: &Claims) -> Result<Bearer, TokenError> {
        let now = self.clock.now().timestamp();
        if claims.iat.is_some_and(|issued| issued > now.saturating_add(MAX_SKEW_SECONDS)) {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(Bearer { user: UserId::new(claims.user_id), version: TokenVersion::new(claims.ver) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::accounts::tests::FixedClock;

    const NOW: i64 = 1_800_000_000;

    /// A clock that is set.
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
        }
    }

    const SONG: Bearer = Bearer { user: UserId::new(7), version: TokenVersion::FIRST };

    fn secret(byte: u8) -> TokenSecret {
        TokenSecret::new([byte; 32]).unwrap()
    }

    fn tokens(current: &TokenSecret, previous: &[TokenSecret], now: i64) -> Tokens {
        Tokens::new(current, previous, Duration::from_hours(1), Arc::new(FixedClock::at(now)))
    }

    fn signed(algorithm: Algorithm, claims: &Value, secret: &TokenSecret) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.0.expose_secret())).unwrap()
    }

    #[test]
    fn a_token_speaks_for_its_user_until_it_expires() {
        let token = tokens(&secret(1), &[], NOW).issue(SONG.user, SONG.version).unwrap();
        for (later, outcome) in [
            (0, Ok(SONG)),
            (3_599, Ok(SONG)),
            (3_600, Err(TokenError::Expired)),
            (86_400, Err(TokenError::Expired)),
        ] {
            assert_eq!(tokens(&secret(1), &[], NOW + later).verify(&token), outcome, "after {later} s");
        }
    }

    #[test]
    fn a_token_that_is_remembered_expires_as_well_and_its_like_are_not_taken_for_it() {
        let clock = Arc::new(SetClock(AtomicI64::new(NOW)));
        let tokens = Tokens::new(&secret(1), &[], Duration::from_hours(1), clock.clone());
        let token = tokens.issue(SONG.user, SONG.version).unwrap();
        assert_eq!([tokens.verify(&token), tokens.verify(&token)], [Ok(SONG); 2]);
        assert_eq!(tokens.verified().len(), 1);
        let mut like = token.clone();
        like.push('A');
        assert_eq!(tokens.verify(&like), Err(TokenError::Invalid));
        assert_eq!(tokens.verify(&token[..token.len() - 1]), Err(TokenError::Invalid));
        clock.0.store(NOW + 3_600, Ordering::Relaxed);
        assert_eq!(tokens.verify(&token), Err(TokenError::Expired));
        assert_eq!(tokens.verified().len(), 1, "nothing is remembered of what was refused");
    }

    #[test]
    fn what_is_longer_than_a_token_is_not_looked_at() {
        let verify = |more: usize| {
            let claims = json!({"user_id": 7, "exp": NOW + 1, "more": "x".repeat(more)});
            tokens(&secret(1), &[], NOW).verify(&signed(Algorithm::HS256, &claims, &secret(1)))
        };
        assert_eq!((verify(500), verify(1_000)), (Ok(SONG), Err(TokenError::Invalid)));
    }

    #[test]
    fn a_previous_secret_is_accepted_and_not_signed_with() {
        let old = tokens(&secret(1), &[], NOW).issue(SONG.user, SONG.version).unwrap();
        let rotated = tokens(&secret(2), &[secret(3), secret(1)], NOW);
        assert_eq!(rotated.verify(&old), Ok(SONG));
        let new = rotated.issue(SONG.user, SONG.version).unwrap();
        assert_eq!(tokens(&secret(1), &[], NOW).verify(&new), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_of_an_older_server_without_iat_is_accepted() {
        let token = signed(Algorithm::HS256, &json!({"user_id": 7, "exp": NOW + 10}), &secret(1));
        assert_eq!(tokens(&secret(1), &[], NOW).verify(&token), Ok(SONG));
    }

    #[test]
    fn a_forged_token_is_refused() {
        let good = json!({"user_id": 7, "exp": NOW + 10, "iat": NOW});
        let whole = signed(Algorithm::HS256, &good, &secret(1));
        let parts: Vec<&str> = whole.split('.').collect();
        // {"alg":"none","typ":"JWT"}
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
        let mut critical = Header::new(Algorithm::HS256);
        critical.crit = Some(vec!["exp".into()]);
        for (what, token) in [
            ("empty", String::new()),
            ("no token at all", "garbage".into()),
            ("without a signature", format!("{}.{}.", parts[0], parts[1])),
            ("alg none", none.clone()),
            ("alg none, with the signature", format!("{none}{}", parts[2])),
            ("another key", signed(Algorithm::HS256, &good, &secret(9))),
            ("another algorithm", signed(Algorithm::HS512, &good, &secret(1))),
            ("truncated", whole[..whole.len() - 1].to_owned()),
            ("another payload", format!("{}.{}x.{}", parts[0], parts[1], parts[2])),
            ("no exp", signed(Algorithm::HS256, &json!({"user_id": 7}), &secret(1))),
            ("no user", signed(Algorithm::HS256, &json!({"exp": NOW + 10}), &secret(1))),
            (
                "exp a string",
                signed(Algorithm::HS256, &json!({"user_id": 7, "exp": "2100-01-01"}), &secret(1)),
            ),
            (
                "user a string",
                signed(Algorithm::HS256, &json!({"user_id": "7", "exp": NOW + 10}), &secret(1)),
            ),
            (
                "from the future",
                signed(
                    Algorithm::HS256,
                    &json!({"user_id": 7, "exp": NOW + 99, "iat": NOW + 60}),
                    &secret(1),
                ),
            ),
            (
                "a version that is no number",
                signed(Algorithm::HS256, &json!({"user_id": 7, "exp": NOW + 10, "ver": "0"}), &secret(1)),
            ),
            (
                "crit",
                encode(&critical, &good, &EncodingKey::from_secret(secret(1).0.expose_secret())).unwrap(),
            ),
        ] {
            assert_eq!(tokens(&secret(1), &[], NOW).verify(&token), Err(TokenError::Invalid), "{what}");
        }
        assert_eq!(tokens(&secret(1), &[], NOW).verify(&whole), Ok(SONG), "the one they are made from");
    }

    #[test]
    fn a_secret_has_at_least_32_bytes() {
        assert!(TokenSecret::new("x".repeat(31)).is_err());
        assert!(TokenSecret::new("x".repeat(32)).is_ok());
    }

    /// A header in whatever words, over the payload and the signature that belong to it.
    fn with_header(header: &Value, claims: &Value, secret: &TokenSecret) -> String {
        let part = |value: &Value| base64_url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(secret.0.expose_secret());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    /// RFC 4648, 5, without padding.
    fn base64_url(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits =
                chunk.iter().chain(&[0, 0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            for i in 0..=chunk.len() {
                text.push(char::from(LETTERS[(bits >> (18 - 6 * i) & 63) as usize]));
            }
        }
        text
    }

    #[test]
    fn what_the_header_says_of_keys_is_not_believed_and_no_other_algorithm_is() {
        let claims = json!({"user_id": 7, "exp": NOW + 10});
        let show = |header: &Value, secret: &TokenSecret| {
            tokens(&self::secret(1), &[], NOW).verify(&with_header(header, &claims, secret))
        };
        assert_eq!(show(&json!({"alg": "HS256", "typ": "JWT"}), &secret(1)), Ok(SONG));
        // Hints at keys change nothing: a token is as good as its signature by our secret.
        let attackers = json!({"kty": "oct", "k": base64_url(&[9; 32])});
        for hint in [
            json!({"kid": "../../dev/null"}),
            json!({"kid": "' OR 1=1"}),
            json!({"jku": "https://attacker.example/keys"}),
            json!({"x5u": "https://attacker.example/key"}),
            json!({"jwk": attackers}),
        ] {
            let mut header = json!({"alg": "HS256", "typ": "JWT"});
            header.as_object_mut().unwrap().extend(hint.as_object().unwrap().clone());
            assert_eq!(show(&header, &secret(9)), Err(TokenError::Invalid), "{header}");
        }
        for algorithm in [
            "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA",
            "hs256", "HS256 ",
        ] {
            let header = json!({"alg": algorithm, "typ": "JWT"});
            assert_eq!(show(&header, &secret(1)), Err(TokenError::Invalid), "{algorithm}");
        }
        for header in [json!({}), json!([]), json!("HS256"), json!({"alg": null}), json!({"alg": ["HS256"]})]
        {
            assert_eq!(show(&header, &secret(1)), Err(TokenError::Invalid), "{header}");
        }
        let empty = TokenSecret(Vec::new().into());
        assert_eq!(show(&json!({"alg": "HS256"}), &empty), Err(TokenError::Invalid), "an empty secret");
    }

    #[test]
    fn a_token_with_any_bit_flipped_or_any_end_cut_off_is_refused() {
        let token = tokens(&secret(1), &[], NOW).issue(SONG.user, SONG.version).unwrap();
        let tokens = tokens(&secret(1), &[], NOW);
        for length in 0..token.len() {
            assert_eq!(tokens.verify(&token[..length]), Err(TokenError::Invalid), "{length}");
        }
        for place in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let forged = String::from_utf8(bytes).unwrap();
                assert_eq!(tokens.verify(&forged), Err(TokenError::Invalid), "{forged}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_but_a_token_is_one(text in r"\PC{0,60}|[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,60}\.[A-Za-z0-9_-]{0,43}") {
            prop_assert_eq!(tokens(&secret(1), &[], NOW).verify(&text), Err(TokenError::Invalid));
        }

        #[test]
        fn claims_of_any_kind_are_read_or_refused(
            user in prop::sample::select(vec![json!(7), json!("7"), json!(7.5), json!(null), json!([7]), json!(u64::MAX)]),
            exp in any::<i64>(), iat in proptest::option::of(any::<i64>()), ver in any::<i64>(),
        ) {
            let claims = json!({"user_id": user, "exp": exp, "iat": iat, "ver": ver});
            let verified = tokens(&secret(1), &[], NOW).verify(&signed(Algorithm::HS256, &claims, &secret(1)));
            let is_good = user == json!(7) && exp > NOW && iat.is_none_or(|iat| iat <= NOW + MAX_SKEW_SECONDS);
            prop_assert_eq!(verified.is_ok(), is_good);
        }
    }
}
