//! What users do with statuses, in the database.
//!
//! Nothing else writes while these statements run, so what they have found stays true.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use miniter_domain::{
    Collection, CollectionPage, MOST_PINS, NotificationKind, PageRequest, ReactionRepository,
    RepositoryError, StatusId, UserId,
};

use crate::backend::portable::{Portable, params};
use crate::counts::StatusCount;
use crate::database::{read, write};
use crate::feed::Event;
use crate::notifications::{News, notify, withdraw};
use crate::store::Store;
use crate::timelines;

impl ReactionRepository for Store {
    fn favourite(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        let (user, status, now) = (user.get(), status.get(), now.naive_utc());
        write!(self, |connection, events| favourite(connection, events, user, status, now))
    }

    fn unfavourite(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError> {
        let (user, status) = (user.get(), status.get());
        write!(self, |connection, events| unfavourite(connection, events, user, status))
    }

    fn bookmark(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<(), RepositoryError> {
        const FIND: &str = "SELECT id FROM bookmarks WHERE user_id = ? AND status_id = ?";
        const INSERT: &str = "INSERT INTO bookmarks (user_id, status_id, created_at) VALUES (?, ?, ?)";
        let (user, status, now) = (user.get(), status.get(), now.naive_utc());
        write!(self, |connection, events| {
            if connection.number(FIND, params![user, status])?.is_none() {
                connection.run(INSERT, params![user, status, now])?;
                events.push(Event::InteractionChanged { user, status });
            }
            Ok(())
        })
    }

    fn unbookmark(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError> {
        const DELETE: &str = "DELETE FROM bookmarks WHERE user_id = ? AND status_id = ?";
        self.undo(user, status, status, DELETE)
    }

    fn find_collected(
        &self,
        collection: Collection,
        user: UserId,
        page: &PageRequest,
    ) -> Result<CollectionPage, RepositoryError> {
        read!(self, |connection| timelines::find_collected(&self.caches, connection, collection, user, page))
    }

    fn pin(&self, user: UserId, status: StatusId, now: DateTime<Utc>) -> Result<bool, RepositoryError> {
        const LIST: &str = "SELECT status_id FROM pins WHERE user_id = ?";
        const INSERT: &str = "INSERT INTO pins (user_id, status_id, created_at) VALUES (?, ?, ?)";
        let (user, status, now) = (user.get(), status.get(), now.naive_utc());
        write!(self, |connection, events| {
            let pinned = connection.numbers(LIST, params![user])?;
            if pinned.contains(&status) {
                return Ok(true);
            }
            if u32::try_from(pinned.len()).is_ok_and(|pinned| pinned < MOST_PINS) {
                connection.run(INSERT, params![user, status, now])?;
                events.push(Event::InteractionChanged { user, status });
                return Ok(true);
            }
            Ok(false)
        })
    }

    fn unpin(&self, user: UserId, status: StatusId) -> Result<(), RepositoryError> {
        const DELETE: &str = "DELETE FROM pins WHERE user_id = ? AND status_id = ?";
        self.undo(user, status, status, DELETE)
    }

    fn mute_conversation(
        &self,
        user: UserId,
        conversation: StatusId,
        status: StatusId,
    ) -> Result<(), RepositoryError> {
        const FIND: &str = "SELECT user_id FROM conversation_mutes WHERE user_id = ? AND conversation_id = ?";
        const INSERT: &str = "INSERT INTO conversation_mutes (user_id, conversation_id) VALUES (?, ?)";
        let (user, conversation, status) = (user.get(), conversation.get(), status.get());
        write!(self, |connection, events| {
            if connection.number(FIND, params![user, conversation])?.is_none() {
                connection.run(INSERT, params![user, conversation])?;
                events.push(Event::InteractionChanged { user, status });
            }
            Ok(())
        })
    }

    fn unmute_conversation(
        &self,
        user: UserId,
        conversation: StatusId,
        status: StatusId,
    ) -> Result<(), RepositoryError> {
        const DELETE: &str = "DELETE FROM conversation_mutes WHERE user_id = ? AND conversation_id = ?";
        self.undo(user, conversation, status, DELETE)
    }
}

impl Store {
    /// Deletes the row of a user and an object. What the user has done with `status` has changed then.
    fn undo(
        &self,
        user: UserId,
        object: StatusId,
        status: StatusId,
        delete: &'static str,
    ) -> Result<(), RepositoryError> {
        let (user, object, status) = (user.get(), object.get(), status.get());
        write!(self, |connection, events| {
            if connection.run(delete, params![user, object])? > 0 {
                events.push(Event::InteractionChanged { user, status });
            }
            Ok(())
        })
    }
}

fn favourite<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
    status: i64,
    now: NaiveDateTime,
) -> QueryResult<()> {
    const FIND: &str = "SELECT id FROM favourites WHERE user_id = ? AND status_id = ?";
    const INSERT: &str = "INSERT INTO favourites (user_id, status_id, created_at) VALUES (?, ?, ?)";
    const ORIGINAL: &str = "SELECT user_id, COALESCE(conversation_id, id) FROM tweets WHERE id = ?";
    if connection.number(FIND, params![user, status])?.is_some() {
        return Ok(());
    }
    let original = connection.pairs(ORIGINAL, params![status])?;
    let (author, conversation) = original.first().copied().ok_or_else(missing)?;
    connection.run(INSERT, params![user, status, now])?;
    events.push(Event::InteractionChanged { user, status });
    StatusCount::Favourites.add(connection, events, author, status)?;
    let news = News {
        user: author,
        kind: NotificationKind::Favourite,
        from: user,
        status: Some((status, conversation)),
        moment: now,
    };
    notify(connection, events, &news)
}

fn unfavourite<C: Portable>(
    connection: &mut C,
    events: &mut Vec<Event>,
    user: i64,
    status: i64,
) -> QueryResult<()> {
    const DELETE: &str = "DELETE FROM favourites WHERE user_id = ? AND status_id = ?";
    if connection.run(DELETE, params![user, status])? == 0 {
        return Ok(());
    }
    events.push(Event::InteractionChanged { user, status });
    withdraw(connection, NotificationKind::Favourite, user, status)?;
    // It has a row, and so a status.
    let author = connection.number("SELECT user_id FROM tweets WHERE id = ?", params![status])?;
    StatusCount::Favourites.subtract(connection, events, author.ok_or_else(missing)?, status)
}

/// What the database would say of a row that refers to none.
fn missing() -> Error {
    let message = "there is no such status".to_owned();
    Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, Box::new(message))
}
