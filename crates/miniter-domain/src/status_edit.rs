//! Versions of a status.

use chrono::{DateTime, Utc};

/// What a status said at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEdit {
    /// The text, as it was typed.
    pub text: String,
    /// The content warning. Empty if there was none.
    pub spoiler_text: String,
    /// Whether its media were to be hidden at first.
    pub is_sensitive: bool,
    /// When this version was made.
    pub created_at: DateTime<Utc>,
}
