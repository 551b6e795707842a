//! What wrong passwords are counted by.

use std::time::Duration;

/// An account: a digest, since people type all kinds of things where an e-mail address belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountKey(pub [u8; 32]);

/// Where passwords come from: a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OriginKey(pub [u8; 32]);

/// A bucket of the login throttle: an account has one for each origin that is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketKey {
    /// Whose password is tried.
    pub account: AccountKey,
    /// From where.
    pub origin: OriginKey,
}

/// An address that an account is used from: a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressKey(pub [u8; 32]);

impl AddressKey {
    /// How many addresses of an account are known at most. Each may have a bucket of its own, so this bounds how many
    /// passwords can be tried.
    pub const MOST: u8 = 16;

    /// How long an address is known after the account was last used from it.
    pub const KEPT: Duration = Duration::from_hours(24 * 90);
}
