//! Statuses from the database.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use miniter_domain::Status;

use crate::backend::ids::Ids;
use crate::statuses::rows::{Columns, Row, SELECT};

/// Where statuses are read from.
pub(crate) trait StatusQuery {
    /// The statuses with these ids, as far as they exist, in ascending order.
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>>;
}

/// A query for rows by ids.
#[derive(QueryId)]
struct RowsByIds {
    ids: Ids,
}

impl Query for RowsByIds {
    type SqlType = Columns;
}

macro_rules! query_statuses {
    ($connection:ty, $backend:ty) => {
        impl RunQueryDsl<$connection> for RowsByIds {}

        impl QueryFragment<$backend> for RowsByIds {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                out.push_sql(SELECT);
                self.ids.walk_ast(out.reborrow())?;
                out.push_sql(" ORDER BY t.id");
                Ok(())
            }
        }

        impl StatusQuery for $connection {
            fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>> {
                if ids.is_empty() {
                    return Ok(Vec::new());
                }
                let rows: Vec<Row> = RowsByIds { ids: Ids::new(ids) }.load(self)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
        }
    };
}

query_statuses!(SqliteConnection, diesel::sqlite::Sqlite);
#[cfg(feature = "mysql")]
query_statuses!(MysqlConnection, diesel::mysql::Mysql);
