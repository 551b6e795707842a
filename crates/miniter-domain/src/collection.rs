//! The statuses that users keep for themselves.

use std::sync::Arc;

use crate::{Status, StatusId};

/// What a user keeps statuses as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Favourites, of which their authors learn.
    Favourites,
    /// Bookmarks. Only their owner sees them.
    Bookmarks,
}

/// A part of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionPage {
    /// Cursors and statuses, first what was added first. The cursors have the type of a status's id, for
    /// [`PageRequest`](crate::PageRequest).
    pub entries: Vec<(StatusId, Arc<Status>)>,
    /// Whether the collection goes on below the oldest entry.
    pub has_older: bool,
}
