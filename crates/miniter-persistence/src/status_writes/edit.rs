//! Edits.

use std::sync::Arc;

use diesel::QueryResult;
use miniter_domain::{Status, StatusChange};

use crate::backend::portable::{Portable, params};
use crate::backend::prepared::list;
use crate::feed::Event;
use crate::notifications::{notify_boosters, notify_mentioned};
use crate::statuses::StatusQuery;
use crate::tweets::{Parts, insert_parts};

const KEEP: &str = "INSERT INTO status_edits (status_id, text, spoiler_text, is_sensitive, created_at) \
    VALUES (?, ?, ?, ?, ?)";

const CHANGE: &str = "UPDATE tweets SET tweet = ?, spoiler_text = ?, is_sensitive = ?, language = ?, edited_at = ? \
    WHERE id = ?";

/// Changes what a status of an author says, and returns the status as it is then.
pub(crate) fn update<C: Portable + StatusQuery>(
    connection: &mut C,
    events: &mut Vec<Event>,
    author: i64,
    status: i64,
    change: &StatusChange,
) -> QueryResult<Option<Arc<Status>>> {
    let found = connection.statuses(&[status])?.pop();
    let is_own = |found: &Arc<Status>| found.author.get() == author && found.reblog_of.is_none();
    let Some(before) = found.filter(is_own) else { return Ok(None) };
    if change.is_done(&before) {
        return Ok(Some(before));
    }
    let written_at = before.edited_at.unwrap_or(before.created_at).naive_utc();
    let version =
        params![status, before.text.as_str(), before.spoiler_text.as_str(), before.is_sensitive, written_at];
    connection.run(KEEP, version)?;
    let language = change.language.as_deref();
    let row = params![
        change.text.as_str(),
        change.spoiler_text.as_str(),
        change.is_sensitive,
        language,
        change.edited_at.naive_utc(),
        status
    ];
    connection.run(CHANGE, row)?;
    events.push(Event::StatusChanged { author, status });
    change_parts(connection, &before, change)?;
    let is_new = |account: &&_| !before.mentions.contains(*account);
    let new: Vec<i64> = change.mentions.iter().filter(is_new).map(|account| account.get()).collect();
    if !new.is_empty() {
        notify_mentioned(connection, events, &[status], Some(&new))?;
    }
    notify_boosters(connection, events, status)?;
    Ok(connection.statuses(&[status])?.pop())
}

/// Writes mentions and tags anew, as far as they have changed.
fn change_parts<C: Portable>(connection: &mut C, before: &Status, change: &StatusChange) -> QueryResult<()> {
    let status = before.id.get();
    let gone: Vec<i64> = before
        .mentions
        .iter()
        .filter(|account| !change.mentions.contains(account))
        .map(|account| account.get())
        .collect();
    if !gone.is_empty() {
        let accounts = list(&gone);
        let mentions = format!("DELETE FROM mentions WHERE status_id = ? AND account_id IN ({accounts})");
        connection.run_once(&mentions, params![status])?;
        let notifications =
            format!("DELETE FROM notifications WHERE status_id = ? AND kind = 1 AND user_id IN ({accounts})");
        connection.run_once(&notifications, params![status])?;
    }
    let new: Vec<_> =
        change.mentions.iter().filter(|account| !before.mentions.contains(account)).copied().collect();
    let tags: &[String] = if before.tags == change.tags {
        &[]
    } else {
        connection.run("DELETE FROM status_tags WHERE status_id = ?", params![status])?;
        &change.tags
    };
    insert_parts(connection, &[Parts { status, mentions: &new, tags }])
}
