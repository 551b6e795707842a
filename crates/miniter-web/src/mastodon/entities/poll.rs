//! A poll of a status.

use serde::Serialize;
use utoipa::ToSchema;

use super::custom_emoji::CustomEmoji;
use super::value::{Id, Timestamp};

/// A poll.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Poll {
    pub(crate) id: Id,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) expired: bool,
    pub(crate) multiple: bool,
    pub(crate) votes_count: u64,
    pub(crate) voters_count: Option<u64>,
    pub(crate) options: Vec<PollOption>,
    pub(crate) emojis: Vec<CustomEmoji>,
    /// Left out without a reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) voted: Option<bool>,
    /// The positions of the reader's choices. Empty without a reader: typed clients require it.
    pub(crate) own_votes: Vec<u32>,
}

/// A choice.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PollOption {
    pub(crate) title: String,
    /// Null while the results are hidden.
    pub(crate) votes_count: Option<u64>,
}
