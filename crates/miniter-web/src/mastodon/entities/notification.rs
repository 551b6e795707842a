//! What happened that concerns somebody.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::status::Status;
use super::value::{Id, Timestamp};

/// A notification.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// From a counter: below 2^53.
    pub(crate) id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: NotificationKind,
    pub(crate) created_at: Timestamp,
    /// Whose doing it is.
    pub(crate) account: Account,
    /// The status that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) status: Option<Status>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotificationKind {
    /// The status mentions the reader.
    Mention,
    /// Somebody whom the reader watches published the status.
    Status,
    /// The account boosted the status.
    Reblog,
    Follow,
    FollowRequest,
    Favourite,
    /// A poll has ended.
    Poll,
    /// A status that the reader boosted was changed.
    Update,
}
