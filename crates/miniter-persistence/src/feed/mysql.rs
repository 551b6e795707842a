//! The change feed on a server: a row for each event, and one row that is its head.
//!
//! A transaction that writes locks the head first and moves it in the same transaction. So positions and the ids of tweets are committed in
//! their order, whichever node wrote: what a node reads up to the head has no gaps, and a client that asks for what is newer than
//! the newest tweet it knows misses nothing. (Numbers from a counter that transactions share are committed in another order than
//! they were drawn.)

use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::dsl::max;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable};
use miniter_domain::{RepositoryError, StatusId};

use crate::backend::mysql::Pool;
use crate::backend::prepared::{execute, prepared};
use crate::feed::{Derived, Event};
use crate::schema::tweets;
use crate::tweet_ids::greatest_id;

/// How many events are kept. A node that has not looked for longer forgets what it has in memory and starts at the head.
const KEPT: i64 = 100_000;

/// The most events that a node applies at once. Beyond that it is cheaper to start at the head.
const MOST_BEHIND: i64 = 10_000;

/// How many old events go with one statement.
const PURGED_AT_ONCE: i64 = 1_000;

/// The head of the feed, which feed it is, and the newest tweet with a digest of its row: whether other programs have written a tweet.
/// <https://mariadb.com/docs/server/reference/sql-functions/string-functions/crc32>
const LOOK: &str = "SELECT h.position, h.epoch, t.id, CRC32(CONCAT_WS(' ', t.user_id, t.created_at, t.tweet)) \
    FROM feed_head h LEFT JOIN tweets t ON t.id = (SELECT MAX(id) FROM tweets) WHERE h.id = 1";

/// The first column of a row.
mod kind {
    pub(super) const PUBLISHED: i64 = 1;
    pub(super) const DELETED: i64 = 2;
    pub(super) const FOLLOWED: i64 = 3;
    pub(super) const UNFOLLOWED: i64 = 4;
    pub(super) const ACCOUNT_DELETED: i64 = 5;
    pub(super) const TOKENS_RENEWED: i64 = 6;
    pub(super) const FOREIGN_WRITES: i64 = 7;
    pub(super) const STATUS_CHANGED: i64 = 8;
    pub(super) const INTERACTION_CHANGED: i64 = 9;
    pub(super) const NOTIFIED: i64 = 10;
    pub(super) const ACCOUNT_CHANGED: i64 = 11;
    pub(super) const CIRCLE_CHANGED: i64 = 12;
    pub(super) const ACCESS_TOKEN_REVOKED: i64 = 20;
}

impl Event {
    /// The event as a row has it: its kind and two numbers.
    fn row(self) -> [i64; 3] {
        match self {
            Self::Published { author, tweet } => [kind::PUBLISHED, author, tweet],
            Self::Deleted { author, tweet } => [kind::DELETED, author, tweet],
            Self::Followed { follower, followee } => [kind::FOLLOWED, follower, followee],
            Self::Unfollowed { follower, followee } => [kind::UNFOLLOWED, follower, followee],
            Self::AccountDeleted { user } => [kind::ACCOUNT_DELETED, user, 0],
            Self::TokensRenewed { user, version } => [kind::TOKENS_RENEWED, user, version],
            Self::ForeignWrites => [kind::FOREIGN_WRITES, 0, 0],
            Self::StatusChanged { author, status } => [kind::STATUS_CHANGED, author, status],
            Self::InteractionChanged { user, status } => [kind::INTERACTION_CHANGED, user, status],
            Self::Notified { user, notification } => [kind::NOTIFIED, user, notification],
            Self::AccountChanged { user } => [kind::ACCOUNT_CHANGED, user, 0],
            Self::CircleChanged { user, other } => [kind::CIRCLE_CHANGED, user, other],
            Self::AccessTokenRevoked { user, token } => [kind::ACCESS_TOKEN_REVOKED, user, token],
        }
    }

