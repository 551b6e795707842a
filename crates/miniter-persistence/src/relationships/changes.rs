//! How relationships change: what goes with what, in one transaction.
//!
//! One connection of all nodes writes at a time, so that nothing is changed between a look and what follows from it.

use chrono::NaiveDateTime;
use diesel::QueryResult;
use miniter_domain::{FollowOutcome, NewFollow, NotificationKind};

use crate::backend::portable::{Portable, params};
use crate::counts::{count_follow, discount_follow};
use crate::feed::Event;
use crate::notifications::{News, notify};

/// What a follower wants of a followee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wishes {
    show_reblogs: bool,
    notify: bool,
}

impl Wishes {
    /// What a follower wants who has not said anything.
    const DEFAULT: Self = Self { show_reblogs: true, notify: false };

    /// What is wanted after a request.
    fn changed(self, new: &NewFollow) -> Self {
        Self {
            show_reblogs: new.show_reblogs.unwrap_or(self.show_reblogs),
            notify: new.notify.unwrap_or(self.notify),
        }
    }

    /// Those of a row, if there is one.
    fn of(rows: &[(i64, i64)]) -> Option<Self> {
        rows.first()
            .map(|(show_reblogs, notify)| Self { show_reblogs: *show_reblogs != 0, notify: *notify != 0 })
    }
}

/// Makes one account follow another, or ask to.
pub(crate) fn follow<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    new: &NewFollow,
) -> QueryResult<FollowOutcome> {
    const UPDATE_FOLLOW: &str =
        "UPDATE users_follow_list SET show_reblogs = ?, notify = ? WHERE user_id = ? AND follow_user_id = ?";
    const UPDATE_REQUEST: &str =
        "UPDATE follow_requests SET show_reblogs = ?, notify = ? WHERE user_id = ? AND target_id = ?";
    const IS_LOCKED: &str = "SELECT id FROM users WHERE id = ? AND locked = 1";
    let (follower, followee) = (new.follow.follower().get(), new.follow.followee().get());
    let at = new.created_at.naive_utc();
    if let Some(present) = find_follow(connection, follower, followee)? {
        let wishes = present.changed(new);
        if wishes != present {
            let Wishes { show_reblogs, notify } = wishes;
            connection.run(UPDATE_FOLLOW, params![show_reblogs, notify, follower, followee])?;
            events.push(Event::CircleChanged { user: follower, other: followee });
        }
        return Ok(FollowOutcome::Following);
    }
    if has_blocked(connection, follower, followee)? || has_blocked(connection, followee, follower)? {
        return Ok(FollowOutcome::Blocked);
    }
    let request = find_request(connection, follower, followee)?;
    if connection.number(IS_LOCKED, params![followee])?.is_some() {
        let wishes = request.unwrap_or(Wishes::DEFAULT).changed(new);
        if request.is_some() {
            let Wishes { show_reblogs, notify } = wishes;
            connection.run(UPDATE_REQUEST, params![show_reblogs, notify, follower, followee])?;
        } else {
            begin_request(connection, events, follower, followee, wishes, at)?;
        }
        return Ok(FollowOutcome::Requested);
    }
    // Who asked while the account was locked, and asks again now, need not wait.
    if request.is_some() {
        end_request(connection, follower, followee)?;
    }
    let wishes = request.unwrap_or(Wishes::DEFAULT).changed(new);
    begin_follow(connection, events, follower, followee, wishes, at)?;
    Ok(FollowOutcome::Following)
}

/// Grants a request, and returns whether there was one.
pub(crate) fn authorize<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    follower: i64,
    followee: i64,
    at: NaiveDateTime,
) -> QueryResult<bool> {
    let Some(wishes) = find_request(connection, follower, followee)? else { return Ok(false) };
    end_request(connection, follower, followee)?;
    // Other SQL may have made the follow as well.
    if find_follow(connection, follower, followee)?.is_none() {
        begin_follow(connection, events, follower, followee, wishes, at)?;
    }
    Ok(true)
}

/// Ends a follow, and returns whether there was one.
pub(crate) fn end_follow<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    follower: i64,
    followee: i64,
) -> QueryResult<bool> {
    let delete = "DELETE FROM users_follow_list WHERE user_id = ? AND follow_user_id = ?";
    if connection.run(delete, params![follower, followee])? == 0 {
        return Ok(false);
    }
    discount_follow(connection, follower, followee)?;
    withdraw(connection, followee, NotificationKind::Follow, follower)?;
    events.push(Event::Unfollowed { follower, followee });
    Ok(true)
}

