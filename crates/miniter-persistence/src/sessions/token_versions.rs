//! Which tokens are good: the versions that changes of passwords have given, in memory.
//!
//! Each request with a token asks, and nearly everyone has the first version, which takes no place here. Versions are numbered in
//! the order of their commits, so that only what is above the greatest known must be read.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use miniter_domain::{TokenVersion, UserId};

/// The versions that are not the first, by user.
#[derive(Default)]
pub(crate) struct TokenVersions(RwLock<Known>);

#[derive(Default)]
struct Known {
    versions: HashMap<i64, i64>,
    /// Up to which one all are known.
    newest: i64,
    /// How often something may have come that is not known.
    doubts: u64,
    /// How many of these doubts were removed.
    removed: u64,
}

/// The doubts that there are, before the database is read.
pub(crate) struct Doubts(u64);

impl TokenVersions {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self(RwLock::new(Known { doubts: 1, ..Known::default() }))
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version of a user.
    pub(crate) fn find(&self, user: UserId) -> TokenVersion {
        self.known()
            .versions
            .get(&user.get())
            .map_or(TokenVersion::FIRST, |version| TokenVersion::new(*version))
    }

    /// Takes note of a version that was committed.
    pub(crate) fn learn(&self, user: i64, version: i64) {
        self.known_mut().learn(user, version);
    }

    /// Another program may have written.
    pub(crate) fn doubt(&self) {
        self.known_mut().doubts += 1;
    }

    /// Whether the database must be read.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let known = self.known();
        known.doubts > known.removed
    }

    /// What to pass to [`Self::remove`] with what the database has above the version that is returned.
    pub(crate) fn doubts(&self) -> (Doubts, i64) {
        let known = self.known();
        (Doubts(known.doubts), known.newest)
    }

    /// Takes note of what was read (user, version), and removes the doubts that there were before.
    pub(crate) fn remove(&self, doubts: &Doubts, newer: &[(i64, i64)]) {
        let mut known = self.known_mut();
        for (user, version) in newer {
            known.learn(*user, *version);
            known.newest = known.newest.max(*version);
        }
        known.removed = known.removed.max(doubts.0);
    }
}

impl Known {
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

    #[test]
    fn what_is_in_doubt_is_read_again_and_only_what_is_newer() {
        let versions = TokenVersions::new();
        assert!(versions.is_in_doubt(), "nothing was read yet");
        let (doubts, newest) = versions.doubts();
        assert_eq!(newest, 0);
        versions.remove(&doubts, &[(2, 1), (1, 2)]);
        assert!(!versions.is_in_doubt());
        assert_eq!(versions.find(SONG), TokenVersion::new(2));
        assert_eq!(versions.find(UserId::new(3)), TokenVersion::FIRST);
        versions.doubt();
        assert!(versions.is_in_doubt());
        assert_eq!(versions.doubts().1, 2);
    }

    #[test]
    fn what_was_read_before_a_change_does_not_undo_it() {
        let versions = TokenVersions::new();
        let (doubts, _) = versions.doubts();
        versions.learn(1, 7);
        versions.doubt();
        versions.remove(&doubts, &[(1, 6)]);
        assert_eq!(versions.find(SONG), TokenVersion::new(7));
        assert!(versions.is_in_doubt(), "that came after the reading began");
    }
}
