//! What accounts are to each other, in the database.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{exists, not, select};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use miniter_domain::{
    AccountList, AccountNote, AccountPage, FamiliarFollowers, Mute, PageRequest, Relationship,
    RelationshipRepository, RepositoryError, UserId,
};

use crate::database::{read, write};
use crate::feed::Event;
use crate::relationships::{self, Kind, RelationRow, page_of, relationships_of};
use crate::schema::{account_notes, blocks, follow_requests, mutes, notifications, users_follow_list};
use crate::store::Store;

/// Accounts that have a column of this table, with what stands in another one: `(kind, account, a, b)`.
macro_rules! rows_of {
    ($table:ident, $kind:expr, $of:ident = $viewer:expr, $account:ident in $ids:expr, $a:expr, $b:expr) => {
        $table::table.filter($table::$of.eq($viewer)).filter($table::$account.eq_any($ids)).select((
            $kind.code().into_sql::<Integer>(),
            $table::$account,
            $a,
            $b,
        ))
    };
}

/// A part of a list in one table: the accounts in a column of those rows that have the owner in another one.
macro_rules! list_of {
    ($table:ident, $owner:ident = $id:expr, $account:ident, $connection:expr, $page:expr, $condition:expr) => {{
        page_of($page, |part| {
            let list = $table::table
                .filter($table::$owner.eq($id.get()))
                .filter($table::$account.gt(part.above))
                .filter($table::$account.le(part.upto))
                .filter($condition)
                .select($table::$account)
                .limit(part.count);
            if part.is_ascending {
                list.order($table::$account.asc()).load(&mut *$connection)
            } else {
                list.order($table::$account.desc()).load(&mut *$connection)
            }
        })
    }};
}

/// Whether the viewer has a block with the account in a column, in neither direction.
macro_rules! is_without_block {
    ($account:expr, $viewer:expr) => {
        not(exists(blocks::table.filter(blocks::user_id.eq($viewer)).filter(blocks::target_id.eq($account))))
            .and(not(exists(
                blocks::table.filter(blocks::target_id.eq($viewer)).filter(blocks::user_id.eq($account)),
            )))
    };
}

/// Account, whether notifications are hidden, and when the mute expires.
type MuteRow = (i64, bool, Option<NaiveDateTime>);

