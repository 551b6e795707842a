//! What a user prefers.

use serde::Serialize;
use utoipa::ToSchema;

use super::status::Visibility;

/// What a user prefers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Preferences {
    /// The visibility of new statuses.
    #[serde(rename = "posting:default:visibility")]
    pub(crate) visibility: Visibility,
    #[serde(rename = "posting:default:sensitive")]
    pub(crate) sensitive: bool,
    #[serde(rename = "posting:default:language")]
    pub(crate) language: Option<String>,
    /// Which pictures are shown at first.
    #[serde(rename = "reading:expand:media")]
    pub(crate) expand_media: ExpandMedia,
    /// Whether texts behind a content warning are shown at first.
    #[serde(rename = "reading:expand:spoilers")]
    pub(crate) expand_spoilers: bool,
    /// Whether moving pictures move at once.
    #[serde(rename = "reading:autoplay:gifs")]
    pub(crate) autoplay_gifs: bool,
}

/// Which pictures are shown at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExpandMedia {
    /// Those that are not sensitive.
    Default,
    ShowAll,
    HideAll,
}
