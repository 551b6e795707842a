//! A conversation by direct statuses.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::status::Status;
use super::value::Id;

/// A conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Conversation {
    pub(crate) id: Id,
    pub(crate) unread: bool,
    /// Who takes part, without the reader.
    pub(crate) accounts: Vec<Account>,
    pub(crate) last_status: Option<Status>,
}