impl RelationshipRepository for Store {
    fn find_relationships(
        &self,
        viewer: UserId,
        accounts: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Vec<Relationship>, RepositoryError> {
        let (viewer, now) = (viewer.get(), now.naive_utc());
        let ids: Vec<i64> = accounts.iter().map(|account| account.get()).collect();
        let (rows, muted, notes) = read!(self, |connection| {
            let yes = || true.into_sql::<Bool>();
            let rows: Vec<RelationRow> = rows_of!(
                users_follow_list, Kind::Following, user_id = viewer, follow_user_id in &ids,
                users_follow_list::show_reblogs, users_follow_list::notify
            )
            .union_all(rows_of!(users_follow_list, Kind::FollowedBy, follow_user_id = viewer, user_id in &ids, yes(), yes()))
            .union_all(rows_of!(follow_requests, Kind::Requested, user_id = viewer, target_id in &ids, yes(), yes()))
            .union_all(rows_of!(follow_requests, Kind::RequestedBy, target_id = viewer, user_id in &ids, yes(), yes()))
            .union_all(rows_of!(blocks, Kind::Blocking, user_id = viewer, target_id in &ids, yes(), yes()))
            .union_all(rows_of!(blocks, Kind::BlockedBy, target_id = viewer, user_id in &ids, yes(), yes()))
            .load(connection)?;
            let muted: Vec<MuteRow> = mutes::table
                .filter(mutes::user_id.eq(viewer))
                .filter(mutes::target_id.eq_any(&ids))
                .filter(mutes::expires_at.is_null().or(mutes::expires_at.gt(now)))
                .select((mutes::target_id, mutes::hide_notifications, mutes::expires_at))
                .load(connection)?;
            let notes: Vec<(i64, String)> = account_notes::table
                .filter(account_notes::user_id.eq(viewer))
                .filter(account_notes::target_id.eq_any(&ids))
                .select((account_notes::target_id, account_notes::comment))
                .load(connection)?;
            Ok((rows, muted, notes))
        })?;
        Ok(relationships_of(accounts, &rows, |found| complete(found, muted, notes)))
    }

    fn block(&self, user: UserId, target: UserId, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        let (user, target, at) = (user.get(), target.get(), now.naive_utc());
        write!(self, |connection, events| relationships::block(connection, events, user, target, at))
    }

    fn unblock(&self, user: UserId, target: UserId) -> Result<(), RepositoryError> {
        let (user, target) = (user.get(), target.get());
        write!(self, |connection, events| {
            if diesel::delete(blocks::table.find((user, target))).execute(connection)? > 0 {
                events.push(Event::CircleChanged { user, other: target });
                events.push(Event::CircleChanged { user: target, other: user });
            }
            Ok(())
        })
    }

    fn mute(
        &self,
        user: UserId,
        target: UserId,
        mute: Mute,
        now: DateTime<Utc>,
    ) -> Result<(), RepositoryError> {
        let (user, target, at) = (user.get(), target.get(), now.naive_utc());
        let expires_at = mute.expires_at.map(|moment| moment.naive_utc());
        write!(self, |connection, events| {
            let how =
                (mutes::hide_notifications.eq(mute.hides_notifications), mutes::expires_at.eq(expires_at));
            let row = mutes::table.find((user, target));
            if select(exists(row)).get_result(connection)? {
                diesel::update(row).set(how).execute(connection)?;
            } else {
                let key = (mutes::user_id.eq(user), mutes::target_id.eq(target), mutes::created_at.eq(at));
                diesel::insert_into(mutes::table).values((key, how)).execute(connection)?;
            }
            if mute.hides_notifications {
                let told = notifications::table.filter(notifications::from_id.eq(target));
                diesel::delete(told.filter(notifications::user_id.eq(user))).execute(connection)?;
            }
            events.push(Event::CircleChanged { user, other: target });
            Ok(())
        })
    }

    fn unmute(&self, user: UserId, target: UserId) -> Result<(), RepositoryError> {
        let (user, target) = (user.get(), target.get());
        write!(self, |connection, events| {
            if diesel::delete(mutes::table.find((user, target))).execute(connection)? > 0 {
                events.push(Event::CircleChanged { user, other: target });
            }
            Ok(())
        })
    }

    fn set_note(&self, user: UserId, target: UserId, note: &AccountNote) -> Result<(), RepositoryError> {
        let (user, target, comment) = (user.get(), target.get(), note.as_str().to_owned());
        write!(self, |connection, _events| {
            diesel::delete(account_notes::table.find((user, target))).execute(connection)?;
            if !comment.is_empty() {
                diesel::insert_into(account_notes::table)
                    .values((
                        account_notes::user_id.eq(user),
                        account_notes::target_id.eq(target),
                        account_notes::comment.eq(&comment),
                    ))
                    .execute(connection)?;
            }
            Ok(())
        })
    }

    fn list_accounts(
        &self,
        list: AccountList,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<AccountPage, RepositoryError> {
        let now = now.naive_utc();
        // Nobody has this number, and so a block with anybody.
        let viewer = viewer.map_or(i64::MIN, UserId::get);
        read!(self, |connection| match list {
            AccountList::Followers(of) => list_of!(
                users_follow_list,
                follow_user_id = of,
                user_id,
                connection,
                page,
                is_without_block!(users_follow_list::user_id, viewer)
            ),
            AccountList::Following(of) => list_of!(
                users_follow_list,
                user_id = of,
                follow_user_id,
                connection,
                page,
                is_without_block!(users_follow_list::follow_user_id, viewer)
            ),
            AccountList::FollowRequests(of) =>
                list_of!(follow_requests, target_id = of, user_id, connection, page, true.into_sql::<Bool>()),
            AccountList::Blocks(of) => {
                list_of!(blocks, user_id = of, target_id, connection, page, true.into_sql::<Bool>())
            }
            AccountList::Mutes(of) => list_of!(
                mutes,
                user_id = of,
                target_id,
                connection,
                page,
                mutes::expires_at.is_null().or(mutes::expires_at.gt(now)).assume_not_null()
            ),
        })
    }

    fn find_familiar_followers(
        &self,
        viewer: UserId,
        accounts: &[UserId],
        limit: u32,
    ) -> Result<Vec<FamiliarFollowers>, RepositoryError> {
        let (known, theirs) = diesel::alias!(users_follow_list as known, users_follow_list as theirs);
        read!(self, |connection| {
            let mut found = Vec::with_capacity(accounts.len());
            for account in accounts {
                let followers: Vec<i64> = known
                    .inner_join(
                        theirs.on(theirs
                            .field(users_follow_list::user_id)
                            .eq(known.field(users_follow_list::follow_user_id))),
                    )
                    .filter(known.field(users_follow_list::user_id).eq(viewer.get()))
                    .filter(theirs.field(users_follow_list::follow_user_id).eq(account.get()))
                    .select(known.field(users_follow_list::follow_user_id))
                    .order(known.field(users_follow_list::follow_user_id))
                    .limit(i64::from(limit))
                    .load(connection)?;
                let followers = followers.into_iter().map(UserId::new).collect();
                found.push(FamiliarFollowers { account: *account, followers });
            }
            Ok(found)
        })
    }
}

/// Adds mutes and notes.
fn complete(found: &mut HashMap<i64, Relationship>, muted: Vec<MuteRow>, notes: Vec<(i64, String)>) {
    for (account, hides_notifications, expires_at) in muted {
        if let Some(relationship) = found.get_mut(&account) {
            relationship.is_muting = true;
            relationship.is_muting_notifications = hides_notifications;
            relationship.mute_expires_at = expires_at.map(|moment| moment.and_utc());
        }
    }
    for (account, comment) in notes {
        if let Some(relationship) = found.get_mut(&account) {
            relationship.note = comment;
        }
    }
}
