//! What users have done with statuses, from the database.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use miniter_domain::Interactions;

use crate::backend::ids::Ids;

/// Where it is read from.
pub(crate) trait InteractionQuery {
    /// What a user has done with these statuses. A status with which they have done nothing may be missing.
    fn interactions(&mut self, user: i64, statuses: &[i64]) -> QueryResult<HashMap<i64, Interactions>>;
}

/// The parts of the statement: each is followed by the list of statuses, and by its last word.
const PARTS: [(&str, &str); 5] = [
    ("SELECT 0, status_id FROM favourites WHERE user_id = ", " AND status_id IN "),
    (" UNION ALL SELECT 1, reblog_of_id FROM tweets WHERE user_id = ", " AND reblog_of_id IN "),
    (" UNION ALL SELECT 2, status_id FROM bookmarks WHERE user_id = ", " AND status_id IN "),
    (
        " UNION ALL SELECT 3, t.id FROM tweets t JOIN conversation_mutes m \
         ON m.conversation_id = COALESCE(t.conversation_id, t.id) WHERE m.user_id = ",
        " AND t.id IN ",
    ),
    (" UNION ALL SELECT 4, status_id FROM pins WHERE user_id = ", " AND status_id IN "),
];

/// One statement, so that all of it is of one moment.
#[derive(QueryId)]
struct InteractionsOf {
    user: i64,
    statuses: Ids,
}

impl Query for InteractionsOf {
    type SqlType = (BigInt, BigInt);
}

macro_rules! query_interactions {
    ($connection:ty, $backend:ty) => {
        impl RunQueryDsl<$connection> for InteractionsOf {}

        impl QueryFragment<$backend> for InteractionsOf {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                for (of_user, among) in PARTS {
                    out.push_sql(of_user);
                    out.push_bind_param::<BigInt, _>(&self.user)?;
                    out.push_sql(among);
                    self.statuses.walk_ast(out.reborrow())?;
                }
                Ok(())
            }
        }

        impl InteractionQuery for $connection {
            fn interactions(
                &mut self,
                user: i64,
                statuses: &[i64],
            ) -> QueryResult<HashMap<i64, Interactions>> {
                let rows: Vec<(i64, i64)> =
                    InteractionsOf { user, statuses: Ids::new(statuses) }.load(self)?;
                Ok(by_status(rows))
            }
        }
    };
}

query_interactions!(SqliteConnection, diesel::sqlite::Sqlite);
#[cfg(feature = "mysql")]
query_interactions!(MysqlConnection, diesel::mysql::Mysql);

fn by_status(rows: Vec<(i64, i64)>) -> HashMap<i64, Interactions> {
    let mut found: HashMap<i64, Interactions> = HashMap::new();
    for (kind, status) in rows {
        let interactions = found.entry(status).or_default();
        match kind {
            0 => interactions.favourited = true,
            1 => interactions.reblogged = true,
            2 => interactions.bookmarked = true,
            3 => interactions.muted = true,
            _ => interactions.pinned = true,
        }
    }
    found
}
