//! What stands around a status, in the database.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use miniter_domain::{
    PageRequest, Reaction, ReactorPage, RepositoryError, StatusEdit, StatusId, Thread, ThreadPart,
    ThreadRepository, UserId, Viewer,
};

use crate::backend::prepared::prepared;
use crate::database::read;
use crate::rows::Moment;
use crate::schema::status_edits;
use crate::store::Store;
use crate::timelines;

/// The first status of a conversation, and those nearest to another one, from the index over conversations.
const PARTS: &str = "SELECT id, in_reply_to_id FROM tweets WHERE id = ? \
    UNION ALL SELECT * FROM (SELECT id, in_reply_to_id FROM tweets \
    WHERE conversation_id = ? AND id < ? ORDER BY id DESC LIMIT ?) AS before_it \
    UNION ALL SELECT * FROM (SELECT id, in_reply_to_id FROM tweets \
    WHERE conversation_id = ? AND id >= ? ORDER BY id LIMIT ?) AS after_it";

impl ThreadRepository for Store {
    fn list_parts(
        &self,
        conversation: StatusId,
        around: StatusId,
    ) -> Result<Vec<ThreadPart>, RepositoryError> {
        let (conversation, around) = (conversation.get(), around.get());
        let most = i64::try_from(Thread::MOST).unwrap_or(i64::MAX);
        let numbers = [conversation, conversation, around, most, conversation, around, most];
        let rows: Vec<(i64, Option<i64>)> = read!(self, |connection| {
            prepared::<7, (BigInt, Nullable<BigInt>)>(PARTS, numbers).load(connection)
        })?;
        let part = |(status, in_reply_to): (i64, Option<i64>)| ThreadPart {
            status: StatusId::new(status),
            in_reply_to: in_reply_to.map(StatusId::new),
        };
        Ok(rows.into_iter().map(part).collect())
    }

    fn find_reactors(
        &self,
        reaction: Reaction,
        status: StatusId,
        viewer: Option<UserId>,
        page: &PageRequest,
        now: DateTime<Utc>,
    ) -> Result<ReactorPage, RepositoryError> {
        read!(self, |connection| {
            let circle = match viewer {
                Some(user) => Some(self.caches.circles.find(connection, user.get())?),
                None => None,
            };
            let viewer = Viewer::of(circle.as_deref());
            timelines::find_reactors(connection, reaction, status, viewer, page, now)
        })
    }

    fn list_edits(&self, status: StatusId) -> Result<Vec<StatusEdit>, RepositoryError> {
        let rows: Vec<(String, String, bool, Moment)> = read!(self, |connection| {
            status_edits::table
                .filter(status_edits::status_id.eq(status.get()))
                .order(status_edits::id.asc())
                .select((
                    status_edits::text,
                    status_edits::spoiler_text,
                    status_edits::is_sensitive,
                    status_edits::created_at,
                ))
                .load(connection)
        })?;
        let edit = |(text, spoiler_text, is_sensitive, Moment(created_at))| StatusEdit {
            text,
            spoiler_text,
            is_sensitive,
            created_at,
        };
        Ok(rows.into_iter().map(edit).collect())
    }
}