    /// The event of a row. `None` for a kind that only a newer release knows.
    fn of_row([kind, subject, object]: [i64; 3]) -> Option<Self> {
        Some(match kind {
            kind::PUBLISHED => Self::Published { author: subject, tweet: object },
            kind::DELETED => Self::Deleted { author: subject, tweet: object },
            kind::FOLLOWED => Self::Followed { follower: subject, followee: object },
            kind::UNFOLLOWED => Self::Unfollowed { follower: subject, followee: object },
            kind::ACCOUNT_DELETED => Self::AccountDeleted { user: subject },
            kind::TOKENS_RENEWED => Self::TokensRenewed { user: subject, version: object },
            kind::FOREIGN_WRITES => Self::ForeignWrites,
            kind::STATUS_CHANGED => Self::StatusChanged { author: subject, status: object },
            kind::INTERACTION_CHANGED => Self::InteractionChanged { user: subject, status: object },
            kind::NOTIFIED => Self::Notified { user: subject, notification: object },
            kind::ACCOUNT_CHANGED => Self::AccountChanged { user: subject },
            kind::CIRCLE_CHANGED => Self::CircleChanged { user: subject, other: object },
            kind::ACCESS_TOKEN_REVOKED => Self::AccessTokenRevoked { user: subject, token: object },
            _ => return None,
        })
    }
}

/// The head, for the transaction that holds its lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// The position of the last event.
    pub(crate) position: i64,
    /// The greatest id of a tweet so far, below [`StatusId::END`].
    pub(crate) greatest: StatusId,
    /// Whether other programs have written tweets since the head was moved last.
    pub(crate) has_foreign_tweets: bool,
}

impl Head {
    /// Waits for the lock and takes it, in the transaction that begins with it. Leaves the number of the connection in the row, so
    /// that others can end a connection that holds the lock and is not heard of ([`Holder::find`]).
    pub(crate) fn lock(connection: &mut MysqlConnection) -> QueryResult<Self> {
        let taken = execute(
            connection,
            "UPDATE feed_head SET holder = CONNECTION_ID(), lock_count = lock_count + 1 WHERE id = 1",
            [],
        )?;
        if taken == 0 {
            // Other SQL has emptied the table.
            execute(
                connection,
                "INSERT INTO feed_head (id, epoch, position, greatest_id, holder, lock_count) \
                 SELECT 1, FLOOR(RAND() * 1000000000000000), COALESCE(MAX(position), 0), 0, CONNECTION_ID(), 1 \
                 FROM feed_events",
                [],
            )?;
        }
        let (position, greatest): (i64, i64) =
            prepared::<0, (BigInt, BigInt)>("SELECT position, greatest_id FROM feed_head WHERE id = 1", [])
                .get_result(connection)?;
        let newest = greatest_id!(connection)?;
        let known = StatusId::new(greatest);
        Ok(Self { position, greatest: newest.max(known), has_foreign_tweets: newest > known })
    }

    /// Writes events with the next positions, and moves the head behind them.
    pub(crate) fn append(self, connection: &mut MysqlConnection, events: &[Event]) -> QueryResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        let rows: Vec<String> = (self.position + 1..)
            .zip(events)
            .map(|(position, event)| {
                let [kind, subject, object] = event.row();
                format!("({position}, {kind}, {subject}, {object})")
            })
            .collect();
        let position = self.position + i64::try_from(rows.len()).unwrap_or(0);
        // Its numbers are in the text: as parameters they would make a statement for each count, to be kept by the connection.
        let sql =
            format!("INSERT INTO feed_events (position, kind, subject, object) VALUES {}", rows.join(", "));
        sql_query(sql).execute(connection)?;
        let move_head = "UPDATE feed_head SET position = ?, greatest_id = ? WHERE id = 1";
        execute(connection, move_head, [position, self.greatest.get()]).map(drop)
    }
}

/// A connection that holds the lock of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    connection_id: i64,
    lock_count: i64,
}

impl Holder {
    /// The connection that holds the lock now, on this server. `None` if none of ours does: something else holds up the row.
    pub(crate) fn find(connection: &mut MysqlConnection) -> QueryResult<Option<Self>> {
        const ROW: &str = "SELECT holder, lock_count FROM feed_head WHERE id = 1";
        let (_, committed): (i64, i64) = prepared::<0, (BigInt, BigInt)>(ROW, []).get_result(connection)?;
        // For the next statement alone: the row as a transaction has it that has not committed yet.
        execute(connection, "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", [])?;
        let (connection_id, lock_count): (i64, i64) =
            prepared::<0, (BigInt, BigInt)>(ROW, []).get_result(connection)?;
        Ok((lock_count != committed).then_some(Self { connection_id, lock_count }))
    }

