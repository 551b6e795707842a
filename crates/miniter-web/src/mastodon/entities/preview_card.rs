//! What a page that a status links to is about.

use serde::Serialize;
use utoipa::ToSchema;

/// A page that a status links to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PreviewCard {
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) description: String,
    #[serde(rename = "type")]
    pub(crate) kind: CardKind,
    pub(crate) author_name: String,
    pub(crate) author_url: String,
    pub(crate) provider_name: String,
    pub(crate) provider_url: String,
    pub(crate) html: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) image: Option<String>,
    pub(crate) embed_url: String,
    pub(crate) blurhash: Option<String>,
    /// Always empty. Clients since 4.3 require it.
    pub(crate) authors: Vec<CardAuthor>,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CardKind {
    Link,
    Photo,
    Video,
    Rich,
}

/// An author of a page.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CardAuthor {
    pub(crate) name: String,
    pub(crate) url: String,
}
