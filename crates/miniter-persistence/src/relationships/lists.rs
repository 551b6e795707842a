//! Pages of lists of accounts, by the numbers of the accounts.

use diesel::QueryResult;
use miniter_domain::{AccountPage, PageRequest, StatusId, UserId};

/// A part of a list that a query is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Numbers above this one,
    pub(crate) above: i64,
    /// up to this one,
    pub(crate) upto: i64,
    /// the smallest first, or the greatest,
    pub(crate) is_ascending: bool,
    /// and at most so many.
    pub(crate) count: i64,
}

/// A page of a list that `query` reads.
pub(crate) fn page_of(
    page: &PageRequest,
    mut query: impl FnMut(Part) -> QueryResult<Vec<i64>>,
) -> QueryResult<AccountPage> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let count = i64::from(page.limit);
    let (above, upto) = (page.lower_bound().map_or(i64::MIN, StatusId::get), page.greatest().get());
    let (mut ids, has_older) = if page.is_oldest_first() {
        let mut ids = query(Part { above, upto, is_ascending: true, count })?;
        ids.reverse();
        // What lies below the page is a question of its own.
        let lower = page.since_id.map_or(i64::MIN, StatusId::get);
        let has_older = match ids.last() {
            Some(oldest) => {
                let below = Part { above: lower, upto: oldest - 1, is_ascending: false, count: 1 };
                !query(below)?.is_empty()
            }
            None => false,
        };
        (ids, has_older)
    } else {
        // One more than the page has tells whether the list goes on.
        let ids = query(Part { above, upto, is_ascending: false, count: count + 1 })?;
        let has_older = ids.len() > limit;
        (ids, has_older)
    };
    ids.truncate(limit);
    Ok(AccountPage { accounts: ids.into_iter().map(UserId::new).collect(), has_older })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [i64; 5] = [2, 4, 6, 8, 10];

    #[expect(clippy::unnecessary_wraps, reason = "a query may fail")]
    fn query(part: Part) -> QueryResult<Vec<i64>> {
        let mut ids: Vec<i64> = LIST.into_iter().filter(|id| *id > part.above && *id <= part.upto).collect();
        if !part.is_ascending {
            ids.reverse();
        }
        ids.truncate(usize::try_from(part.count).unwrap());
        Ok(ids)
    }

    #[test]
    fn every_page_has_the_greatest_first_and_knows_whether_there_is_more_below() {
        let id = |id: i64| (id != 0).then(|| StatusId::new(id));
        // limit, max_id, since_id, min_id, page, has_older
        for (limit, max, since, min, ids, has_older) in [
            (2, 0, 0, 0, vec![10, 8], true),
            (5, 0, 0, 0, vec![10, 8, 6, 4, 2], false),
            (2, 8, 0, 0, vec![6, 4], true),
            (2, 6, 0, 0, vec![4, 2], false),
            (2, 2, 0, 0, vec![], false),
            (2, 0, 6, 0, vec![10, 8], false),
            (2, 0, 4, 0, vec![10, 8], true),
            (2, 0, 0, 4, vec![8, 6], true),
            (2, 0, 0, 1, vec![4, 2], false),
            (2, 0, 0, 10, vec![], false),
            (2, 0, 2, 4, vec![8, 6], true),
            (1, 0, 4, 4, vec![6], false),
        ] {
            let page = PageRequest { limit, max_id: id(max), since_id: id(since), min_id: id(min) };
            let found = page_of(&page, query).unwrap();
            let expected = AccountPage { accounts: ids.into_iter().map(UserId::new).collect(), has_older };
            assert_eq!(found, expected, "{page:?}");
        }
    }
}
