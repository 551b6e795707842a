//! How far somebody has read a timeline.

use serde::Serialize;
use utoipa::ToSchema;

use super::value::{Id, Timestamp};

/// The markers of a user. Timelines without one are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Markers {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) home: Option<Marker>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) notifications: Option<Marker>,
}

/// How far a timeline was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Marker {
    pub(crate) last_read_id: Id,
    /// Counts the changes.
    pub(crate) version: u32,
    pub(crate) updated_at: Timestamp,
}
