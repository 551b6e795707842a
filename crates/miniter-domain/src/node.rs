//! Nodes: processes that serve from the same database.

use std::fmt;

/// The number of a node, which goes into the ids of the tweets that are published there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeNumber(u16);

impl NodeNumber {
    /// How many there are: what 10 bits of a tweet id hold.
    pub const COUNT: u16 = 1 << 10;

    /// That of a node which is alone.
    pub const ALONE: Self = Self(0);

    /// A number, of which only what is below [`Self::COUNT`] counts.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number % Self::COUNT)
    }

    /// The number itself, below [`Self::COUNT`].
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for NodeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
