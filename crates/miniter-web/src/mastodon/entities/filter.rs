//! A filter of what a reader does not want to read.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::{Id, Timestamp};

/// A filter (API version 2).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Filter {
    pub(crate) id: Id,
    pub(crate) title: String,
    pub(crate) context: Vec<FilterContext>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) filter_action: FilterAction,
    pub(crate) keywords: Vec<FilterKeyword>,
    pub(crate) statuses: Vec<FilterStatus>,
}

/// Where a filter applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FilterContext {
    Home,
    Notifications,
    Public,
    Thread,
    Account,
}

/// What becomes of a status that a filter matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FilterAction {
    Warn,
    Hide,
}

/// A word or phrase that a filter looks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FilterKeyword {
    pub(crate) id: Id,
    pub(crate) keyword: String,
    pub(crate) whole_word: bool,
}

/// A status that a filter names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FilterStatus {
    pub(crate) id: Id,
    pub(crate) status_id: Id,
}

/// A filter that matches a status, and by what.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FilterResult {
    pub(crate) filter: Filter,
    pub(crate) keyword_matches: Vec<String>,
    pub(crate) status_matches: Vec<Id>,
}

/// A word or phrase of a filter (API version 1).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct V1Filter {
    pub(crate) id: Id,
    pub(crate) phrase: String,
    pub(crate) context: Vec<FilterContext>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) irreversible: bool,
    pub(crate) whole_word: bool,
}
