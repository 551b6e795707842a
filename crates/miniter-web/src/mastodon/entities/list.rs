//! A list of accounts with a timeline of its own.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// A list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct List {
    pub(crate) id: Id,
    pub(crate) title: String,
    pub(crate) replies_policy: RepliesPolicy,
    /// Whether the home timeline leaves its members out.
    pub(crate) exclusive: bool,
}

/// Which replies a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RepliesPolicy {
    /// Those to anybody whom the reader follows.
    Followed,
    /// Those to members of the list.
    List,
    /// None.
    None,
}
