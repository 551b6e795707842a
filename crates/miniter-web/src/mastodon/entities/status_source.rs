//! A status, as its author typed it.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::Id;

/// What an editor of a status begins with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusSource {
    pub(crate) id: Id,
    pub(crate) text: String,
    pub(crate) spoiler_text: String,
}
