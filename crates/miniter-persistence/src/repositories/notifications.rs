//! Notifications in the database.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use miniter_domain::{
    Notification, NotificationId, NotificationKind, NotificationQuery, NotificationRepository,
    RepositoryError, StatusId, UserId,
};

use crate::database::{read, write};
use crate::schema::notifications;
use crate::store::Store;

/// How many rows one statement of a clearing deletes.
const CLEARED_AT_ONCE: i64 = 1_000;

/// A row, without its user.
type Row = (i64, i16, i64, Option<i64>, NaiveDateTime);

const COLUMNS: (
    notifications::id,
    notifications::kind,
    notifications::from_id,
    notifications::status_id,
    notifications::created_at,
) = (
    notifications::id,
    notifications::kind,
    notifications::from_id,
    notifications::status_id,
    notifications::created_at,
);

impl NotificationRepository for Store {
    fn list(&self, user: UserId, query: &NotificationQuery) -> Result<Vec<Notification>, RepositoryError> {
        let kinds: Vec<i16> = query.kinds.iter().map(|kind| kind.code()).collect();
        let above = query.since_id.max(query.min_id).map_or(i64::MIN, NotificationId::get);
        let below = query.max_id.map_or(i64::MAX, NotificationId::get);
        let mut rows: Vec<Row> = read!(self, |connection| {
            let mut rows = notifications::table
                .filter(notifications::user_id.eq(user.get()))
                .filter(notifications::id.gt(above))
                .filter(notifications::id.lt(below))
                .filter(notifications::kind.eq_any(&kinds))
                .select(COLUMNS)
                .limit(query.limit.into())
                .into_boxed();
            if let Some(from) = query.from {
                rows = rows.filter(notifications::from_id.eq(from.get()));
            }
            if query.min_id.is_some() {
                rows.order(notifications::id.asc()).load(connection)
            } else {
                rows.order(notifications::id.desc()).load(connection)
            }
        })?;
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.0));
        Ok(rows.into_iter().filter_map(notification).collect())
    }

    fn find(&self, user: UserId, id: NotificationId) -> Result<Option<Notification>, RepositoryError> {
        let row: Option<Row> = read!(self, |connection| {
            notifications::table
                .find(id.get())
                .filter(notifications::user_id.eq(user.get()))
                .select(COLUMNS)
                .first(connection)
                .optional()
        })?;
        Ok(row.and_then(notification))
    }

    fn delete(&self, user: UserId, id: NotificationId) -> Result<bool, RepositoryError> {
        let (user, id) = (user.get(), id.get());
        write!(self, |connection, _events| {
            let row = notifications::table.find(id).filter(notifications::user_id.eq(user));
            diesel::delete(row).execute(connection)
        })
        .map(|deleted| deleted > 0)
    }

    fn clear(&self, user: UserId) -> Result<(), RepositoryError> {
        let user = user.get();
        // Others write between the parts. What comes meanwhile stays.
        let newest: Option<i64> = read!(self, |connection| {
            let own = notifications::table.filter(notifications::user_id.eq(user));
            own.select(diesel::dsl::max(notifications::id)).first(connection)
        })?;
        let Some(newest) = newest else { return Ok(()) };
        while write!(self, |connection, _events| {
            let some: Vec<i64> = notifications::table
                .filter(notifications::user_id.eq(user))
                .filter(notifications::id.le(newest))
                .order(notifications::id)
                .select(notifications::id)
                .limit(CLEARED_AT_ONCE)
                .load(connection)?;
            let Some(last) = some.last().copied() else { return Ok(0) };
            diesel::delete(
                notifications::table
                    .filter(notifications::user_id.eq(user))
                    .filter(notifications::id.le(last)),
            )
            .execute(connection)
        })? > 0
        {}
        Ok(())
    }
}

/// What a row says; `None` for a kind that only a newer release knows.
fn notification((id, kind, from, status, created_at): Row) -> Option<Notification> {
    Some(Notification {
        id: NotificationId::new(id),
        kind: NotificationKind::of_code(kind)?,
        from: UserId::new(from),
        status: status.map(StatusId::new),
        created_at: created_at.and_utc(),
    })
}
