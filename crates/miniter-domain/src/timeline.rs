//! Timelines, and the parts of them that are read at once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{Status, StatusId, UserId, Viewer};

/// A list of statuses, newest first, of which each viewer sees what they may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timeline {
    /// The viewer's own: see [`Circle::is_home`](crate::Circle::is_home). Of the boosts of one original a page has the newest.
    Home,
    /// Of a user and the accounts that they follow, for the classic API: see [`Viewer::is_classic`].
    Classic(UserId),
    /// Of everybody, for everybody: see [`Viewer::is_public`].
    Public,
    /// Of one account: see [`Viewer::is_profile`].
    Account(UserId, ProfileFilter),
}

/// Which statuses of an account are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileFilter {
    /// No replies to others.
    pub exclude_replies: bool,
    /// No boosts.
    pub exclude_reblogs: bool,
    /// Only those that the account has pinned.
    pub only_pinned: bool,
    /// Only those with this hashtag, in its normal form.
    pub tag: Option<String>,
}

impl Timeline {
    /// Whether a status of the timeline's authors is in it, as this viewer sees it. `original` is
    /// [`Status::reblog_of`], if there still is one.
    #[must_use]
    pub fn has(
        &self,
        viewer: Viewer<'_>,
        status: &Status,
        original: Option<&Status>,
        now: DateTime<Utc>,
    ) -> bool {
        match self {
            Self::Home => match viewer {
                Viewer::Anybody => false,
                Viewer::User(circle) => circle.is_home(status, original, now),
            },
            Self::Classic(_) => viewer.is_classic(status, now),
            Self::Public => viewer.is_public(status, now),
            Self::Account(_, filter) => viewer.is_profile(status, original, filter, now),
        }
    }

    /// Whether it has boosts.
    #[must_use]
    pub const fn has_reblogs(&self) -> bool {
        match self {
            Self::Home => true,
            Self::Account(_, filter) => !filter.exclude_reblogs,
            Self::Classic(_) | Self::Public => false,
        }
    }

    /// Whether a page has no more than one boost of an original.
    #[must_use]
    pub const fn merges_reblogs(&self) -> bool {
        match self {
            Self::Home => true,
            Self::Classic(_) | Self::Public | Self::Account(..) => false,
        }
    }
}

/// Which part of a timeline is wanted (keyset pagination by tweet id).
///
/// The bounds exclude the tweet they name. `since_id` and `min_id` are both lower bounds; `min_id` also turns the
/// choice around: the oldest entries above it, where every other request gets the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The most entries to return. At least 1.
    pub limit: u32,
    /// Only entries older than this one.
    pub max_id: Option<StatusId>,
    /// Only entries newer than this one, the newest of them.
    pub since_id: Option<StatusId>,
    /// Only entries newer than this one, the oldest of them.
    pub min_id: Option<StatusId>,
}

impl PageRequest {
    /// The newest `limit` entries.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self { limit, max_id: None, since_id: None, min_id: None }
    }

    /// The greater of the two lower bounds.
    #[must_use]
    pub fn lower_bound(&self) -> Option<StatusId> {
        self.since_id.max(self.min_id)
    }

    /// The greatest id that may be on the page. Without a bound that is the greatest there is: other SQL may have given it.
    #[must_use]
    pub fn greatest(&self) -> StatusId {
        self.max_id.map_or(StatusId::MAX, |excluded| StatusId::new(excluded.get().saturating_sub(1)))
    }

    /// Whether the oldest entries in the range are wanted rather than the newest.
    #[must_use]
    pub fn is_oldest_first(&self) -> bool {
        self.min_id.is_some()
    }
}

/// A status in a timeline. It is in memory once, however many timelines it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The status. Its id is the entry's cursor.
    pub status: Arc<Status>,
    /// What it boosts, if it is a boost.
    pub original: Option<Arc<Status>>,
}

impl Entry {
    /// A status, with what it boosts if that is among `originals`, which are in the order of their numbers.
    #[must_use]
    pub fn new(status: Arc<Status>, originals: &[Arc<Status>]) -> Self {
        let original = status.reblog_of.and_then(|id| {
            let place = originals.binary_search_by_key(&id, |original| original.id).ok()?;
            originals.get(place).cloned()
        });
        Self { status, original }
    }

    /// What statuses boost, each once and in the order of the numbers.
    #[must_use]
    pub fn originals_of(statuses: &[Arc<Status>]) -> Vec<StatusId> {
        let mut originals: Vec<StatusId> = statuses.iter().filter_map(|status| status.reblog_of).collect();
        originals.sort_unstable();
        originals.dedup();
        originals
    }
}

/// A part of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Whether the timeline goes on below the oldest entry (above `since_id`, where the request names one).
    pub has_older: bool,
}

impl TimelinePage {
    /// How many statuses that the viewer may not see, or does not want, are read for a page.
    pub const MOST_HIDDEN: usize = 4_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_excludes_the_tweet_it_names_and_no_cursor_excludes_none() {
        let below = |id| PageRequest { max_id: Some(StatusId::new(id)), ..PageRequest::newest(10) };
        assert_eq!(PageRequest::newest(10).greatest(), StatusId::MAX);
        assert_eq!(below(i64::MAX).greatest(), StatusId::new(i64::MAX - 1));
        assert_eq!(below(0).greatest(), StatusId::new(-1));
    }

    #[test]
    fn the_greater_lower_bound_counts() {
        let page = |since: Option<i64>, min: Option<i64>| PageRequest {
            since_id: since.map(StatusId::new),
            min_id: min.map(StatusId::new),
            ..PageRequest::newest(10)
        };
        assert_eq!(page(None, None).lower_bound(), None);
        assert_eq!(page(Some(3), None).lower_bound(), Some(StatusId::new(3)));
        assert_eq!(page(None, Some(4)).lower_bound(), Some(StatusId::new(4)));
        assert_eq!(page(Some(5), Some(4)).lower_bound(), Some(StatusId::new(5)));
        assert!(page(Some(5), Some(4)).is_oldest_first() && !page(Some(5), None).is_oldest_first());
    }
}
