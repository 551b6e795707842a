//! Notifications: what others did that concerns a user, and how far the user has read.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::user::parse_digits;
use crate::{RepositoryError, StatusId, UserId};

/// The number of a notification: a plain counter, below 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationId(i64);

impl NotificationId {
    /// A number from the database.
    #[must_use]
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// A number as clients write it: ASCII digits that fit 63 bits. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse_digits(text).map(Self)
    }

    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationKind {
    /// A status mentions the user.
    Mention,
    /// An account that the user wants to be notified of has published a status.
    Status,
    /// A status of the user was boosted.
    Reblog,
    /// An account follows the user.
    Follow,
    /// An account asks to follow the user.
    FollowRequest,
    /// A status of the user was made a favourite.
    Favourite,
    /// A poll that the user has voted in has ended.
    Poll,
    /// A status that the user has boosted was edited.
    Update,
}

impl NotificationKind {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Mention,
        Self::Status,
        Self::Reblog,
        Self::Follow,
        Self::FollowRequest,
        Self::Favourite,
        Self::Poll,
        Self::Update,
    ];

    /// The number under which it is stored.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Mention => 1,
            Self::Status => 2,
            Self::Reblog => 3,
            Self::Follow => 4,
            Self::FollowRequest => 5,
            Self::Favourite => 6,
            Self::Poll => 7,
            Self::Update => 8,
        }
    }

    /// The one with this number.
    #[must_use]
    pub fn of_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The name that clients use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Status => "status",
            Self::Reblog => "reblog",
            Self::Follow => "follow",
            Self::FollowRequest => "follow_request",
            Self::Favourite => "favourite",
            Self::Poll => "poll",
            Self::Update => "update",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Something that happened to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Its number, and its cursor.
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// The account that did it.
    pub from: UserId,
    /// The status that it is about: of a boost the boosted one.
    pub status: Option<StatusId>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// Which notifications of a user are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationQuery {
    /// The kinds that are wanted.
    pub kinds: Vec<NotificationKind>,
    /// Only of what this account did.
    pub from: Option<UserId>,
    /// The most notifications to return. At least 1.
    pub limit: u32,
    /// Only older ones.
    pub max_id: Option<NotificationId>,
    /// Only newer ones, the newest of them.
    pub since_id: Option<NotificationId>,
    /// Only newer ones, the oldest of them.
    pub min_id: Option<NotificationId>,
}

impl NotificationQuery {
    /// The newest notifications of any kind.
    #[must_use]
    pub fn newest(limit: u32) -> Self {
        Self {
            kinds: NotificationKind::ALL.to_vec(),
            from: None,
            limit,
            max_id: None,
            since_id: None,
            min_id: None,
        }
    }
}

/// Notifications in the database. They are created by the writes that they tell of.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait NotificationRepository: Send + Sync {
    /// The notifications of a user that a query wants, newest first. Whether their statuses may still be seen is not looked at.
    ///
    /// # Errors
    /// Only the general ones.
    fn list(&self, user: UserId, query: &NotificationQuery) -> Result<Vec<Notification>, RepositoryError>;

    /// A notification of a user.
    ///
    /// # Errors
    /// Only the general ones.
    fn find(&self, user: UserId, id: NotificationId) -> Result<Option<Notification>, RepositoryError>;

    /// Deletes a notification of a user, and returns whether there was one.
    ///
    /// # Errors
    /// Only the general ones.
    fn delete(&self, user: UserId, id: NotificationId) -> Result<bool, RepositoryError>;

    /// Deletes all notifications of a user.
    ///
    /// # Errors
    /// Only the general ones.
    fn clear(&self, user: UserId) -> Result<(), RepositoryError>;
}

/// A timeline of which a user's position is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkedTimeline {
    /// The home timeline.
    Home,
    /// The notifications.
    Notifications,
}

impl MarkedTimeline {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Home, Self::Notifications];

    /// The name that clients use, under which it is stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Notifications => "notifications",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|timeline| timeline.name() == name)
    }
}

/// How far a user has read a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    /// Which timeline.
    pub timeline: MarkedTimeline,
    /// The number of the newest entry that the user has read: of a status or of a notification.
    pub last_read_id: i64,
    /// How often it was moved.
    pub version: i64,
    /// When it was moved last.
    pub updated_at: DateTime<Utc>,
}

/// How far users have read.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait MarkerRepository: Send + Sync {
    /// The markers of a user.
    ///
    /// # Errors
    /// Only the general ones.
    fn list(&self, user: UserId) -> Result<Vec<Marker>, RepositoryError>;

    /// Moves markers of a user, all or none, and returns them. Each has the next version then.
    ///
    /// # Errors
    /// `MissingReference` if there is no such user.
    fn set(
        &self,
        user: UserId,
        positions: &[(MarkedTimeline, i64)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Marker>, RepositoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_are_those_of_one_kind() {
        for kind in NotificationKind::ALL {
            assert_eq!(NotificationKind::of_code(kind.code()), Some(kind));
            assert_eq!(NotificationKind::of_name(kind.name()), Some(kind));
        }
        assert_eq!((NotificationKind::of_code(0), NotificationKind::of_name("admin.sign_up")), (None, None));
        for timeline in MarkedTimeline::ALL {
            assert_eq!(MarkedTimeline::of_name(timeline.name()), Some(timeline));
        }
    }
}
