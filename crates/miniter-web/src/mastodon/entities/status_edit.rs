//! A version of a status.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::custom_emoji::CustomEmoji;
use super::media_attachment::MediaAttachment;
use super::value::Timestamp;

/// A version of a status: the first, or one that an edit made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusEdit {
    /// HTML.
    pub(crate) content: String,
    pub(crate) spoiler_text: String,
    pub(crate) sensitive: bool,
    /// When this version was made.
    pub(crate) created_at: Timestamp,
    pub(crate) account: Account,
    /// Only of a status with a poll.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) poll: Option<EditedPoll>,
    pub(crate) media_attachments: Vec<MediaAttachment>,
    pub(crate) emojis: Vec<CustomEmoji>,
}

/// The poll of a version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EditedPoll {
    pub(crate) options: Vec<EditedPollOption>,
}

/// A choice of the poll of a version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EditedPollOption {
    pub(crate) title: String,
}
