//! How much there is on a server.

/// How much there is on a server, for those who compare servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// The accounts.
    pub users: u64,
    /// Those of them that published something lately: since the moment that was asked for.
    pub active_users: u64,
    /// The statuses.
    pub statuses: u64,
}
