//! Statements that both databases understand, for functions that serve either.
//!
//! Diesel's query builder types a query for one connection; a function over [`Portable`] is written once. What only one
//! database can say is a method of another trait, with an implementation for each.

use chrono::NaiveDateTime;
use diesel::QueryResult;
use diesel::backend::Backend;
#[cfg(feature = "mysql")]
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Nullable, Text, Timestamp};
use diesel::sqlite::SqliteConnection;

/// A value for a `?`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param<'a> {
    Number(i64),
    MaybeNumber(Option<i64>),
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Flag(bool),
    Moment(NaiveDateTime),
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<i64>> for Param<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::MaybeNumber(number)
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::MaybeText(text)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Param<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<NaiveDateTime> for Param<'_> {
    fn from(moment: NaiveDateTime) -> Self {
        Self::Moment(moment)
    }
}

/// The values for the question marks of a statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$(crate::backend::portable::Param::from($value)),*] };
}

pub(crate) use params;

/// A connection that runs statements with a `?` for each value.
pub(crate) trait Portable {
    /// Runs a statement, which stays prepared, and returns how many rows it has changed.
    fn run(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<usize>;

    /// Runs a statement whose text is used once: it has lists in it.
    fn run_once(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<usize>;

    /// The numbers that a query answers.
    fn numbers(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<i64>>;

    /// The numbers that a query answers whose text is used once.
    fn numbers_once(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<i64>>;

    /// The pairs of numbers that a query answers.
    fn pairs(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<(i64, i64)>>;

    /// The first number that a query answers.
    fn number(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Option<i64>> {
        Ok(self.numbers(sql, params)?.first().copied())
    }
}

macro_rules! impl_portable {
    ($($connection:ty),*) => {
        $(impl Portable for $connection {
            fn run(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<usize> {
                Statement::<BigInt>::kept(sql, params).execute(self)
            }

            fn run_once(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<usize> {
                Statement::<BigInt> { is_kept: false, ..Statement::kept(sql, params) }.execute(self)
            }

            fn numbers(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<i64>> {
                Statement::<BigInt>::kept(sql, params).load(self)
            }

            fn numbers_once(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<i64>> {
                Statement::<BigInt> { is_kept: false, ..Statement::kept(sql, params) }.load(self)
            }

            fn pairs(&mut self, sql: &str, params: &[Param<'_>]) -> QueryResult<Vec<(i64, i64)>> {
                Statement::<(BigInt, BigInt)>::kept(sql, params).load(self)
            }
        })*
    };
}

impl_portable!(SqliteConnection);
#[cfg(feature = "mysql")]
impl_portable!(MysqlConnection);

/// A statement that answers rows of the SQL type `T`.
struct Statement<'a, T> {
    sql: &'a str,
    params: &'a [Param<'a>],
    /// Whether the connection keeps it prepared.
    is_kept: bool,
    rows: std::marker::PhantomData<T>,
}

impl<'a, T> Statement<'a, T> {
    fn kept(sql: &'a str, params: &'a [Param<'a>]) -> Self {
        Self { sql, params, is_kept: true, rows: std::marker::PhantomData }
    }
}

impl<T> QueryId for Statement<'_, T> {
    // The statement is known by its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> Query for Statement<'_, T> {
    type SqlType = T;
}

impl<T, C> RunQueryDsl<C> for Statement<'_, T> {}

impl<T, DB> QueryFragment<DB> for Statement<'_, T>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Bool> + HasSqlType<Timestamp>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    bool: ToSql<Bool, DB>,
    NaiveDateTime: ToSql<Timestamp, DB>,
    for<'p> Option<&'p str>: ToSql<Nullable<Text>, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (param, part) in self.params.iter().zip(parts) {
            match param {
                Param::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Param::MaybeNumber(number) => out.push_bind_param::<Nullable<BigInt>, _>(number)?,
                Param::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Param::MaybeText(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                Param::Flag(flag) => out.push_bind_param::<Bool, _>(flag)?,
                Param::Moment(moment) => out.push_bind_param::<Timestamp, _>(moment)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}
