//! What a user has done with a status.

/// What a user has done with a status, none of which others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each may be without the others")]
pub struct Interactions {
    /// They have made it one of their favourites.
    pub favourited: bool,
    /// They have boosted it.
    pub reblogged: bool,
    /// They have bookmarked it.
    pub bookmarked: bool,
    /// They want no notifications of its thread.
    pub muted: bool,
    /// It is theirs, and stands at the top of their profile.
    pub pinned: bool,
}
