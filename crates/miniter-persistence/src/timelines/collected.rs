//! The statuses that a user keeps as favourites or bookmarks.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use miniter_domain::{Collection, CollectionPage, PageRequest, Status, StatusId, UserId, Viewer};

use crate::caches::Caches;
use crate::circles::CircleQuery;
use crate::home_timelines::{FoundPage, Order, Range, page};
use crate::schema::{bookmarks, favourites};
use crate::statuses::StatusQuery;
use crate::timelines::paging::{self, Item, List, Part};

/// Where collections are read from.
pub(crate) trait CollectionQuery: StatusQuery + CircleQuery {
    /// Cursors and statuses of a range of a user's collection.
    fn collected(&mut self, collection: Collection, user: i64, range: Range) -> QueryResult<Vec<(i64, i64)>>;
}

macro_rules! load_range {
    ($connection:expr, $table:ident, $user:expr, $range:expr) => {{
        let Range { above, upto, order, count } = $range;
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let all = $table::table
            .filter($table::user_id.eq($user))
            .filter($table::id.gt(above))
            .filter($table::id.le(upto))
            .select(($table::id, $table::status_id))
            .limit(most);
        match order {
            Order::NewestFirst => all.order($table::id.desc()).load($connection),
            Order::OldestFirst => all.order($table::id.asc()).load($connection),
        }
    }};
}

macro_rules! query_collections {
    ($connection:ty) => {
        impl CollectionQuery for $connection {
            fn collected(
                &mut self,
                collection: Collection,
                user: i64,
                range: Range,
            ) -> QueryResult<Vec<(i64, i64)>> {
                match collection {
                    Collection::Favourites => load_range!(self, favourites, user, range),
                    Collection::Bookmarks => load_range!(self, bookmarks, user, range),
                }
            }
        }
    };
}

query_collections!(SqliteConnection);
#[cfg(feature = "mysql")]
query_collections!(MysqlConnection);

/// A cursor and a status.
struct Collected(i64, Arc<Status>);

impl Item for Collected {
    fn cursor(&self) -> i64 {
        self.0
    }

    fn mark(&self) -> Option<i64> {
        None
    }
}

/// What a user has collected and may still see.
struct Statuses<'a, Q> {
    caches: &'a Caches,
    query: &'a mut Q,
    collection: Collection,
    user: i64,
    viewer: Viewer<'a>,
}

impl<Q: CollectionQuery> List for Statuses<'_, Q> {
    type Item = Collected;
    type Error = diesel::result::Error;

    fn read(&mut self, rows: &PageRequest) -> QueryResult<Part<Collected>> {
        let mut collected = HashMap::new();
        let FoundPage { ids, has_older } = page(rows, |range| {
            let found = self.query.collected(self.collection, self.user, range)?;
            collected.extend(found.iter().copied());
            Ok(found.into_iter().map(|(cursor, _)| cursor).collect())
        })?;
        let mut statuses: Vec<i64> = ids.iter().filter_map(|cursor| collected.get(cursor).copied()).collect();
        statuses.sort_unstable();
        let statuses = self.caches.statuses.find_many(self.query, &statuses)?;
        let items = ids.iter().filter_map(|cursor| {
            let id = StatusId::new(*collected.get(cursor)?);
            let place = statuses.binary_search_by_key(&id, |status| status.id).ok()?;
            let status = statuses.get(place).filter(|status| self.viewer.may_see(status))?;
            Some(Collected(*cursor, Arc::clone(status)))
        });
        let items = items.collect();
        Ok(Part { items, rows: ids.len(), ends: ids.first().copied().zip(ids.last().copied()), has_older })
    }
}

/// A page of a user's collection.
pub(crate) fn find_collected(
    caches: &Caches,
    query: &mut impl CollectionQuery,
    collection: Collection,
    user: UserId,
    page: &PageRequest,
) -> QueryResult<CollectionPage> {
    let circle = caches.circles.find(query, user.get())?;
    let viewer = Viewer::User(&circle);
    let mut list = Statuses { caches, query, collection, user: user.get(), viewer };
    let paging::Page { items, has_older } = paging::page(&mut list, page)?;
    let entries =
        items.into_iter().map(|Collected(cursor, status)| (StatusId::new(cursor), status)).collect();
    Ok(CollectionPage { entries, has_older })
}
