//! The accounts that have reacted to a status.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{PageRequest, Reaction, ReactorPage, StatusId, UserId, Viewer, Visibility};

use crate::home_timelines::{FoundPage, Order, Range, page};
use crate::schema::{favourites, tweets};
use crate::timelines::paging::{self, Item, List, Part};

/// Where reactions are read from.
pub(crate) trait ReactorQuery {
    /// Cursors and users of a range of the reactions to a status. Boosts that not everybody may see are not among them.
    fn reactors(&mut self, reaction: Reaction, status: i64, range: Range) -> QueryResult<Vec<(i64, i64)>>;
}

macro_rules! load_range {
    ($connection:expr, $query:expr, $id:expr, $user:expr, $range:expr) => {{
        let Range { above, upto, order, count } = $range;
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let all = $query.filter($id.gt(above)).filter($id.le(upto)).select(($id, $user)).limit(most);
        match order {
            Order::NewestFirst => all.order($id.desc()).load($connection),
            Order::OldestFirst => all.order($id.asc()).load($connection),
        }
    }};
}

macro_rules! query_reactors {
    ($connection:ty) => {
        impl ReactorQuery for $connection {
            fn reactors(
                &mut self,
                reaction: Reaction,
                status: i64,
                range: Range,
            ) -> QueryResult<Vec<(i64, i64)>> {
                match reaction {
                    Reaction::Reblog => {
                        let boosts = tweets::table
                            .filter(tweets::reblog_of_id.eq(status))
                            .filter(tweets::visibility.le(Visibility::Unlisted.code()));
                        load_range!(self, boosts, tweets::id, tweets::user_id, range)
                    }
                    Reaction::Favourite => {
                        let of_status = favourites::table.filter(favourites::status_id.eq(status));
                        load_range!(self, of_status, favourites::id, favourites::user_id, range)
                    }
                }
            }
        }
    };
}

query_reactors!(SqliteConnection);
#[cfg(feature = "mysql")]
query_reactors!(MysqlConnection);

/// A cursor and an account.
struct Reactor(i64, UserId);

impl Item for Reactor {
    fn cursor(&self) -> i64 {
        self.0
    }

    fn mark(&self) -> Option<i64> {
        None
    }
}

/// The reactions to a status that a viewer does not hide.
struct Reactors<'a, Q> {
    query: &'a mut Q,
    reaction: Reaction,
    status: i64,
    viewer: Viewer<'a>,
    now: DateTime<Utc>,
}

impl<Q: ReactorQuery> List for Reactors<'_, Q> {
    type Item = Reactor;
    type Error = diesel::result::Error;

    fn read(&mut self, rows: &PageRequest) -> QueryResult<Part<Reactor>> {
        let mut users = HashMap::new();
        let FoundPage { ids, has_older } = page(rows, |range| {
            let found = self.query.reactors(self.reaction, self.status, range)?;
            users.extend(found.iter().copied());
            Ok(found.into_iter().map(|(cursor, _)| cursor).collect())
        })?;
        let items = ids.iter().filter_map(|cursor| {
            let user = UserId::new(*users.get(cursor)?);
            (!self.viewer.hides(user, self.now)).then_some(Reactor(*cursor, user))
        });
        let items = items.collect();
        Ok(Part { items, rows: ids.len(), ends: ids.first().copied().zip(ids.last().copied()), has_older })
    }
}

/// A page of the accounts that have reacted to a status.
pub(crate) fn find_reactors(
    query: &mut impl ReactorQuery,
    reaction: Reaction,
    status: StatusId,
    viewer: Viewer<'_>,
    page: &PageRequest,
    now: DateTime<Utc>,
) -> QueryResult<ReactorPage> {
    let mut list = Reactors { query, reaction, status: status.get(), viewer, now };
    let paging::Page { items, has_older } = paging::page(&mut list, page)?;
    let entries = items.into_iter().map(|Reactor(cursor, user)| (StatusId::new(cursor), user)).collect();
    Ok(ReactorPage { entries, has_older })
}