    /// Ends the connection, whose transaction is undone then. A user may do that to their own connections.
    pub(crate) fn end(self, connection: &mut MysqlConnection) -> QueryResult<()> {
        use diesel::connection::SimpleConnection;

        log::warn!(
            "the connection {} holds the lock of the feed and is not heard of: it is ended",
            self.connection_id
        );
        connection.batch_execute(&format!("KILL {}", self.connection_id))
    }
}

/// How far a node has applied the feed.
pub(crate) struct Feed(Mutex<Applied>);

struct Applied {
    /// Which feed, and up to which position. `None` before the first look.
    position: Option<Position>,
    newest: Newest,
}

/// What is known of the newest tweet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Newest {
    /// There is none, or this one.
    Row(Option<(i64, i64)>),
    /// This one was published; its digest is not known.
    Published(i64),
    /// It was deleted, and the one before it is not known. It was this one or a smaller one.
    Deleted(i64),
}

/// A place in a feed. Another feed begins where other SQL has emptied the tables, or a backup was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    epoch: i64,
    number: i64,
}

/// What a look has found.
struct Found {
    position: Position,
    newest: Option<(i64, i64)>,
}

impl Newest {
    fn id(self) -> i64 {
        match self {
            Self::Row(None) => i64::MIN,
            Self::Row(Some((id, _))) | Self::Published(id) | Self::Deleted(id) => id,
        }
    }

    fn apply(self, event: Event) -> Self {
        match event {
            Event::Published { tweet, .. } if tweet > self.id() => Self::Published(tweet),
            Event::Deleted { tweet, .. } if tweet == self.id() => Self::Deleted(tweet),
            // It may say something else now.
            Event::StatusChanged { status, .. }
                if status == self.id() && !matches!(self, Self::Deleted(_)) =>
            {
                Self::Published(status)
            }
            Event::AccountDeleted { .. } => Self::Deleted(self.id()),
            // What is there now is forgotten.
            Event::ForeignWrites => Self::Deleted(i64::MAX),
            Event::Published { .. }
            | Event::Deleted { .. }
            | Event::Followed { .. }
            | Event::Unfollowed { .. }
            | Event::StatusChanged { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::AccountChanged { .. }
            | Event::CircleChanged { .. }
            | Event::TokensRenewed { .. }
            | Event::AccessTokenRevoked { .. } => self,
        }
    }

    /// Whether the events explain that this is the newest tweet.
    fn explains(self, found: Option<(i64, i64)>) -> bool {
        match self {
            Self::Row(known) => known == found,
            Self::Published(id) => found.is_some_and(|(found, _)| found == id),
            Self::Deleted(id) => found.is_none_or(|(found, _)| found <= id),
        }
    }
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Applied { position: None, newest: Newest::Row(None) }))
    }

    fn applied(&self) -> MutexGuard<'_, Applied> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies all that was committed before this call.
    pub(crate) fn catch_up(&self, pool: &Pool, derived: &dyn Derived) -> Result<(), RepositoryError> {
        loop {
            // Before the look: what was applied by now was committed before it.
            let from = self.applied().position;
            let found = pool.read(look)?;
            let events = match from {
                Some(from) if (1..=MOST_BEHIND).contains(&found.events_since(from)) => {
                    Some(list_events(pool, from.number, found.position.number)?)
                }
                Some(_) | None => None,
            };
            let mut applied = self.applied();
            if applied.position == from {
                applied.take(&found, events.as_deref(), derived);
                return Ok(());
            }
            // Another look, whose thread had been stuck, has come first.
            if applied.position.is_some_and(|applied| {
                applied.epoch == found.position.epoch && applied.number >= found.position.number
            }) {
                return Ok(());
            }
        }
    }
}

impl Found {
    /// How many events there are since another position. Negative, or far too many, if it is not of this feed.
    fn events_since(&self, from: Position) -> i64 {
        if self.position.epoch == from.epoch { self.position.number - from.number } else { i64::MAX }
    }
}

