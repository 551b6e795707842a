//! The role of an account on this server.

use serde::Serialize;
use utoipa::ToSchema;

/// A role. Everybody has one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Role {
    /// Digits, or `-99` for those who have no other role.
    #[schema(example = "-99")]
    pub(crate) id: String,
    pub(crate) name: String,
    /// `#rrggbb`, or empty.
    pub(crate) color: String,
    /// What it may do, as a number whose bits are permissions.
    #[schema(example = "0")]
    pub(crate) permissions: String,
    /// Whether profiles show it.
    pub(crate) highlighted: bool,
}

impl Role {
    /// The role of those who have no other one, as Mastodon numbers it.
    pub(crate) fn everyone() -> Self {
        Self {
            id: "-99".to_owned(),
            name: String::new(),
            color: String::new(),
            permissions: "0".to_owned(),
            highlighted: false,
        }
    }
}
