//! Which tokens are good: the versions that changes of passwords have given, in memory.
//!
//! Each request with a token asks, and nearly everyone has the first version, which takes no place here. Versions are numbered in
//! the order of their commits, so that only what is above the greatest known must be read.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use miniter_domain::{TokenVersion, UserId};

/// The versions that are not the first, by user.
#[derive(Default)]
pub(crate) struct TokenVersions(RwLock<Versions>);

#[derive(Default)]
struct Versions {
    by_user: HashMap<i64, i64>,
    /// Up to which one all are known.
    newest: i64,
    /// How often something may have come that is not known.
    invalidations: u64,
    /// Up to which of these the database was read.
    refreshed: u64,
}

/// From where on the database is read: above this version, for the invalidations that there are by now.
pub(crate) struct Refresh {
    pub(crate) above: i64,
    invalidations: u64,
}

impl TokenVersions {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self(RwLock::new(Versions { invalidations: 1, ..Versions::default() }))
    }

    fn versions(&self) -> RwLockReadGuard<'_, Versions> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn versions_mut(&self) -> RwLockWriteGuard<'_, Versions> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version of a user.
    pub(crate) fn find(&self, user: UserId) -> TokenVersion {
        self.versions()
            .by_user
            .get(&user.get())
            .map_or(TokenVersion::FIRST, |version| TokenVersion::new(*version))
    }

    /// Takes in a version that was committed.
    pub(crate) fn learn(&self, user: i64, version: i64) {
        self.versions_mut().learn(user, version);
    }

    /// Another program may have written.
    pub(crate) fn invalidate(&self) {
        self.versions_mut().invalidations += 1;
    }

    /// Whether the database must be read.
    pub(crate) fn is_stale(&self) -> bool {
        let versions = self.versions();
        versions.invalidations > versions.refreshed
    }

    /// Begins to read what the database has above a version; what it has is passed to [`Self::finish`].
    pub(crate) fn begin(&self) -> Refresh {
        let versions = self.versions();
        Refresh { above: versions.newest, invalidations: versions.invalidations }
    }

    /// Takes in what was read (user, version).
    pub(crate) fn finish(&self, refresh: &Refresh, newer: &[(i64, i64)]) {
        let mut versions = self.versions_mut();
        for (user, version) in newer {
            versions.learn(*user, *version);
            versions.newest = versions.newest.max(*version);
        }
        versions.refreshed = versions.refreshed.max(refresh.invalidations);
    }
}

impl Versions {
    /// A version only ever grows.
    fn learn(&mut self, user: i64, version: i64) {
        let known = self.by_user.entry(user).or_insert(version);
        *known = version.max(*known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SONG: UserId = UserId::new(1);

    #[test]
    fn what_may_have_changed_is_read_again_and_only_what_is_newer() {
        let versions = TokenVersions::new();
        assert!(versions.is_stale(), "nothing was read yet");
        let refresh = versions.begin();
        assert_eq!(refresh.above, 0);
        versions.finish(&refresh, &[(2, 1), (1, 2)]);
        assert!(!versions.is_stale());
        assert_eq!(versions.find(SONG), TokenVersion::new(2));
        assert_eq!(versions.find(UserId::new(3)), TokenVersion::FIRST);
        versions.invalidate();
        assert!(versions.is_stale());
        assert_eq!(versions.begin().above, 2);
    }

    #[test]
    fn what_was_read_before_a_change_does_not_undo_it() {
        let versions = TokenVersions::new();
        let refresh = versions.begin();
        versions.learn(1, 7);
        versions.invalidate();
        versions.finish(&refresh, &[(1, 6)]);
        assert_eq!(versions.find(SONG), TokenVersion::new(7));
        assert!(versions.is_stale(), "that came after the reading began");
    }
}