/// Looks at the head.
fn look(connection: &mut MysqlConnection) -> QueryResult<Found> {
    let found: Option<(i64, i64, Option<i64>, Option<i64>)> =
        prepared::<0, (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>)>(LOOK, [])
            .get_result(connection)
            .optional()?;
    // Without a row other SQL has emptied the table; the next write makes it.
    let (number, epoch, id, digest) = found.unwrap_or((0, -1, None, None));
    Ok(Found { position: Position { epoch, number }, newest: id.zip(digest) })
}

impl Applied {
    /// Applies what a look has found: `events` are those up to its position, if they were read.
    fn take(&mut self, found: &Found, events: Option<&[(i64, [i64; 3])]>, derived: &dyn Derived) {
        let is_new = self.position != Some(found.position);
        if let (Some(from), true) = (self.position, is_new) {
            let wanted = found.events_since(from);
            let is_whole = events.is_some_and(|events| i64::try_from(events.len()) == Ok(wanted));
            // Each of a kind that is known. Else this node does not know what it changes.
            let events: Option<Vec<Event>> = events
                .filter(|_| is_whole)
                .and_then(|events| events.iter().map(|(_, row)| Event::of_row(*row)).collect());
            let Some(events) = events else { return self.start_at(found, derived) };
            derived.apply(&events, &[]);
            self.newest = events.into_iter().fold(self.newest, Newest::apply);
            self.position = Some(found.position);
        }
        if self.position.is_none() || !self.newest.explains(found.newest) {
            return self.start_at(found, derived);
        }
        self.newest = Newest::Row(found.newest);
    }

    /// Forgets what is in memory: what has changed is not known.
    fn start_at(&mut self, found: &Found, derived: &dyn Derived) {
        derived.invalidate();
        *self = Self { position: Some(found.position), newest: Newest::Row(found.newest) };
    }
}

fn list_events(pool: &Pool, above: i64, upto: i64) -> Result<Vec<(i64, [i64; 3])>, RepositoryError> {
    let rows: Vec<(i64, i64, i64, i64)> = pool.read(|connection| {
        prepared::<2, (BigInt, BigInt, BigInt, BigInt)>(
            "SELECT position, kind, subject, object FROM feed_events \
             WHERE position > ? AND position <= ? ORDER BY position",
            [above, upto],
        )
        .load(connection)
    })?;
    Ok(rows
        .into_iter()
        .map(|(position, kind, subject, object)| (position, [kind, subject, object]))
        .collect())
}

