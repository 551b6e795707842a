//! Accounts in memory, by their numbers.

use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use miniter_domain::Account;

use crate::feed::Event;
use crate::memory::Memory;

/// How many bytes are kept: the accounts that were read longest ago go first.
const CAPACITY: usize = 16 << 20;

/// What an account takes beside its texts, in bytes.
const OVERHEAD: usize = 400;

/// Accounts by their numbers.
pub(crate) struct Accounts(Memory<i64, Arc<Account>>);

impl Accounts {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Memory::new(CAPACITY, max_age))
    }

    /// The accounts with these numbers, each once and in ascending order, if all of them are in memory.
    pub(crate) fn cached(&self, ids: &[i64]) -> Option<Vec<Arc<Account>>> {
        self.0.find_all(ids).map(in_order)
    }

    /// The accounts with these numbers, as far as they exist, each once and in ascending order. `query` reads those that are not in
    /// memory.
    pub(crate) fn find_many(
        &self,
        ids: &[i64],
        query: impl FnOnce(&[i64]) -> QueryResult<Vec<Arc<Account>>>,
    ) -> QueryResult<Vec<Arc<Account>>> {
        let describe = |account: &Arc<Account>| (account.id.get(), bytes(account));
        self.0.find_or_read(ids, query, describe).map(in_order)
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::AccountChanged { user }
            | Event::Published { author: user, .. }
            | Event::Deleted { author: user, .. } => self.0.remove(&user),
            Event::Followed { follower, followee } | Event::Unfollowed { follower, followee } => {
                self.0.remove(&follower);
                self.0.remove(&followee);
            }
            // Others have followed it, and it others.
            Event::AccountDeleted { .. } | Event::ForeignWrites => self.forget_all(),
            Event::StatusChanged { .. }
            | Event::InteractionChanged { .. }
            | Event::Notified { .. }
            | Event::CircleChanged { .. }
            | Event::AccessTokenRevoked { .. }
            | Event::TokensRenewed { .. } => {}
        }
    }

    /// Forgets everything: another program has written, or events were missed.
    pub(crate) fn forget_all(&self) {
        self.0.clear();
    }
}

fn in_order(mut accounts: Vec<Arc<Account>>) -> Vec<Arc<Account>> {
    accounts.sort_unstable_by_key(|account| account.id);
    accounts.dedup_by_key(|account| account.id);
    accounts
}

fn bytes(account: &Account) -> usize {
    let fields: usize = account.fields.iter().map(|field| 48 + field.name.len() + field.value.len()).sum();
    OVERHEAD + account.username.len() + account.display_name.len() + account.note.len() + fields
}

#[cfg(test)]
mod tests {
    use miniter_domain::{AccountCounts, PostDefaults, UserId};

    use super::*;

    fn account(id: i64) -> Arc<Account> {
        Arc::new(Account {
            id: UserId::new(id),
            username: format!("user{id}"),
            display_name: "name".into(),
            note: "note".into(),
            fields: Vec::new(),
            is_locked: false,
            is_bot: false,
            is_discoverable: false,
            created_at: chrono::DateTime::UNIX_EPOCH,
            last_status_at: None,
            counts: AccountCounts::default(),
            defaults: PostDefaults::default(),
        })
    }

    /// Reads accounts 1 to 4, and says which were asked for.
    fn read(accounts: &Accounts, ids: &[i64]) -> (Vec<i64>, Vec<i64>) {
        let mut asked = Vec::new();
        let found = accounts.find_many(ids, |missing| {
            asked.extend(missing);
            Ok(missing.iter().filter(|id| (1..=4).contains(*id)).map(|id| account(*id)).collect())
        });
        (found.unwrap().iter().map(|account| account.id.get()).collect(), asked)
    }

    #[test]
    fn what_is_not_in_memory_is_read_once_and_comes_in_order_and_once() {
        let accounts = Accounts::new(None);
        assert_eq!(read(&accounts, &[3]), (vec![3], vec![3]));
        assert_eq!(accounts.cached(&[2, 3]), None);
        assert_eq!(read(&accounts, &[4, 3, 2, 3, 9]), (vec![2, 3, 4], vec![4, 2, 9]));
        let cached = accounts.cached(&[4, 2, 4]).unwrap();
        assert_eq!(cached.iter().map(|account| account.id.get()).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn what_changes_is_taken_out_also_while_it_is_read() {
        let (one, other) = (1, 9);
        for event in [
            Event::AccountChanged { user: one },
            Event::Published { author: one, tweet: 5 },
            Event::Deleted { author: one, tweet: 5 },
            Event::Followed { follower: one, followee: other },
            Event::Followed { follower: other, followee: one },
            Event::Unfollowed { follower: one, followee: other },
            Event::Unfollowed { follower: other, followee: one },
            Event::AccountDeleted { user: other },
        ] {
            let accounts = Accounts::new(None);
            read(&accounts, &[1]);
            assert!(accounts.cached(&[1]).is_some());
            accounts.apply(event);
            assert_eq!(accounts.cached(&[1]), None, "{event:?}");
            let during = accounts.find_many(&[1], |_| {
                accounts.apply(event);
                Ok(vec![account(1)])
            });
            assert_eq!(during.unwrap().len(), 1);
            assert_eq!(accounts.cached(&[1]), None, "{event:?}");
            assert_eq!(accounts.0.weight(), 0);
        }
    }

    #[test]
    fn what_is_too_old_is_read_again_and_the_longest_unread_go_first() {
        let accounts = Accounts::new(Some(Duration::ZERO));
        read(&accounts, &[1]);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(accounts.cached(&[1]), None);

        let accounts = Accounts::new(None);
        let note = "x".repeat(CAPACITY / 4);
        for id in 1..=5 {
            let large = Arc::new(Account { note: note.clone(), ..(*account(id)).clone() });
            accounts.find_many(&[id], |_| Ok(vec![large])).unwrap();
        }
        assert_eq!(accounts.cached(&[1]), None);
        assert!(accounts.cached(&[5]).is_some());
        assert!(accounts.0.weight() <= CAPACITY);
    }
}
