//! Statements of one database's own, which Diesel's query builder has no words for.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

/// A statement with a `?` for each of its numbers, which answers rows of the SQL type `T`. It is prepared once a
/// connection; `diesel::sql_query` would have it prepared at each use.
pub(crate) struct Prepared<const N: usize, T> {
    sql: &'static str,
    numbers: [i64; N],
    rows: PhantomData<T>,
}

/// A statement, and the numbers for its question marks.
pub(crate) fn prepared<const N: usize, T>(sql: &'static str, numbers: [i64; N]) -> Prepared<N, T> {
    Prepared { sql, numbers, rows: PhantomData }
}

/// Runs a statement that answers no rows, and returns how many it has changed.
#[cfg(feature = "mysql")]
pub(crate) fn execute<const N: usize, C>(
    connection: &mut C,
    sql: &'static str,
    numbers: [i64; N],
) -> QueryResult<usize>
where
    C: diesel::Connection,
    Prepared<N, BigInt>: diesel::query_dsl::methods::ExecuteDsl<C>,
{
    prepared::<N, BigInt>(sql, numbers).execute(connection)
}

/// Numbers as they stand in the text of a statement.
pub(crate) fn list(numbers: &[i64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl<const N: usize, T> QueryId for Prepared<N, T> {
    // The statement is known by its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize, T> Query for Prepared<N, T> {
    type SqlType = T;
}

impl<const N: usize, T, C> RunQueryDsl<C> for Prepared<N, T> {}

impl<const N: usize, T, DB> QueryFragment<DB> for Prepared<N, T>
where
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (number, part) in self.numbers.iter().zip(parts) {
            out.push_bind_param::<BigInt, _>(number)?;
            out.push_sql(part);
        }
        Ok(())
    }
}
