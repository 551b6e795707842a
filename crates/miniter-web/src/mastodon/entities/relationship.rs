//! What two accounts are to each other.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// What an account is to the reader.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Relationship {
    /// The account.
    pub(crate) id: Id,
    /// Whether the reader follows it.
    pub(crate) following: bool,
    /// Whether its boosts are in the reader's home timeline.
    pub(crate) showing_reblogs: bool,
    /// Whether the reader is notified of its statuses.
    pub(crate) notifying: bool,
    /// The languages that the reader follows it in. Null: all.
    pub(crate) languages: Option<Vec<String>>,
    /// Whether it follows the reader.
    pub(crate) followed_by: bool,
    pub(crate) blocking: bool,
    pub(crate) blocked_by: bool,
    pub(crate) muting: bool,
    pub(crate) muting_notifications: bool,
    /// Whether the reader has asked to follow it, and it has not decided.
    pub(crate) requested: bool,
    /// Whether it has asked to follow the reader.
    pub(crate) requested_by: bool,
    pub(crate) domain_blocking: bool,
    /// Whether the reader's profile shows it.
    pub(crate) endorsed: bool,
    /// What the reader notes of it; empty if that is nothing.
    pub(crate) note: String,
}
