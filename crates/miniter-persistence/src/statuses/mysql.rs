//! Statuses from a MySQL or MariaDB server.

use std::sync::Arc;

use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text, Timestamp};
use miniter_domain::Status;

use crate::backend::prepared::list;
use crate::rows::Moment;
use crate::statuses::{StatusQuery, status};

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    tweet: String,
    #[diesel(sql_type = Timestamp)]
    created_at: Moment,
}

impl StatusQuery for MysqlConnection {
    fn statuses(&mut self, ids: &[i64]) -> QueryResult<Vec<Arc<Status>>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // The ids are in the text: as parameters they would make a statement for each count, to be kept by the connection.
        let sql = format!(
            "SELECT id, user_id, tweet, created_at FROM tweets WHERE id IN ({}) ORDER BY id",
            list(ids)
        );
        let rows: Vec<NamedRow> = sql_query(sql).load(self)?;
        Ok(rows
            .into_iter()
            .map(|NamedRow { id, user_id, tweet, created_at }| status((id, user_id, tweet, created_at)))
            .collect())
    }
}
