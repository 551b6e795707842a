//! Which tokens are good: the versions that changes of passwords have given, in memory.
//!
//! Each request with a token asks, and nearly nobody ever has another version than the first. So all others are known
//! here, and only what is newer than the newest known is asked of the database, when what is known is no longer fresh:
//! versions are numbered in the order of their commits.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use miniter_domain::{TokenVersion, UserId};

/// How long what is known may be used. Another node's change has to be known here within a second.
const MAX_AGE: Duration = Duration::from_millis(600);

/// The versions that are not the first, by user.
pub(crate) struct TokenVersions(Mutex<Known>);

struct Known {
    versions: HashMap<i64, i64>,
    /// Up to which one all are known.
    newest: i64,
    /// The moment for which that holds.
    as_of: Option<Instant>,
    /// Changes when something puts that in doubt.
    epoch: u64,
}

impl TokenVersions {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Known { versions: HashMap::new(), newest: 0, as_of: None, epoch: 0 }))
    }

    /// The version of a user, if what is known is fresh.
    pub(crate) fn recall(&self, user: UserId) -> Option<TokenVersion> {
        let known = self.known();
        known.as_of.filter(|as_of| as_of.elapsed() <= MAX_AGE).map(|_| known.version(user))
    }

    /// The version of a user. `list_above` lists what the database has above a version: (user, version).
    pub(crate) fn find<E>(
        &self,
        user: UserId,
        list_above: impl FnOnce(i64) -> Result<Vec<(i64, i64)>, E>,
    ) -> Result<TokenVersion, E> {
        let asked_at = Instant::now();
        let (newest, epoch) = {
            let known = self.known();
            (known.newest, known.epoch)
        };
        let newer = list_above(newest)?;
        let mut known = self.known();
        for (user, version) in newer {
            known.learn(user, version);
            known.newest = known.newest.max(version);
        }
        if known.epoch == epoch {
            known.as_of = Some(asked_at);
        }
        Ok(known.version(user))
    }

    /// Takes note of a version that was committed here.
    pub(crate) fn learn(&self, user: i64, version: i64) {
        self.known().learn(user, version);
    }

    /// Forgets that what is known is fresh: another program may have written.
    pub(crate) fn doubt(&self) {
        let mut known = self.known();
        known.as_of = None;
        known.epoch += 1;
    }

    /// What is known is fresh until something puts it in doubt: nothing did until now.
    pub(crate) fn confirm(&self) {
        let mut known = self.known();
        known.as_of = known.as_of.map(|_| Instant::now());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn version(&self, user: UserId) -> TokenVersion {
        self.versions.get(&user.get()).map_or(TokenVersion::FIRST, |version| TokenVersion::new(*version))
    }

    /// A version only ever grows.
    fn learn(&mut self, user: i64, version: i64) {
        let known = self.versions.entry(user).or_insert(version);
        *known = version.max(*known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SONG: UserId = UserId::new(1);

    fn find(versions: &TokenVersions, rows: &[(i64, i64)]) -> i64 {
        let above = |newest| Ok::<_, ()>(rows.iter().filter(|row| row.1 > newest).copied().collect());
        versions.find(SONG, above).unwrap().get()
    }

    #[test]
    fn nothing_is_known_before_somebody_has_asked_and_what_is_known_lasts_until_it_is_in_doubt() {
        let versions = TokenVersions::new();
        assert_eq!(versions.recall(SONG), None);
        assert_eq!(find(&versions, &[]), 0);
        assert_eq!(versions.recall(SONG), Some(TokenVersion::FIRST));
        assert_eq!(find(&versions, &[(2, 1), (1, 2)]), 2);
        versions.doubt();
        versions.confirm();
        assert_eq!(versions.recall(SONG), None, "a doubt is not removed by a confirmation");
        assert_eq!(find(&versions, &[]), 2, "only what is newer is asked for");
        assert_eq!(versions.recall(SONG), Some(TokenVersion::new(2)));
    }

    #[test]
    fn what_was_asked_before_a_change_does_not_undo_it() {
        let versions = TokenVersions::new();
        let found = versions.find(SONG, |_| {
            versions.learn(1, 7);
            versions.doubt();
            Ok::<_, ()>(vec![(1, 6)])
        });
        assert_eq!(found, Ok(TokenVersion::new(7)));
        assert_eq!(versions.recall(SONG), None, "it was put in doubt meanwhile");
    }
}
