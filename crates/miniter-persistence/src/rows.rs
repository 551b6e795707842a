//! Rows as Diesel reads and writes them.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::Timestamp;
use miniter_domain::{NewStatus, NewUser, SecretDigest, Status, StatusId, Username};

use crate::schema::{tweets, users};

/// A row for `users`; the database gives the rest.
#[derive(Insertable)]
#[diesel(table_name = users)]
pub(crate) struct NewUserRow<'a> {
    pub(crate) username: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) hashed_password: &'a str,
    pub(crate) profile: &'a str,
    pub(crate) created_at: NaiveDateTime,
}

impl<'a> NewUserRow<'a> {
    pub(crate) fn of(user: &'a NewUser) -> Self {
        Self {
            username: user.username.as_ref().map(Username::as_str),
            name: user.name.as_str(),
            email: user.email.as_str(),
            hashed_password: &user.hashed_password,
            profile: user.profile.as_str(),
            created_at: user.created_at.naive_utc(),
        }
    }
}

/// A row for `tweets`.
#[derive(Insertable)]
#[diesel(table_name = tweets)]
pub(crate) struct NewTweetRow<'a> {
    id: i64,
    user_id: i64,
    tweet: &'a str,
    created_at: NaiveDateTime,
    visibility: i16,
    spoiler_text: &'a str,
    is_sensitive: bool,
    language: Option<&'a str>,
    in_reply_to_id: Option<i64>,
    in_reply_to_account_id: Option<i64>,
    conversation_id: Option<i64>,
    application_id: Option<i64>,
    reblog_of_id: Option<i64>,
}

impl<'a> NewTweetRow<'a> {
    pub(crate) fn of(status: &'a NewStatus, id: StatusId) -> Self {
        let reply = status.in_reply_to;
        Self {
            id: id.get(),
            user_id: status.author.get(),
            tweet: &status.text,
            created_at: status.created_at.naive_utc(),
            visibility: status.visibility.code(),
            spoiler_text: &status.spoiler_text,
            is_sensitive: status.is_sensitive,
            language: status.language.as_deref(),
            in_reply_to_id: reply.map(|reply| reply.status.get()),
            in_reply_to_account_id: reply.map(|reply| reply.author.get()),
            conversation_id: reply.map(|reply| reply.conversation.get()),
            application_id: status.application,
            reblog_of_id: None,
        }
    }

    /// A boost.
    pub(crate) fn of_boost(boost: &'a Status) -> Self {
        Self {
            id: boost.id.get(),
            user_id: boost.author.get(),
            tweet: "",
            created_at: boost.created_at.naive_utc(),
            visibility: boost.visibility.code(),
            spoiler_text: "",
            is_sensitive: false,
            language: None,
            in_reply_to_id: None,
            in_reply_to_account_id: None,
            conversation_id: None,
            application_id: None,
            reblog_of_id: boost.reblog_of.map(StatusId::get),
        }
    }
}

/// When a row was made. Other SQL may have stored what is no moment (MySQL's zero date, any text in a SQLite file): that is the
/// beginning of 1970, so that the row is shown all the same.
#[derive(Debug, FromSqlRow)]
pub(crate) struct Moment(pub(crate) DateTime<Utc>);

impl From<Moment> for DateTime<Utc> {
    fn from(Moment(moment): Moment) -> Self {
        moment
    }
}

/// A digest as it is stored. Bytes of another length are none of ours: they are the digest of nothing.
pub(crate) fn digest_of(bytes: &[u8]) -> SecretDigest {
    SecretDigest(bytes.try_into().unwrap_or_default())
}

impl<DB: Backend> FromSql<Timestamp, DB> for Moment
where
    NaiveDateTime: FromSql<Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(NaiveDateTime::from_sql(bytes).map_or(DateTime::UNIX_EPOCH, |moment| moment.and_utc())))
    }
}
