//! The home timeline: one's own tweets and those of everyone one follows, each once.

use std::sync::Arc;

use crate::{Status, StatusId};

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

/// A part of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// Oldest first. Each status is in memory once, however many timelines it is in.
    pub entries: Vec<Arc<Status>>,
    /// Whether the timeline goes on below the oldest entry (above `since_id`, where the request names one).
    pub has_older: bool,
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
