//! Statuses from a MySQL or MariaDB server.

use std::sync::Arc;

use diesel::mysql::{Mysql, MysqlConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use miniter_domain::Status;

use crate::backend::prepared::list;
use crate::statuses::StatusQuery;
use crate::statuses::rows::{Columns, Row, SELECT};

impl StatusQuery for MysqlConnection {
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = RowsByIds { ids: list(ids) }.load(self)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// A query for rows by ids that are in its text: as parameters they would make a statement for each count, to be kept by the
/// connection.
struct RowsByIds {
    ids: String,
}

impl QueryId for RowsByIds {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for RowsByIds {
    type SqlType = Columns;
}

impl RunQueryDsl<MysqlConnection> for RowsByIds {}

impl QueryFragment<Mysql> for RowsByIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(SELECT);
        out.push_sql("(");
        out.push_sql(&self.ids);
        out.push_sql(") ORDER BY t.id");
        Ok(())
    }
}
