//! Boosts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::result::Error;
use miniter_domain::{NotificationKind, Status, StatusId, UserId, Visibility};

use crate::backend::portable::{Portable, params};
use crate::counts::{NewStatuses, StatusCount, discount_statuses};
use crate::error::{ErrorKind, kind_of};
use crate::feed::Event;
use crate::notifications::{News, notify, withdraw};
use crate::rows::NewTweetRow;
use crate::statuses::StatusQuery;
use crate::tweets::{DRAWS, Publishing};
use crate::writer::Batch;

const FIND: &str = "SELECT id FROM tweets WHERE reblog_of_id = ? AND user_id = ?";

/// A boost that is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewBoost {
    pub(crate) user: UserId,
    pub(crate) original: StatusId,
    pub(crate) visibility: Visibility,
    pub(crate) created_at: DateTime<Utc>,
}

/// Boosts a status; `None` if there is none with this id, or it is a boost. Returns the boost that there is already, if the user
/// has made one.
pub(crate) fn reblog<C: Publishing + StatusQuery>(
    batch: &mut Batch<'_, C>,
    new: NewBoost,
) -> QueryResult<Option<Arc<Status>>> {
    let NewBoost { user, original, visibility, created_at } = new;
    let connection = &mut *batch.connection;
    if let Some(known) = connection.number(FIND, params![original.get(), user.get()])? {
        return Ok(connection.statuses(&[known])?.pop());
    }
    let found = connection.statuses(&[original.get()])?.pop();
    let Some(boosted) = found.filter(|status| status.reblog_of.is_none()) else { return Ok(None) };
    *batch.greatest = connection.greatest_id()?.max(*batch.greatest);
    let mut draws = 1;
    let boost = loop {
        let id = StatusId::next(created_at, *batch.greatest);
        let plain = Status::plain(id, user, String::new(), created_at);
        let boost = Status { visibility, reblog_of: Some(original), ..plain };
        match connection.insert_tweets(&[NewTweetRow::of_boost(&boost)]) {
            // Another program has numbered a row "greatest + 1" meanwhile.
            Err(error) if kind_of(&error) == ErrorKind::Duplicate && draws < DRAWS => {
                draws += 1;
                *batch.greatest = connection.greatest_id()?.max(*batch.greatest);
            }
            inserted => {
                inserted?;
                *batch.greatest = id;
                break Arc::new(boost);
            }
        }
    };
    let (user, status, author) = (user.get(), original.get(), boosted.author.get());
    let last = created_at.naive_utc();
    connection.count_statuses(&[NewStatuses { author: user, count: 1, last }])?;
    let events = &mut *batch.events;
    events.push(Event::Published { author: user, tweet: boost.id.get() });
    events.push(Event::AccountChanged { user });
    events.push(Event::InteractionChanged { user, status });
    batch.published.push(Arc::clone(&boost));
    StatusCount::Reblogs.add(connection, events, author, status)?;
    let news = News {
        user: author,
        kind: NotificationKind::Reblog,
        from: user,
        status: Some((status, boosted.conversation.get())),
        moment: last,
    };
    notify(connection, events, &news)?;
    Ok(Some(boost))
}

/// Takes a user's boost of a status back, and returns whether there was one.
pub(crate) fn unreblog<C: Portable + StatusQuery>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
    original: i64,
) -> QueryResult<bool> {
    let Some(boost) = connection.number(FIND, params![original, user])? else { return Ok(false) };
    delete_boost(connection, events, user, boost, original)?;
    Ok(true)
}

/// Deletes a boost.
pub(super) fn delete_boost<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
    boost: i64,
    original: i64,
) -> QueryResult<()> {
    let author = connection.number("SELECT user_id FROM tweets WHERE id = ?", params![original])?;
    connection.run("DELETE FROM tweets WHERE id = ?", params![boost])?;
    events.push(Event::Deleted { author: user, tweet: boost });
    events.push(Event::InteractionChanged { user, status: original });
    discount_statuses(connection, events, &[user], 1)?;
    withdraw(connection, NotificationKind::Reblog, user, original)?;
    let author = author.ok_or(Error::NotFound)?;
    StatusCount::Reblogs.subtract(connection, events, author, original)
}
