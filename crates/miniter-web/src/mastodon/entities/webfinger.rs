//! What an address like `acct:song@example.com` stands for (RFC 7033).

use serde::Serialize;
use utoipa::ToSchema;

/// An account, found by its address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Webfinger {
    #[schema(example = "acct:song@example.com")]
    pub(crate) subject: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) links: Vec<WebfingerLink>,
}

/// Something of an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WebfingerLink {
    pub(crate) rel: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) template: Option<String>,
}
