//! An app that asks for access to accounts.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// An app, as any holder of one of its tokens sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Application {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) website: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uris: Vec<String>,
    /// The same, with a line break between two.
    pub(crate) redirect_uri: String,
    /// For web push; empty while there is none.
    pub(crate) vapid_key: String,
}

/// An app with its credentials: once, when it is registered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CredentialApplication {
    #[serde(flatten)]
    pub(crate) application: Application,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// When the secret ends, in Unix seconds; 0: never.
    pub(crate) client_secret_expires_at: i64,
}
