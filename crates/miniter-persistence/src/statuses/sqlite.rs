//! Statuses from a SQLite file.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel::sqlite::{Sqlite, SqliteConnection};
use miniter_domain::Status;

use crate::statuses::StatusQuery;
use crate::statuses::rows::{Columns, Row, SELECT};

impl StatusQuery for SqliteConnection {
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut list = String::with_capacity(ids.len() * 20 + 2);
        for id in ids {
            list.push(if list.is_empty() { '[' } else { ',' });
            list.push_str(&id.to_string());
        }
        list.push(']');
        let rows: Vec<Row> = RowsByIds { ids: list }.load(self)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// A query for rows by a list of ids in JSON. As a list of parameters it would be another statement, to be prepared anew,
/// for each length.
#[derive(QueryId)]
struct RowsByIds {
    ids: String,
}

impl Query for RowsByIds {
    type SqlType = Columns;
}

impl RunQueryDsl<SqliteConnection> for RowsByIds {}

impl QueryFragment<Sqlite> for RowsByIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(SELECT);
        out.push_sql("(SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql(")) ORDER BY t.id");
        Ok(())
    }
}
