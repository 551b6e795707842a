//! Deletions. The database deletes the rows that depend on a status; their counts, and what nodes keep of them, are changed here.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::QueryResult;
use miniter_domain::{Status, StatusId};

use super::reblog::delete_boost;
use crate::backend::portable::{Portable, params};
use crate::counts::{StatusCount, discount_statuses};
use crate::feed::Event;
use crate::statuses::StatusQuery;

/// Deletes a status of an author, and returns the status as it was.
pub(crate) fn delete<C: Portable + StatusQuery>(
    connection: &mut C,
    events: &mut Vec<Event>,
    author: i64,
    status: i64,
) -> QueryResult<Option<Arc<Status>>> {
    let found = connection.statuses(&[status])?.pop();
    let Some(deleted) = found.filter(|found| found.author.get() == author) else { return Ok(None) };
    if let Some(original) = deleted.reblog_of {
        delete_boost(connection, events, author, status, original.get())?;
        return Ok(Some(deleted));
    }
    let boosts = connection
        .pairs("SELECT user_id, id FROM tweets WHERE reblog_of_id = ? ORDER BY id", params![status])?;
    let replies = connection
        .pairs("SELECT user_id, id FROM tweets WHERE in_reply_to_id = ? ORDER BY id", params![status])?;
    connection.run("DELETE FROM tweets WHERE id = ?", params![status])?;
    events.push(Event::Deleted { author, tweet: status });
    forget_boosts(connection, events, &boosts)?;
    // They reply to nothing now.
    events.extend(replies.into_iter().map(|(author, status)| Event::StatusChanged { author, status }));
    if deleted.visibility.is_counted() {
        discount_statuses(connection, events, &[author], 1)?;
    }
    if let (Some(parent), Some(account)) =
        (deleted.in_reply_to.map(StatusId::get), deleted.in_reply_to_account)
        && deleted.visibility.is_for_anybody()
    {
        StatusCount::Replies.subtract(connection, events, account.get(), parent)?;
    }
    Ok(Some(deleted))
}

/// Counts boosts, given as accounts and ids, that go with what they boost.
fn forget_boosts<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    boosts: &[(i64, i64)],
) -> QueryResult<()> {
    events.extend(boosts.iter().map(|(author, tweet)| Event::Deleted { author: *author, tweet: *tweet }));
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (author, _) in boosts {
        *counts.entry(*author).or_default() += 1;
    }
    let mut authors: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (author, count) in counts {
        authors.entry(count).or_default().push(author);
    }
    for (count, authors) in authors {
        discount_statuses(connection, events, &authors, count)?;
    }
    Ok(())
}

/// Takes out of all counts what an account has written, boosted and made a favourite. To be called in the transaction that
/// deletes the account, before it does: the database deletes the rows. [`Event::AccountDeleted`] makes nodes forget the
/// statuses.
pub(crate) fn forget_statuses_of<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
) -> QueryResult<()> {
    const FAVOURITES: &str = "UPDATE status_stats SET favourites_count = favourites_count - 1 \
        WHERE favourites_count > 0 AND status_id IN (SELECT status_id FROM favourites WHERE user_id = ?)";
    const REBLOGS: &str = "UPDATE status_stats SET reblogs_count = reblogs_count - 1 \
        WHERE reblogs_count > 0 AND status_id IN \
        (SELECT reblog_of_id FROM tweets WHERE user_id = ? AND reblog_of_id IS NOT NULL)";
    const PARENTS: &str = "SELECT in_reply_to_id, COUNT(*) FROM tweets WHERE user_id = ? \
        AND in_reply_to_id IS NOT NULL AND visibility < 2 GROUP BY in_reply_to_id";
    const REPLIES: &str = "UPDATE status_stats SET replies_count = \
        CASE WHEN replies_count > ? THEN replies_count - ? ELSE 0 END WHERE status_id = ?";
    const BOOSTS: &str = "SELECT b.user_id, b.id FROM tweets t JOIN tweets b ON b.reblog_of_id = t.id \
        WHERE t.user_id = ? AND b.user_id <> ? ORDER BY b.id";
    connection.run(FAVOURITES, params![user])?;
    connection.run(REBLOGS, params![user])?;
    for (parent, replies) in connection.pairs(PARENTS, params![user])? {
        connection.run(REPLIES, params![replies, replies, parent])?;
    }
    let boosts = connection.pairs(BOOSTS, params![user, user])?;
    forget_boosts(connection, events, &boosts)
}
