//! What the cache asks a database for, and pages that are put together from that alone.

use diesel::QueryResult;
use miniter_domain::{PageRequest, StatusId};

use crate::home_timelines::window::FoundPage;

/// A reader, and the authors whose tweets are in their home timeline: the reader and everyone they follow, each once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    pub(crate) reader: i64,
    pub(crate) authors: &'a [i64],
}

/// Which end of a range is wanted, and comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
}

/// A part of a timeline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    /// Ids above this one,
    pub(crate) above: i64,
    /// up to this one,
    pub(crate) upto: i64,
    pub(crate) order: Order,
    /// and at most so many.
    pub(crate) count: usize,
}

/// The truth that home timelines are computed from: tweets and follows.
pub(crate) trait HomeQuery {
    /// The reader and everyone they follow, each once. `None` if there is no such reader.
    fn authors(&mut self, reader: i64) -> QueryResult<Option<Vec<i64>>>;

    /// The ids of a range.
    fn ids(&mut self, home: Home<'_>, range: Range) -> QueryResult<Vec<i64>>;
}

/// The newest ids up to one, newest first.
pub(super) fn newest(
    query: &mut impl HomeQuery,
    home: Home<'_>,
    upto: i64,
    count: usize,
) -> QueryResult<Vec<i64>> {
    query.ids(home, Range { above: i64::MIN, upto, order: Order::NewestFirst, count })
}

/// The ids of a page from the database alone, which is asked for ranges of them.
pub(crate) fn page(
    page: &PageRequest,
    mut ids: impl FnMut(Range) -> QueryResult<Vec<i64>>,
) -> QueryResult<FoundPage> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (above, upto) = (page.lower_bound().map_or(i64::MIN, StatusId::get), page.greatest().get());
    if page.is_oldest_first() {
        let found = ids(Range { above, upto, order: Order::OldestFirst, count: limit })?;
        // What lies below the page is a question of its own.
        let lower = page.since_id.map_or(i64::MIN, StatusId::get);
        let has_older = match found.first() {
            Some(oldest) if lower < above => {
                let below = Range { above: lower, upto: oldest - 1, order: Order::NewestFirst, count: 1 };
                !ids(below)?.is_empty()
            }
            Some(_) | None => false,
        };
        return Ok(FoundPage { ids: found, has_older });
    }
    // One more than the page has tells whether the range goes on.
    let count = limit.saturating_add(1);
    let mut ids = ids(Range { above, upto, order: Order::NewestFirst, count })?;
    let has_older = ids.len() > limit;
    ids.truncate(limit);
    ids.reverse();
    Ok(FoundPage { ids, has_older })
}
