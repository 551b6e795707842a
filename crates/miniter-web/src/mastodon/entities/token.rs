//! An access token.

use serde::Serialize;
use utoipa::ToSchema;

/// An access token (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    pub(crate) access_token: String,
    /// `Bearer`
    pub(crate) token_type: &'static str,
    /// Names with a space between two.
    #[schema(example = "read write follow push")]
    pub(crate) scope: String,
    /// In Unix seconds. Some clients cannot log in without it.
    pub(crate) created_at: i64,
}
