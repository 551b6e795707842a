//! Creating notifications: in the transaction of the write that they tell of.
//!
//! One statement decides for all candidates: accounts that have blocked or muted the other, or have muted the thread, get
//! none.

use chrono::NaiveDateTime;
use diesel::QueryResult;
use miniter_domain::NotificationKind;

use crate::backend::portable::{Portable, params};
use crate::backend::prepared::list;
use crate::feed::Event;

/// The most followers that are notified of a post, those with the smallest numbers. The node writes nothing else meanwhile.
const MOST_SUBSCRIBERS: i64 = 1_000;

/// The beginning of a statement that notifies. A query for the candidates follows, and [`CONDITIONS`].
const INSERT: &str = "INSERT INTO notifications (user_id, kind, from_id, status_id, created_at) \
    SELECT c.user_id, c.kind, c.from_id, c.status_id, c.moment FROM (";

/// Which candidates are notified.
const CONDITIONS: &str = ") c WHERE c.user_id <> c.from_id \
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = c.user_id AND b.target_id = c.from_id) \
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = c.from_id AND b.target_id = c.user_id) \
    AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.user_id = c.user_id AND m.target_id = c.from_id \
        AND m.hide_notifications = 1 AND (m.expires_at IS NULL OR m.expires_at > c.moment)) \
    AND NOT EXISTS (SELECT 1 FROM conversation_mutes m WHERE m.user_id = c.user_id \
        AND m.conversation_id = c.conversation_id)";

/// The accounts that statuses mention.
const MENTIONED: &str = "SELECT m.account_id AS user_id, 1 AS kind, t.user_id AS from_id, t.id AS status_id, \
    COALESCE(t.conversation_id, t.id) AS conversation_id, COALESCE(t.edited_at, t.created_at) AS moment \
    FROM mentions m JOIN tweets t ON t.id = m.status_id";

/// The followers that want to be notified of an author's statuses, of which replies to others are none. An account that is
/// mentioned is told of that.
const SUBSCRIBED: &str = "SELECT f.user_id AS user_id, 2 AS kind, t.user_id AS from_id, t.id AS status_id, \
    COALESCE(t.conversation_id, t.id) AS conversation_id, t.created_at AS moment \
    FROM tweets t JOIN users_follow_list f ON f.follow_user_id = t.user_id AND f.notify = 1 \
    WHERE t.id = ? AND t.visibility < 3 \
    AND (t.in_reply_to_account_id IS NULL OR t.in_reply_to_account_id = t.user_id) \
    AND NOT EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = t.id AND m.account_id = f.user_id) \
    ORDER BY f.user_id LIMIT ?";

/// The accounts that have boosted a status.
const BOOSTED: &str = "SELECT b.user_id AS user_id, 8 AS kind, t.user_id AS from_id, t.id AS status_id, \
    COALESCE(t.conversation_id, t.id) AS conversation_id, COALESCE(t.edited_at, t.created_at) AS moment \
    FROM tweets t JOIN tweets b ON b.reblog_of_id = t.id WHERE t.id = ? ORDER BY b.id LIMIT ?";

/// Notifies one account.
const NOTIFY_ONE: &str = "INSERT INTO notifications (user_id, kind, from_id, status_id, created_at) \
    SELECT u.id, ?, ?, ?, ? FROM users u WHERE u.id = ? AND u.id <> ? \
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = u.id AND b.target_id = ?) \
    AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = ? AND b.target_id = u.id) \
    AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.user_id = u.id AND m.target_id = ? \
        AND m.hide_notifications = 1 AND (m.expires_at IS NULL OR m.expires_at > ?)) \
    AND NOT EXISTS (SELECT 1 FROM conversation_mutes m WHERE m.user_id = u.id AND m.conversation_id = ?) \
    AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.status_id = ? AND n.user_id = u.id AND n.from_id = ? \
        AND n.kind = ?)";

