//! What stands around a status.

use serde::Serialize;
use utoipa::ToSchema;

use super::status::Status;

/// The thread of a status, without the status itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Context {
    /// What it replies to, the root of the thread first.
    pub(crate) ancestors: Vec<Status>,
    /// The replies to it, each before the replies to that one.
    pub(crate) descendants: Vec<Status>,
}
