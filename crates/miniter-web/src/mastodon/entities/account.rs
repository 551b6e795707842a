//! An account, as everybody sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::custom_emoji::CustomEmoji;
use super::value::{Day, Id, Timestamp};

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Account {
    pub(crate) id: Id,
    /// The name by which others mention it.
    #[schema(example = "song")]
    pub(crate) username: String,
    /// The same: every account is of this server.
    #[schema(example = "song")]
    pub(crate) acct: String,
    #[schema(example = "송은우")]
    pub(crate) display_name: String,
    /// Whether it approves its followers.
    pub(crate) locked: bool,
    pub(crate) bot: bool,
    /// Whether it may be recommended. Null: not decided.
    pub(crate) discoverable: Option<bool>,
    /// Whether search may find what it writes.
    pub(crate) indexable: bool,
    pub(crate) group: bool,
    pub(crate) created_at: Timestamp,
    /// What it says of itself, in HTML.
    #[schema(example = "<p>I read</p>")]
    pub(crate) note: String,
    /// Its page.
    #[schema(example = "https://example.com/@song")]
    pub(crate) url: String,
    #[schema(example = "https://example.com/@song")]
    pub(crate) uri: String,
    #[schema(example = "https://example.com/avatars/default/1.png")]
    pub(crate) avatar: String,
    pub(crate) avatar_static: String,
    #[schema(example = "https://example.com/headers/default/missing.png")]
    pub(crate) header: String,
    pub(crate) header_static: String,
    pub(crate) followers_count: u64,
    pub(crate) following_count: u64,
    pub(crate) statuses_count: u64,
    /// The day of its newest status.
    pub(crate) last_status_at: Option<Day>,
    /// Whether it hides whom it follows and who follows it.
    pub(crate) hide_collections: Option<bool>,
    /// Whether search engines should leave it out.
    pub(crate) noindex: bool,
    pub(crate) emojis: Vec<CustomEmoji>,
    /// The roles that it shows.
    pub(crate) roles: Vec<AccountRole>,
    pub(crate) fields: Vec<Field>,
}

/// A row of the table on a profile.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// HTML, or in `source` the text as it was typed.
    pub(crate) value: String,
    /// When it was found that the page that it links to links back.
    pub(crate) verified_at: Option<Timestamp>,
}

/// A role that an account shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountRole {
    pub(crate) id: Id,
    pub(crate) name: String,
    /// `#rrggbb`, or empty.
    pub(crate) color: String,
}