/// Deletes events that are too old, some at a time.
pub(crate) fn purge(pool: &Pool) -> Result<(), RepositoryError> {
    while pool.write(|connection| {
        let head: i64 = prepared::<0, BigInt>("SELECT position FROM feed_head WHERE id = 1", [])
            .get_result(connection)?;
        execute(
            connection,
            "DELETE FROM feed_events WHERE position <= ? ORDER BY position LIMIT ?",
            [head - KEPT, PURGED_AT_ONCE],
        )
    })? > 0
    {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use miniter_domain::Status;

    use super::*;

    /// What was applied; `None` once it was invalidated.
    struct Seen(Mutex<Option<Vec<Event>>>);

    impl Seen {
        fn nothing() -> Self {
            Self(Mutex::new(Some(Vec::new())))
        }

        fn events(self) -> Option<Vec<Event>> {
            self.0.into_inner().unwrap()
        }
    }

    impl Derived for Seen {
        fn apply(&self, events: &[Event], _: &[Arc<Status>]) {
            if events.contains(&Event::ForeignWrites) {
                return self.invalidate();
            }
            if let Some(seen) = &mut *self.0.lock().unwrap() {
                seen.extend(events);
            }
        }

        fn invalidate(&self) {
            *self.0.lock().unwrap() = None;
        }
    }

    fn rows(from: i64, events: &[Event]) -> Vec<(i64, [i64; 3])> {
        (from + 1..).zip(events).map(|(position, event)| (position, event.row())).collect()
    }

    const NEWEST: Option<(i64, i64)> = Some((100, 7));

    fn at(number: i64) -> Position {
        Position { epoch: 5, number }
    }

    fn applied() -> Applied {
        Applied { position: Some(at(10)), newest: Newest::Row(NEWEST) }
    }

    #[test]
    fn an_event_is_read_as_it_was_written() {
        for event in [
            Event::Published { author: 1, tweet: 2 },
            Event::Deleted { author: 1, tweet: 2 },
            Event::Followed { follower: 1, followee: 2 },
            Event::Unfollowed { follower: 1, followee: 2 },
            Event::AccountDeleted { user: 1 },
            Event::TokensRenewed { user: 1, version: 2 },
            Event::AccessTokenRevoked { user: 1, token: 2 },
            Event::ForeignWrites,
        ] {
            assert_eq!(Event::of_row(event.row()), Some(event));
        }
        assert_eq!(Event::of_row([77, 0, 0]), None);
    }

    #[test]
    fn events_are_applied_once_and_whole_or_everything_is_forgotten() {
        let renewed = Event::TokensRenewed { user: 1, version: 2 };
        for (what, position, events, is_forgotten) in [
            ("nothing new", 10, None, false),
            ("one event", 11, Some(rows(10, &[renewed])), false),
            ("one that was purged", 12, Some(rows(11, &[renewed])), true),
            ("too many to be read", 99_999, None, true),
            ("a kind of a later release", 11, Some(vec![(11, [77, 0, 0])]), true),
            ("a head that was set back", 9, None, true),
            ("writes of another program", 11, Some(rows(10, &[Event::ForeignWrites])), true),
        ] {
            let (seen, mut applied) = (Seen::nothing(), applied());
            applied.take(&Found { position: at(position), newest: NEWEST }, events.as_deref(), &seen);
            let expected = if events.is_some() { vec![renewed] } else { vec![] };
            assert_eq!(seen.events(), (!is_forgotten).then_some(expected), "{what}");
            assert_eq!(applied.position, Some(at(position)), "{what}");
        }
    }

    #[test]
    fn a_feed_that_has_begun_again_and_come_as_far_is_another_one() {
        let (seen, mut applied) = (Seen::nothing(), applied());
        let events = rows(10, &[Event::TokensRenewed { user: 1, version: 2 }]);
        let found = Found { position: Position { epoch: 6, number: 11 }, newest: NEWEST };
        applied.take(&found, Some(&events), &seen);
        assert_eq!(seen.events(), None);
        assert_eq!(applied.position, Some(found.position));
    }

    #[test]
    fn a_newest_tweet_that_no_event_explains_was_written_by_another_program() {
        let published = |tweet| Event::Published { author: 1, tweet };
        let deleted = |tweet| Event::Deleted { author: 1, tweet };
        for (what, events, found, is_foreign) in [
            ("as before", vec![], NEWEST, false),
            ("a greater one", vec![], Some((101, 3)), true),
            ("another text", vec![], Some((100, 8)), true),
            ("all were removed", vec![], None, true),
            ("a smaller one", vec![], Some((1, 7)), true),
            ("ours", vec![published(101)], Some((101, 3)), false),
            ("ours and a greater one", vec![published(101)], Some((102, 3)), true),
            ("ours below theirs", vec![published(50)], NEWEST, false),
            ("the newest was deleted", vec![deleted(100)], Some((90, 1)), false),
            ("the only one was deleted", vec![deleted(100)], None, false),
            ("another was deleted", vec![deleted(50)], Some((90, 1)), true),
            ("deleted, and a greater one", vec![deleted(100)], Some((101, 1)), true),
            ("ours came and went", vec![published(101), deleted(101)], NEWEST, false),
            ("ours was edited", vec![Event::StatusChanged { author: 7, status: 100 }], Some((100, 8)), false),
            (
                "another was edited",
                vec![Event::StatusChanged { author: 7, status: 50 }],
                Some((100, 8)),
                true,
            ),
            ("an account", vec![Event::AccountDeleted { user: 1 }], Some((90, 1)), false),
        ] {
            let (seen, mut applied) = (Seen::nothing(), applied());
            let position = 10 + i64::try_from(events.len()).unwrap();
            let events = (!events.is_empty()).then(|| rows(10, &events));
            applied.take(&Found { position: at(position), newest: found }, events.as_deref(), &seen);
            assert_eq!(seen.events().is_none(), is_foreign, "{what}");
            assert_eq!(
                (applied.position, applied.newest),
                (Some(at(position)), Newest::Row(found)),
                "{what}"
            );
        }
    }
}
