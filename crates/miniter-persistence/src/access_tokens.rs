//! Access tokens that were shown lately, in memory: each request with one asks.
//!
//! A token is random, so one that is unknown does not become known later: that is kept, too. Otherwise a client that goes on with a
//! void token would ask the database each time.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use miniter_domain::{AccessToken, KnownToken, SecretDigest};

use crate::feed::Event;

/// How many good tokens are kept. They take some 10 MiB.
const MOST_GOOD: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

/// How many unknown ones are kept, apart: nobody can push the good ones out with them.
const MOST_UNKNOWN: NonZeroUsize = NonZeroUsize::new(1 << 12).unwrap();

/// Access tokens by their digests.
pub(crate) struct AccessTokens(Mutex<Kept>);

struct Kept {
    good: LruCache<SecretDigest, (AccessToken, Instant)>,
    unknown: LruCache<SecretDigest, Instant>,
    /// How often something was taken out. What was read from the database before is not kept after.
    removals: u64,
    /// How long after it was read from the database a token may be used.
    max_age: Option<Duration>,
}

/// A look-up in the database that has begun.
pub(crate) struct Lookup {
    removals: u64,
    began_at: Instant,
}

impl AccessTokens {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        let (good, unknown) = (LruCache::new(MOST_GOOD), LruCache::new(MOST_UNKNOWN));
        Self(Mutex::new(Kept { good, unknown, removals: 0, max_age }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a token: nothing, or that there is none, or what it is.
    pub(crate) fn cached(&self, digest: &SecretDigest) -> Option<KnownToken> {
        let mut kept = self.kept();
        let oldest = kept.max_age.and_then(|max_age| Instant::now().checked_sub(max_age));
        let is_young = |moment: Instant| oldest.is_none_or(|oldest| moment >= oldest);
        if let Some((token, _)) = kept.good.get(digest).filter(|(_, read_at)| is_young(*read_at)) {
            return Some(KnownToken::Good(*token));
        }
        kept.unknown.get(digest).is_some_and(|read_at| is_young(*read_at)).then_some(KnownToken::Void)
    }

    /// Begins a look-up in the database. What is found is passed to [`Self::finish`].
    pub(crate) fn begin(&self) -> Lookup {
        Lookup { removals: self.kept().removals, began_at: Instant::now() }
    }

    /// Keeps what was found, unless something was taken out meanwhile.
    pub(crate) fn finish(&self, lookup: &Lookup, digest: SecretDigest, found: Option<AccessToken>) {
        let mut kept = self.kept();
        match found {
            Some(token) if kept.removals == lookup.removals => {
                kept.good.put(digest, (token, lookup.began_at));
            }
            Some(_) => {}
            None => {
                kept.good.pop(&digest);
                kept.unknown.put(digest, lookup.began_at);
            }
        }
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::AccessTokenRevoked { token: revoked, .. } => {
                self.kept().remove(|token| token.id.get() == revoked);
            }
            Event::TokensRenewed { user, .. } | Event::AccountDeleted { user } => {
                self.kept().remove(|token| token.user.is_some_and(|owner| owner.get() == user));
            }
            Event::ForeignWrites => self.forget_all(),
            Event::Published { .. }
            | Event::Deleted { .. }
            | Event::Followed { .. }
            | Event::Unfollowed { .. }
            | Event::StatusChanged { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::AccountChanged { .. }
            | Event::CircleChanged { .. } => {}
        }
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget_all(&self) {
        let mut kept = self.kept();
        kept.good.clear();
        kept.unknown.clear();
        kept.removals += 1;
    }
}

impl Kept {
    fn remove(&mut self, is_void: impl Fn(&AccessToken) -> bool) {
        let void = self.good.iter().filter(|(_, (token, _))| is_void(token));
        let void: Vec<SecretDigest> = void.map(|(digest, _)| *digest).collect();
        for digest in void {
            self.good.pop(&digest);
        }
        self.removals += 1;
    }
}

#[cfg(test)]
mod tests {
    use miniter_domain::{AppId, Scopes, TokenId, UserId};

    use super::*;

    fn digest(id: u8) -> SecretDigest {
        SecretDigest([id; 32])
    }

    /// The token `id` of a user; for user 0 that of an application.
    fn token(id: u8, user: i64) -> AccessToken {
        let user = (user > 0).then(|| UserId::new(user));
        AccessToken { id: TokenId::new(id.into()), app: AppId::new(1), user, scopes: Scopes::ALL }
    }

    /// Tokens 1 and 2 of user 1, 3 of user 2, 4 of an application; 9 is unknown.
    fn filled() -> AccessTokens {
        let tokens = AccessTokens::new(None);
        for (id, user) in [(1, 1), (2, 1), (3, 2), (4, 0)] {
            tokens.finish(&tokens.begin(), digest(id), Some(token(id, user)));
        }
        tokens.finish(&tokens.begin(), digest(9), None);
        tokens
    }

    fn good(tokens: &AccessTokens) -> Vec<u8> {
        (1..=4).filter(|id| tokens.cached(&digest(*id)).is_some()).collect()
    }

    #[test]
    fn what_was_looked_up_is_known() {
        let tokens = filled();
        assert_eq!(tokens.cached(&digest(3)), Some(KnownToken::Good(token(3, 2))));
        assert_eq!(tokens.cached(&digest(9)), Some(KnownToken::Void), "there is none");
        assert_eq!(tokens.cached(&digest(8)), None, "it was not asked for");
    }

    #[test]
    fn a_token_that_is_void_is_forgotten_and_no_other() {
        for (event, left) in [
            (Event::AccessTokenRevoked { user: 1, token: 2 }, &[1, 3, 4][..]),
            (Event::AccessTokenRevoked { user: 0, token: 4 }, &[1, 2, 3]),
            (Event::TokensRenewed { user: 1, version: 5 }, &[3, 4]),
            (Event::AccountDeleted { user: 2 }, &[1, 2, 4]),
            (Event::ForeignWrites, &[]),
            (Event::Followed { follower: 1, followee: 2 }, &[1, 2, 3, 4]),
        ] {
            let tokens = filled();
            tokens.apply(event);
            assert_eq!(good(&tokens), left, "{event:?}");
        }
    }

    #[test]
    fn what_became_void_while_it_was_looked_up_is_not_kept() {
        for event in [
            Event::AccessTokenRevoked { user: 1, token: 1 },
            Event::TokensRenewed { user: 1, version: 1 },
            Event::ForeignWrites,
        ] {
            let tokens = AccessTokens::new(None);
            let lookup = tokens.begin();
            tokens.apply(event);
            tokens.finish(&lookup, digest(1), Some(token(1, 1)));
            assert_eq!(tokens.cached(&digest(1)), None, "{event:?}");
        }
    }

    #[test]
    fn what_is_too_old_is_looked_up_again() {
        let tokens = AccessTokens::new(Some(Duration::ZERO));
        let lookup = tokens.begin();
        tokens.finish(&lookup, digest(1), Some(token(1, 1)));
        while lookup.began_at.elapsed().is_zero() {}
        assert_eq!(tokens.cached(&digest(1)), None);
    }

    #[test]
    fn unknown_tokens_push_no_good_one_out() {
        let tokens = filled();
        for i in 0..=u32::try_from(MOST_GOOD.get()).unwrap() {
            let mut bytes = [0xff; 32];
            bytes[..4].copy_from_slice(&i.to_be_bytes());
            tokens.finish(&tokens.begin(), SecretDigest(bytes), None);
        }
        assert_eq!(good(&tokens), [1, 2, 3, 4]);
    }
}
