//! The accounts that have reacted to a status.

use crate::{StatusId, UserId};

/// A reaction that others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// A boost.
    Reblog,
    /// A favourite.
    Favourite,
}

/// A part of the list of accounts that have reacted to a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactorPage {
    /// Cursors and accounts, the oldest reaction first. The cursors have the type of a status's id, for
    /// [`PageRequest`](crate::PageRequest).
    pub entries: Vec<(StatusId, UserId)>,
    /// Whether the list goes on below the oldest entry.
    pub has_older: bool,
}
