//! Accounts in memory, by their numbers.
//!
//! As with statuses: what was taken out while a query was under way is not kept, since the query may have seen what was before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use lru::LruCache;
use miniter_domain::Account;

use crate::feed::Event;

/// How many bytes are kept: the accounts that were read longest ago go first.
const CAPACITY: usize = 16 << 20;

/// What an account takes beside its texts, in bytes.
const OVERHEAD: usize = 400;

/// Accounts by their numbers.
pub(crate) struct Accounts(Mutex<Kept>);

struct Kept {
    accounts: LruCache<i64, (Arc<Account>, Instant)>,
    bytes: usize,
    /// How often something was taken out. What was read from the database before is not kept after.
    removals: u64,
    /// How long after it was read from the database an account may be used.
    max_age: Option<Duration>,
}

impl Accounts {
    /// Nothing yet. `max_age` bounds the age of what is in memory; it need not be bounded where every write is noticed.
    pub(crate) fn new(max_age: Option<Duration>) -> Self {
        Self(Mutex::new(Kept { accounts: LruCache::unbounded(), bytes: 0, removals: 0, max_age }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Each change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The accounts with these numbers, each once and in ascending order, if all of them are in memory.
    pub(crate) fn cached(&self, ids: &[i64]) -> Option<Vec<Arc<Account>>> {
        let mut kept = self.kept();
        let oldest = kept.oldest();
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(kept.find(*id, oldest)?);
        }
        drop(kept);
        Some(in_order(found))
    }

    /// The accounts with these numbers, as far as they exist, each once and in ascending order. `query` reads those that are not in
    /// memory.
    pub(crate) fn find_many(
        &self,
        ids: &[i64],
        query: impl FnOnce(&[i64]) -> QueryResult<Vec<Arc<Account>>>,
    ) -> QueryResult<Vec<Arc<Account>>> {
        let (mut found, missing, removals) = {
            let mut kept = self.kept();
            let oldest = kept.oldest();
            let (mut found, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
            for id in ids {
                match kept.find(*id, oldest) {
                    Some(account) => found.push(account),
                    None => missing.push(*id),
                }
            }
            (found, missing, kept.removals)
        };
        if !missing.is_empty() {
            let read = query(&missing)?;
            let mut kept = self.kept();
            if kept.removals == removals {
                for account in &read {
                    kept.keep(Arc::clone(account));
                }
            }
            found.extend(read);
        }
        Ok(in_order(found))
    }

    /// Applies an event. To be called in the order of commits.
    pub(crate) fn apply(&self, event: Event) {
        match event {
            Event::AccountChanged { user }
            | Event::Published { author: user, .. }
            | Event::Deleted { author: user, .. } => self.kept().remove(user),
            Event::Followed { follower, followee } | Event::Unfollowed { follower, followee } => {
                let mut kept = self.kept();
                kept.remove(follower);
                kept.remove(followee);
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
        let mut kept = self.kept();
        kept.accounts.clear();
        kept.bytes = 0;
        kept.removals += 1;
    }
}

fn in_order(mut accounts: Vec<Arc<Account>>) -> Vec<Arc<Account>> {
    accounts.sort_unstable_by_key(|account| account.id);
    accounts.dedup_by_key(|account| account.id);
    accounts
}

impl Kept {
    fn find(&mut self, id: i64, oldest: Option<Instant>) -> Option<Arc<Account>> {
        let (account, kept_at) = self.accounts.get(&id)?;
        oldest.is_none_or(|oldest| *kept_at >= oldest).then(|| Arc::clone(account))
    }

    fn oldest(&self) -> Option<Instant> {
        self.max_age.and_then(|max_age| Instant::now().checked_sub(max_age))
    }

    fn keep(&mut self, account: Arc<Account>) {
        self.bytes += bytes(&account);
        if let Some((replaced, _)) = self.accounts.put(account.id.get(), (account, Instant::now())) {
            self.bytes -= bytes(&replaced);
        }
        while self.bytes > CAPACITY
            && let Some((_, (dropped, _))) = self.accounts.pop_lru()
        {
            self.bytes -= bytes(&dropped);
        }
    }

    fn remove(&mut self, id: i64) {
        if let Some((removed, _)) = self.accounts.pop(&id) {
            self.bytes -= bytes(&removed);
        }
        self.removals += 1;
    }
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
            assert_eq!(accounts.kept().bytes, 0);
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
        assert!(accounts.kept().bytes <= CAPACITY);
    }
}
