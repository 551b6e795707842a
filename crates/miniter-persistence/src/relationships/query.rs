//! Relationships of a viewer, put together from rows of many tables.

use std::collections::HashMap;

use miniter_domain::{Relationship, UserId};

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Following,
    FollowedBy,
    Requested,
    RequestedBy,
    Blocking,
    BlockedBy,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Following,
        Self::FollowedBy,
        Self::Requested,
        Self::RequestedBy,
        Self::Blocking,
        Self::BlockedBy,
    ];

    /// The number that stands for it in the query.
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Following => 1,
            Self::FollowedBy => 2,
            Self::Requested => 3,
            Self::RequestedBy => 4,
            Self::Blocking => 5,
            Self::BlockedBy => 6,
        }
    }
}

/// Kind, account, and for a follow whether boosts and notifications are wanted.
pub(crate) type RelationRow = (i32, i64, bool, bool);

/// Accounts with nothing between them and the viewer, and then what rows say.
pub(crate) fn relationships_of(
    accounts: &[UserId],
    rows: &[RelationRow],
    complete: impl FnOnce(&mut HashMap<i64, Relationship>),
) -> Vec<Relationship> {
    let mut found: HashMap<i64, Relationship> =
        accounts.iter().map(|account| (account.get(), Relationship::none(*account))).collect();
    for (code, account, show_reblogs, notify) in rows {
        let kind = Kind::ALL.into_iter().find(|kind| kind.code() == *code);
        let (Some(relationship), Some(kind)) = (found.get_mut(account), kind) else { continue };
        match kind {
            Kind::Following => {
                relationship.is_following = true;
                relationship.is_showing_reblogs = *show_reblogs;
                relationship.is_notifying = *notify;
            }
            Kind::FollowedBy => relationship.is_followed_by = true,
            Kind::Requested => relationship.is_requested = true,
            Kind::RequestedBy => relationship.is_requested_by = true,
            Kind::Blocking => relationship.is_blocking = true,
            Kind::BlockedBy => relationship.is_blocked_by = true,
        }
    }
    complete(&mut found);
    accounts.iter().filter_map(|account| found.remove(&account.get())).collect()
}
