//! What timelines ask the database for, beside home timelines.

use diesel::prelude::*;
use miniter_domain::{ProfileFilter, Timeline};

use crate::circles::CircleQuery;
use crate::home_timelines::{HomeQuery, Order, Range};
use crate::schema::{pins, status_tags, tweets};
use crate::statuses::StatusQuery;

/// Where timelines are read from.
pub(crate) trait TimelineQuery: HomeQuery + StatusQuery + CircleQuery {
    /// The ids of a range of a timeline that is not kept by reader.
    fn timeline_ids(&mut self, timeline: &Timeline, range: Range) -> QueryResult<Vec<i64>>;
}

/// Loads the ids of a range, of a query and the column that they are in.
macro_rules! load_range {
    ($connection:expr, $query:expr, $id:expr, $range:expr) => {{
        let Range { above, upto, order, count } = $range;
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let all = $query.filter($id.gt(above)).filter($id.le(upto)).select($id).limit(most);
        match order {
            Order::NewestFirst => all.order($id.desc()).load($connection),
            Order::OldestFirst => all.order($id.asc()).load($connection),
        }
    }};
}

macro_rules! query_timelines {
    ($connection:ty) => {
        impl TimelineQuery for $connection {
            fn timeline_ids(&mut self, timeline: &Timeline, range: Range) -> QueryResult<Vec<i64>> {
                let (account, filter) = match timeline {
                    Timeline::Public => return load_range!(self, tweets::table, tweets::id, range),
                    Timeline::Account(account, filter) => (account.get(), filter),
                    // They come from windows.
                    Timeline::Home | Timeline::Classic(_) => return Ok(Vec::new()),
                };
                match filter {
                    ProfileFilter { only_pinned: true, .. } => {
                        let pinned = pins::table.filter(pins::user_id.eq(account));
                        load_range!(self, pinned, pins::status_id, range)
                    }
                    ProfileFilter { tag: Some(tag), .. } => {
                        let tagged = status_tags::table
                            .inner_join(tweets::table)
                            .filter(status_tags::name.eq(tag))
                            .filter(tweets::user_id.eq(account));
                        load_range!(self, tagged, status_tags::status_id, range)
                    }
                    ProfileFilter { .. } => {
                        let by_account = tweets::table.filter(tweets::user_id.eq(account));
                        load_range!(self, by_account, tweets::id, range)
                    }
                }
            }
        }
    };
}

query_timelines!(SqliteConnection);
#[cfg(feature = "mysql")]
query_timelines!(MysqlConnection);
