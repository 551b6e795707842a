//! Those of one's followees who follow an account.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::Account;
use super::value::Id;

/// Those whom the reader follows and who follow this account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FamiliarFollowers {
    /// The account that they follow.
    pub(crate) id: Id,
    pub(crate) accounts: Vec<Account>,
}