/// Takes a request away, and returns whether there was one.
pub(crate) fn end_request<C: Portable>(
    connection: &mut C,
    follower: i64,
    followee: i64,
) -> QueryResult<bool> {
    let delete = "DELETE FROM follow_requests WHERE user_id = ? AND target_id = ?";
    if connection.run(delete, params![follower, followee])? == 0 {
        return Ok(false);
    }
    withdraw(connection, followee, NotificationKind::FollowRequest, follower)?;
    Ok(true)
}

/// Hides two accounts from each other.
pub(crate) fn block<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
    target: i64,
    at: NaiveDateTime,
) -> QueryResult<()> {
    if has_blocked(connection, user, target)? {
        return Ok(());
    }
    let insert = "INSERT INTO blocks (user_id, target_id, created_at) VALUES (?, ?, ?)";
    connection.run(insert, params![user, target, at])?;
    for (one, other) in [(user, target), (target, user)] {
        end_follow(connection, events, one, other)?;
        end_request(connection, one, other)?;
        let forget = "DELETE FROM notifications WHERE from_id = ? AND user_id = ?";
        connection.run(forget, params![other, one])?;
        events.push(Event::CircleChanged { user: one, other });
    }
    Ok(())
}

fn find_follow<C: Portable>(connection: &mut C, follower: i64, followee: i64) -> QueryResult<Option<Wishes>> {
    let sql = "SELECT show_reblogs, notify FROM users_follow_list WHERE user_id = ? AND follow_user_id = ?";
    connection.pairs(sql, params![follower, followee]).map(|rows| Wishes::of(&rows))
}

fn find_request<C: Portable>(
    connection: &mut C,
    follower: i64,
    followee: i64,
) -> QueryResult<Option<Wishes>> {
    let sql = "SELECT show_reblogs, notify FROM follow_requests WHERE user_id = ? AND target_id = ?";
    connection.pairs(sql, params![follower, followee]).map(|rows| Wishes::of(&rows))
}

fn has_blocked<C: Portable>(connection: &mut C, user: i64, target: i64) -> QueryResult<bool> {
    let sql = "SELECT 1 FROM blocks WHERE user_id = ? AND target_id = ?";
    connection.number(sql, params![user, target]).map(|found| found.is_some())
}

fn begin_request<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    follower: i64,
    followee: i64,
    Wishes { show_reblogs, notify: is_notifying }: Wishes,
    at: NaiveDateTime,
) -> QueryResult<()> {
    let insert = "INSERT INTO follow_requests (user_id, target_id, show_reblogs, notify, created_at) \
        VALUES (?, ?, ?, ?, ?)";
    connection.run(insert, params![follower, followee, show_reblogs, is_notifying, at])?;
    notify(connection, events, &news(followee, NotificationKind::FollowRequest, follower, at))
}

fn begin_follow<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    follower: i64,
    followee: i64,
    Wishes { show_reblogs, notify: is_notifying }: Wishes,
    at: NaiveDateTime,
) -> QueryResult<()> {
    let insert = "INSERT INTO users_follow_list (user_id, follow_user_id, show_reblogs, notify, created_at) \
        VALUES (?, ?, ?, ?, ?)";
    connection.run(insert, params![follower, followee, show_reblogs, is_notifying, at])?;
    count_follow(connection, follower, followee)?;
    events.push(Event::Followed { follower, followee });
    if !show_reblogs {
        events.push(Event::CircleChanged { user: follower, other: followee });
    }
    notify(connection, events, &news(followee, NotificationKind::Follow, follower, at))
}

fn news(user: i64, kind: NotificationKind, from: i64, moment: NaiveDateTime) -> News {
    News { user, kind, from, status: None, moment }
}

/// Takes back what an account was told of another.
fn withdraw<C: Portable>(
    connection: &mut C,
    user: i64,
    kind: NotificationKind,
    from: i64,
) -> QueryResult<()> {
    let sql =
        "DELETE FROM notifications WHERE from_id = ? AND user_id = ? AND kind = ? AND status_id IS NULL";
    connection.run(sql, params![from, user, i64::from(kind.code())]).map(drop)
}
