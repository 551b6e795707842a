//! Publishing statuses: how the thread that writes does it.
//!
//! Posts are published in groups, with one statement for each table that they touch: what a post costs does not grow with the
//! posts beside it, nor with the followers of its author.

macro_rules! impl_greatest_id {
    () => {
        fn greatest_id(&mut self) -> QueryResult<StatusId> {
            greatest_id!(self)
        }
    };
}

#[cfg(feature = "mysql")]
mod mysql;
mod sqlite;

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::QueryResult;
use miniter_domain::{NewStatus, RepositoryError, StatusId, UserId};

use crate::backend::portable::{Param, Portable};
use crate::backend::prepared::list;
use crate::counts::{Counting, NewStatuses, StatusCount};
use crate::error::{ErrorKind, classify, kind_of};
use crate::feed::Event;
use crate::idempotency::{StoredResponse, StoredResponses};
use crate::notifications::{notify_mentioned, notify_subscribers};
use crate::rows::NewTweetRow;
use crate::writer::{Batch, Publish};

/// How often an id is drawn again that another program took meanwhile.
pub(crate) const DRAWS: u32 = 8;

/// How many mentions or tags one statement inserts.
const PARTS_AT_ONCE: usize = 100;

/// A connection that publishes.
pub(crate) trait Publishing: Counting + StoredResponses {
    /// Inserts rows. A statement that fails leaves nothing behind.
    fn insert_tweets(&mut self, rows: &[NewTweetRow<'_>]) -> QueryResult<()>;

    /// The greatest id of a tweet that leaves room above it.
    fn greatest_id(&mut self) -> QueryResult<StatusId>;
}

/// Publishes posts for whose requests no response is stored. An error of the rows themselves is the inner one, and nothing is
/// written then; after any other error the transaction, or the savepoint around this, has to be undone.
fn publish_group<C: Publishing + Publish>(
    batch: &mut Batch<'_, C>,
    posts: &[&NewStatus],
) -> QueryResult<Result<Vec<StoredResponse>, RepositoryError>> {
    let mut greatest = *batch.greatest;
    let mut ids = Vec::with_capacity(posts.len());
    for post in posts {
        greatest = StatusId::next(post.created_at, greatest);
        ids.push(greatest);
    }
    let published = || posts.iter().copied().zip(ids.iter().copied());
    let rows: Vec<NewTweetRow<'_>> = published().map(|(post, id)| NewTweetRow::of(post, id)).collect();
    if let Err(error) = batch.connection.insert_tweets(&rows) {
        let kind = kind_of(&error);
        if C::is_fatal(kind) {
            return Err(error);
        }
        if kind == ErrorKind::Locked {
            *batch.lock_waits += 1;
        }
        let is_taken = kind == ErrorKind::Duplicate;
        return Ok(Err(if is_taken { RepositoryError::IdTaken } else { classify(error) }));
    }
    let keyed: Vec<_> = published().filter(|(post, _)| post.fingerprint.is_some()).collect();
    batch.connection.store_responses(&keyed)?;
    *batch.greatest = greatest;
    for (post, id) in published() {
        batch.events.push(Event::Published { author: post.author.get(), tweet: id.get() });
        batch.published.push(Arc::new(post.clone().published(id)));
    }
    let parts: Vec<Parts<'_>> = published()
        .map(|(post, id)| Parts { status: id.get(), mentions: &post.mentions, tags: &post.tags })
        .collect();
    insert_parts(batch.connection, &parts)?;
    count(batch, posts)?;
    notify(batch, posts, &ids)?;
    Ok(Ok(published().map(|(post, id)| StoredResponse::of(post, id)).collect()))
}

/// What a status has beside its row.
pub(crate) struct Parts<'a> {
    pub(crate) status: i64,
    pub(crate) mentions: &'a [UserId],
    pub(crate) tags: &'a [String],
}

/// Inserts the mentions of statuses, as far as the accounts exist, and their tags.
pub(crate) fn insert_parts<C: Portable>(connection: &mut C, parts: &[Parts<'_>]) -> QueryResult<()> {
    let mentions: Vec<String> = parts
        .iter()
        .filter(|parts| !parts.mentions.is_empty())
        .map(|Parts { status, mentions, .. }| {
            let accounts: Vec<i64> = mentions.iter().map(|account| account.get()).collect();
            format!("SELECT {status}, id FROM users WHERE id IN ({})", list(&accounts))
        })
        .collect();
    for some in mentions.chunks(PARTS_AT_ONCE) {
        let sql = format!("INSERT INTO mentions (status_id, account_id) {}", some.join(" UNION ALL "));
        connection.run_once(&sql, &[])?;
    }
    let tags: Vec<(i64, &str)> = parts
        .iter()
        .flat_map(|Parts { status, tags, .. }| tags.iter().map(|tag| (*status, tag.as_str())))
        .collect();
    for some in tags.chunks(PARTS_AT_ONCE) {
        let rows = vec!["(?, ?)"; some.len()].join(", ");
        let params: Vec<Param<'_>> =
            some.iter().flat_map(|(status, tag)| [Param::from(*status), Param::from(*tag)]).collect();
        connection.run_once(&format!("INSERT INTO status_tags (status_id, name) VALUES {rows}"), &params)?;
    }
    Ok(())
}

/// Counts posts for their authors and for what they reply to.
fn count<C: Publishing>(batch: &mut Batch<'_, C>, posts: &[&NewStatus]) -> QueryResult<()> {
    let mut authors: BTreeMap<i64, NewStatuses> = BTreeMap::new();
    for post in posts.iter().filter(|post| post.visibility.is_counted()) {
        let (author, last) = (post.author.get(), post.created_at.naive_utc());
        let counted = authors.entry(author).or_insert(NewStatuses { author, count: 0, last });
        counted.count += 1;
        counted.last = counted.last.max(last);
    }
    let counted: Vec<NewStatuses> = authors.into_values().collect();
    batch.connection.count_statuses(&counted)?;
    batch.events.extend(counted.iter().map(|counted| Event::AccountChanged { user: counted.author }));
    for post in posts {
        if let Some(parent) = post.in_reply_to
            && post.visibility.is_for_anybody()
        {
            let (author, status) = (parent.author.get(), parent.status.get());
            StatusCount::Replies.add(batch.connection, batch.events, author, status)?;
        }
    }
    Ok(())
}

/// Notifies the accounts that posts mention, and the followers who want to be notified of posts.
fn notify<C: Publishing>(
    batch: &mut Batch<'_, C>,
    posts: &[&NewStatus],
    ids: &[StatusId],
) -> QueryResult<()> {
    let ids = |is_wanted: fn(&NewStatus) -> bool| -> Vec<i64> {
        posts.iter().zip(ids).filter(|(post, _)| is_wanted(post)).map(|(_, id)| id.get()).collect()
    };
    let mentioning = ids(|post| !post.mentions.is_empty());
    if !mentioning.is_empty() {
        notify_mentioned(batch.connection, batch.events, &mentioning, None)?;
    }
    let for_subscribers = ids(|post| {
        post.visibility.is_counted() && post.in_reply_to.is_none_or(|parent| parent.author == post.author)
    });
    if !for_subscribers.is_empty() {
        notify_subscribers(batch.connection, batch.events, &for_subscribers)?;
    }
    Ok(())
}
