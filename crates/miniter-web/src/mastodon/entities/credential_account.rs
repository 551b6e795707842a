//! An account, as its owner sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::{Account, Field};
use super::role::Role;
use super::status::Visibility;

/// One's own account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CredentialAccount {
    #[serde(flatten)]
    pub(crate) account: Account,
    pub(crate) source: Source,
    pub(crate) role: Role,
}

/// What a profile editor begins with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Source {
    /// The text as it was typed.
    pub(crate) note: String,
    /// The rows as they were typed.
    pub(crate) fields: Vec<Field>,
    /// The visibility of new statuses, unless one is chosen.
    pub(crate) privacy: Visibility,
    /// Whether pictures of new statuses are hidden at first.
    pub(crate) sensitive: bool,
    /// The language of new statuses.
    pub(crate) language: Option<String>,
    pub(crate) follow_requests_count: u64,
    pub(crate) hide_collections: Option<bool>,
    pub(crate) discoverable: Option<bool>,
    pub(crate) indexable: bool,
}