/// Something that one account is to be told.
pub(crate) struct News {
    /// The account.
    pub(crate) user: i64,
    pub(crate) kind: NotificationKind,
    /// The account that did it.
    pub(crate) from: i64,
    /// The status that it is about, and the thread of that.
    pub(crate) status: Option<(i64, i64)>,
    pub(crate) moment: NaiveDateTime,
}

/// Notifies an account, unless it was told the same of the same status before.
pub(crate) fn notify<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    news: &News,
) -> QueryResult<()> {
    let News { user, from, moment, .. } = *news;
    let kind = i64::from(news.kind.code());
    let (status, conversation) = news.status.unzip();
    let created = connection.run(
        NOTIFY_ONE,
        params![
            kind,
            from,
            status,
            moment,
            user,
            from,
            from,
            from,
            from,
            moment,
            conversation,
            status,
            from,
            kind
        ],
    )?;
    record(connection, events, created)
}

/// Takes back that an account has done something with a status.
pub(crate) fn withdraw<C: Portable>(
    connection: &mut C,
    kind: NotificationKind,
    from: i64,
    status: i64,
) -> QueryResult<()> {
    let sql = "DELETE FROM notifications WHERE status_id = ? AND from_id = ? AND kind = ?";
    connection.run(sql, params![status, from, i64::from(kind.code())]).map(drop)
}

/// Notifies the accounts that statuses mention: all of them, or those in a list.
pub(crate) fn notify_mentioned<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    statuses: &[i64],
    accounts: Option<&[i64]>,
) -> QueryResult<()> {
    let among =
        accounts.map(|accounts| format!(" AND m.account_id IN ({})", list(accounts))).unwrap_or_default();
    let sql = format!("{INSERT}{MENTIONED} WHERE m.status_id IN ({}){among}{CONDITIONS}", list(statuses));
    let created = connection.run_once(&sql, &[])?;
    record(connection, events, created)
}

/// Notifies the followers that want to be notified of the authors' statuses.
pub(crate) fn notify_subscribers<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    statuses: &[i64],
) -> QueryResult<()> {
    const WITH_SUBSCRIBERS: &str = "SELECT t.id FROM tweets t WHERE EXISTS (SELECT 1 FROM users_follow_list f \
        WHERE f.follow_user_id = t.user_id AND f.notify = 1) AND t.id IN (";
    const HAS_SUBSCRIBERS: &str = "SELECT t.id FROM tweets t WHERE t.id = ? AND EXISTS \
        (SELECT 1 FROM users_follow_list f WHERE f.follow_user_id = t.user_id AND f.notify = 1)";
    // Most have none.
    let statuses = match statuses {
        [status] => connection.numbers(HAS_SUBSCRIBERS, params![*status])?,
        many => connection.numbers_once(&format!("{WITH_SUBSCRIBERS}{})", list(many)), &[])?,
    };
    for status in statuses {
        let sql = format!("{INSERT}{SUBSCRIBED}{CONDITIONS}");
        let created = connection.run(&sql, params![status, MOST_SUBSCRIBERS])?;
        record(connection, events, created)?;
    }
    Ok(())
}

/// Notifies the accounts that have boosted a status of an edit. They see the last one only.
pub(crate) fn notify_boosters<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    status: i64,
) -> QueryResult<()> {
    let told_before = "DELETE FROM notifications WHERE status_id = ? AND kind = 8";
    connection.run(told_before, params![status])?;
    let sql = format!("{INSERT}{BOOSTED}{CONDITIONS}");
    let created = connection.run(&sql, params![status, MOST_SUBSCRIBERS])?;
    record(connection, events, created)
}

/// Records the notifications that the last statement has created: the newest ones, since nothing else writes meanwhile.
fn record<C: Portable>(connection: &mut C, events: &mut Vec<Event>, created: usize) -> QueryResult<()> {
    if created == 0 {
        return Ok(());
    }
    let newest = i64::try_from(created).unwrap_or(i64::MAX);
    let rows = connection
        .pairs("SELECT user_id, id FROM notifications ORDER BY id DESC LIMIT ?", params![newest])?;
    events.extend(rows.into_iter().rev().map(|(user, notification)| Event::Notified { user, notification }));
    Ok(())
}
