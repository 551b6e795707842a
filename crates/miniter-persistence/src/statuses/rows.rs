//! Rows of statuses by their ids, as both databases give them.

use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text, Timestamp};
use miniter_domain::{Status, StatusCounts, StatusId, UserId, Visibility};

use crate::rows::Moment;

/// The columns of a status, with its mentions and tags as lists with commas. To be followed by a condition on `t.id`.
pub(super) const SELECT: &str = "SELECT t.id, t.user_id, t.tweet, t.created_at, t.visibility, t.spoiler_text, \
    t.is_sensitive, t.language, t.in_reply_to_id, t.in_reply_to_account_id, t.conversation_id, t.reblog_of_id, \
    t.application_id, t.edited_at, \
    (SELECT GROUP_CONCAT(m.account_id) FROM mentions m WHERE m.status_id = t.id), \
    (SELECT GROUP_CONCAT(g.name) FROM status_tags g WHERE g.status_id = t.id), \
    s.replies_count, s.reblogs_count, s.favourites_count \
    FROM tweets t LEFT JOIN status_stats s ON s.status_id = t.id WHERE t.id IN ";

/// Their types.
pub(super) type Columns = (
    BigInt,
    BigInt,
    Text,
    Timestamp,
    SmallInt,
    Text,
    Bool,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Timestamp>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
);

/// A row.
#[derive(Queryable)]
pub(super) struct Row {
    id: i64,
    author: i64,
    text: String,
    created_at: Moment,
    visibility: i16,
    spoiler_text: String,
    is_sensitive: bool,
    language: Option<String>,
    in_reply_to: Option<i64>,
    in_reply_to_account: Option<i64>,
    conversation: Option<i64>,
    reblog_of: Option<i64>,
    application: Option<i64>,
    edited_at: Option<NaiveDateTime>,
    mentions: Option<String>,
    tags: Option<String>,
    replies: Option<i64>,
    reblogs: Option<i64>,
    favourites: Option<i64>,
}

impl From<Row> for Arc<Status> {
    fn from(row: Row) -> Self {
        let Moment(created_at) = row.created_at;
        let list = |text: Option<String>| {
            text.map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default()
        };
        let mut mentions: Vec<UserId> =
            list(row.mentions).iter().filter_map(|id| id.parse().ok()).map(UserId::new).collect();
        mentions.sort_unstable();
        let mut tags = list(row.tags);
        tags.sort_unstable();
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Self::new(Status {
            id: StatusId::new(row.id),
            author: UserId::new(row.author),
            text: row.text,
            created_at,
            visibility: Visibility::of_code(row.visibility),
            spoiler_text: row.spoiler_text,
            is_sensitive: row.is_sensitive,
            language: row.language,
            in_reply_to: row.in_reply_to.map(StatusId::new),
            in_reply_to_account: row.in_reply_to_account.map(UserId::new),
            conversation: StatusId::new(row.conversation.unwrap_or(row.id)),
            reblog_of: row.reblog_of.map(StatusId::new),
            application: row.application,
            edited_at: row.edited_at.map(|moment| moment.and_utc()),
            mentions,
            tags,
            counts: StatusCounts {
                replies: count(row.replies),
                reblogs: count(row.reblogs),
                favourites: count(row.favourites),
            },
        })
    }
}
