//! A picture that stands for a word between colons.

use serde::Serialize;
use utoipa::ToSchema;

/// An emoji of this server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CustomEmoji {
    pub(crate) shortcode: String,
    pub(crate) url: String,
    pub(crate) static_url: String,
    pub(crate) visible_in_picker: bool,
    pub(crate) category: Option<String>,
}
