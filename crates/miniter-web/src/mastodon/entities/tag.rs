//! A hashtag.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// A hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Tag {
    /// Without `#`.
    pub(crate) name: String,
    /// Its page.
    pub(crate) url: String,
    /// How often it was used on the last seven days, the newest first.
    pub(crate) history: Vec<TagHistory>,
    /// Whether the reader follows it. Left out without a reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) following: Option<bool>,
}

/// A day of a hashtag. Its numbers are strings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TagHistory {
    /// When the day began, in Unix seconds.
    pub(crate) day: Id,
    pub(crate) uses: Id,
    /// How many accounts used it.
    pub(crate) accounts: Id,
}

/// A hashtag that a status has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusTag {
    /// In lower case, without `#`.
    pub(crate) name: String,
    pub(crate) url: String,
}

/// A hashtag that a profile shows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FeaturedTag {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) url: String,
    /// A string of digits.
    pub(crate) statuses_count: Id,
    pub(crate) last_status_at: Option<super::value::Day>,
}
