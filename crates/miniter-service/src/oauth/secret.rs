//! Client ids, secrets, codes and tokens: 256 random bits each, of which only a digest is stored.
//!
//! The digest needs no salt and no slow function: nobody can try all random numbers of that size. It is what a database is asked for,
//! so that the time which a look-up takes tells nothing about the secret itself.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake2::{Blake2s256, Digest};
use miniter_domain::SecretDigest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::ServiceError;

/// How many characters a secret has.
const CHARS: usize = 43;

/// A new secret: letters, digits, `-` and `_`.
///
/// # Errors
/// [`ServiceError::Internal`] if the system has no random numbers.
pub(crate) fn new_secret() -> Result<String, ServiceError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ServiceError::Internal(Box::new(error)))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What a digest is of. No digest of one kind is one of another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    ClientSecret,
    Code,
    AccessToken,
}

/// The digest of a secret. `None` if the text can be none of ours.
pub(super) fn digest(kind: Kind, secret: &str) -> Option<SecretDigest> {
    let is_secret = secret.len() == CHARS
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let prefix: &[u8] = match kind {
        Kind::ClientSecret => b"client-secret:",
        Kind::Code => b"code:",
        Kind::AccessToken => b"access-token:",
    };
    is_secret
        .then(|| SecretDigest(Blake2s256::new().chain_update(prefix).chain_update(secret).finalize().into()))
}

/// The digest of an access token. `None` if the text can be none of ours.
pub(crate) fn digest_of_token(token: &str) -> Option<SecretDigest> {
    digest(Kind::AccessToken, token)
}

/// Whether this is the secret behind a stored digest. Takes the same time for each secret.
pub(super) fn is_secret_of(secret: &str, stored: &SecretDigest) -> bool {
    digest(Kind::ClientSecret, secret).is_some_and(|digest| digest.0.ct_eq(&stored.0).into())
}

/// Reads a challenge (RFC 7636, 4.2): a SHA-256 digest.
pub(super) fn parse_challenge(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Whether this is the verifier behind a challenge (RFC 7636, 4.6).
pub(super) fn is_verifier_of(verifier: &str, challenge: &[u8; 32]) -> bool {
    let is_verifier = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    is_verifier && Sha256::digest(verifier.as_bytes()).ct_eq(challenge).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn secrets_differ_and_have_digests_that_differ_by_kind() {
        let secrets: HashSet<String> = (0..100).map(|_| new_secret().unwrap()).collect();
        assert_eq!(secrets.len(), 100);
        for secret in &secrets {
            let digests: HashSet<_> = [Kind::ClientSecret, Kind::Code, Kind::AccessToken]
                .map(|kind| digest(kind, secret).unwrap())
                .into();
            assert_eq!(digests.len(), 3);
            assert!(is_secret_of(secret, &digest(Kind::ClientSecret, secret).unwrap()));
            assert!(!is_secret_of(secret, &digest(Kind::Code, secret).unwrap()));
        }
    }

    #[test]
    fn no_other_text_has_a_digest() {
        let secret = new_secret().unwrap();
        for text in ["", "x", &secret[1..], &format!("{secret}A"), &format!("{}=", &secret[1..]), "a.b.c"] {
            assert_eq!(digest_of_token(text), None, "{text}");
        }
    }

    #[test]
    fn a_verifier_is_what_the_challenge_is_the_digest_of() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = parse_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(is_verifier_of(verifier, &challenge));
        for other in ["", "x", &verifier[1..], &verifier.to_lowercase(), &format!("{verifier}A")] {
            assert!(!is_verifier_of(other, &challenge), "{other}");
        }
        for (verifier, is_good) in [
            ("a".repeat(42), false),
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(129), false),
            ("ä".repeat(30), false),
            ("a b".repeat(20), false),
        ] {
            let challenge = Sha256::digest(verifier.as_bytes()).into();
            assert_eq!(is_verifier_of(&verifier, &challenge), is_good, "{verifier}");
        }
        for text in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            "short",
        ] {
            assert_eq!(parse_challenge(text), None, "{text}");
        }
    }
}
