//! A picture, a film or a sound of a status.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// A file of a status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MediaAttachment {
    pub(crate) id: Id,
    #[serde(rename = "type")]
    pub(crate) kind: MediaKind,
    pub(crate) url: Option<String>,
    pub(crate) preview_url: Option<String>,
    /// Always null: every file is of this server.
    pub(crate) remote_url: Option<String>,
    pub(crate) meta: Option<MediaMeta>,
    /// What it shows, for those who do not see it.
    pub(crate) description: Option<String>,
    pub(crate) blurhash: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    /// A film without sound.
    Gifv,
    Video,
    Audio,
    Unknown,
}

/// The sizes of a picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MediaMeta {
    pub(crate) original: MediaSize,
    pub(crate) small: MediaSize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) focus: Option<Focus>,
}

/// A size, in pixels.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MediaSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// `640x480`
    pub(crate) size: String,
    pub(crate) aspect: f64,
}

/// The point of a picture that a thumbnail should show: each from -1 to 1.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Focus {
    pub(crate) x: f64,
    pub(crate) y: f64,
}
