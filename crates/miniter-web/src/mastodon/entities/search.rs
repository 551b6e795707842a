//! What a search finds.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::status::Status;
use super::tag::Tag;

/// What a search finds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Search {
    pub(crate) accounts: Vec<Account>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) hashtags: Vec<Tag>,
}
