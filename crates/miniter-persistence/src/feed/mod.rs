//! The change feed: everything that changes what nodes keep in memory, in the order of commits.
//!
//! A write records its events in its transaction. On SQLite the thread that writes applies them after the commit. On a server
//! they are rows with consecutive positions, which every node reads and applies ([`mysql`]).

pub(crate) mod freshness;
#[cfg(feature = "mysql")]
pub(crate) mod mysql;

use std::sync::Arc;

use miniter_domain::Status;

/// What is derived from the database and kept in memory, and how it follows.
pub(crate) trait Derived: Send + Sync {
    /// Applies what was committed, in the order of commits. `published` are the tweets that the events publish, as far as they
    /// are at hand.
    fn apply(&self, events: &[Event], published: &[Arc<Status>]);

    /// Forgets everything: another program has written, or an event was missed.
    fn invalidate(&self);
}

/// Something that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A tweet was published.
    Published { author: i64, tweet: i64 },
    /// A tweet was deleted.
    Deleted { author: i64, tweet: i64 },
    /// A user follows another from now on.
    Followed { follower: i64, followee: i64 },
    /// A user follows another no more.
    Unfollowed { follower: i64, followee: i64 },
    /// An account is gone, with all that it wrote and everyone it followed.
    AccountDeleted { user: i64 },
    /// Another program has written tweets.
    #[cfg_attr(
        not(any(feature = "mysql", test)),
        expect(dead_code, reason = "a SQLite file tells of them itself")
    )]
    ForeignWrites,
    /// What a status says, or how often others have reacted to it, has changed.
    StatusChanged { author: i64, status: i64 },
    /// What a user has done with a status: favourite, bookmark, boost, pin, mute of its thread.
    InteractionChanged { user: i64, status: i64 },
    /// A user was notified.
    Notified { user: i64, notification: i64 },
    /// A profile or its counts have changed.
    AccountChanged { user: i64 },
    /// What an account is to a user has changed beside a follow: a block, a mute, a preference of the follow.
    CircleChanged { user: i64, other: i64 },
    /// A user's tokens have a new version.
    TokensRenewed { user: i64, version: i64 },
    /// An application's access token is void. `user` is 0 if the application acted for itself.
    AccessTokenRevoked { user: i64, token: i64 },
}
