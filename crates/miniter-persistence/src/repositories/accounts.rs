//! Accounts in the database.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::dsl::now;
use diesel::prelude::*;
use miniter_domain::{
    Account, AccountChange, AccountRepository, AccountSearch, RepositoryError, UserId, Username,
};

use crate::accounts::accounts_by_ids;
use crate::accounts::insert_words;
use crate::accounts::words::{has_all, terms_of};
use crate::database::{read, write};
use crate::feed::Event;
use crate::schema::{account_fields, account_words, blocks, users, users_follow_list};
use crate::store::Store;

/// How many accounts with a matching name a search looks at: of those whom the viewer follows, and of all.
const MOST_CANDIDATES: i64 = 500;

/// Above every character of a username, whether letters are compared as small or as capital ones.
const AFTER_USERNAMES: char = '\u{7f}';

/// Those whom a user follows.
macro_rules! followees_of {
    ($user:expr) => {
        users_follow_list::table
            .filter(users_follow_list::user_id.eq($user))
            .select(users_follow_list::follow_user_id)
    };
}

impl AccountRepository for Store {
    fn find_many(&self, accounts: &[UserId]) -> Result<Vec<Arc<Account>>, RepositoryError> {
        let ids: Vec<i64> = accounts.iter().map(|account| account.get()).collect();
        match self.caches.accounts.cached(&ids) {
            Some(found) => Ok(found),
            None => read!(self, |connection| {
                self.caches.accounts.find_many(&ids, |missing| accounts_by_ids!(connection, missing))
            }),
        }
    }

    fn cached_many(&self, accounts: &[UserId]) -> Option<Vec<Arc<Account>>> {
        let ids: Vec<i64> = accounts.iter().map(|account| account.get()).collect();
        self.caches.accounts.cached(&ids)
    }

    fn find_by_username(&self, username: &str) -> Result<Option<Arc<Account>>, RepositoryError> {
        self.find_by_usernames(&[username]).map(|found| found.into_iter().next())
    }

    fn find_by_usernames(&self, usernames: &[&str]) -> Result<Vec<Arc<Account>>, RepositoryError> {
        let chosen: Vec<&str> =
            usernames.iter().copied().filter(|username| Username::parse(username).is_ok()).collect();
        let nameless: Vec<i64> =
            usernames.iter().filter_map(|username| Username::nameless(username)).map(UserId::get).collect();
        let ids: Vec<i64> = read!(self, |connection| {
            let mut ids: Vec<i64> = Vec::new();
            if !chosen.is_empty() {
                ids = users::table
                    .filter(users::username.eq_any(&chosen))
                    .select(users::id)
                    .load(connection)?;
            }
            if !nameless.is_empty() {
                let found: Vec<i64> = users::table
                    .filter(users::id.eq_any(&nameless))
                    .filter(users::username.is_null())
                    .select(users::id)
                    .load(connection)?;
                ids.extend(found);
            }
            Ok(ids)
        })?;
        let ids: Vec<UserId> = ids.into_iter().map(UserId::new).collect();
        AccountRepository::find_many(self, &ids)
    }

    fn update(
        &self,
        account: UserId,
        change: &AccountChange,
    ) -> Result<Option<Arc<Account>>, RepositoryError> {
        let (user, change) = (account.get(), change.clone());
        write!(self, |connection, events| {
            // Whether it exists, and where nothing of the row changes at least when.
            let row = users::table.find(user);
            if diesel::update(row).set(users::updated_at.eq(now)).execute(connection)? == 0 {
                return Ok(None);
            }
            let columns = ChangedColumns::of(&change);
            if columns != ChangedColumns::default() {
                diesel::update(row).set(columns).execute(connection)?;
            }
            if let Some(language) = &change.default_language {
                diesel::update(row).set(users::default_language.eq(language)).execute(connection)?;
            }
            if let Some(name) = &change.display_name {
                diesel::delete(account_words::table.filter(account_words::user_id.eq(user)))
                    .execute(connection)?;
                insert_words!(connection, user, name.as_str());
            }
            if let Some(fields) = &change.fields {
                diesel::delete(account_fields::table.filter(account_fields::user_id.eq(user)))
                    .execute(connection)?;
                for (position, field) in (0_i16..).zip(fields.as_slice()) {
                    diesel::insert_into(account_fields::table)
                        .values((
                            account_fields::user_id.eq(user),
                            account_fields::position.eq(position),
                            account_fields::name.eq(&field.name),
                            account_fields::value.eq(&field.value),
                        ))
                        .execute(connection)?;
                }
            }
            events.push(Event::AccountChanged { user });
            // What is in memory may be older on this node, too, until it has applied the event.
            let found: QueryResult<Vec<Arc<Account>>> = accounts_by_ids!(connection, &[user]);
            Ok(found?.pop())
        })
    }

    fn search(&self, search: &AccountSearch) -> Result<Vec<Arc<Account>>, RepositoryError> {
        let terms = terms_of(&search.query);
        let username = search.query.trim();
        let is_username = is_prefix(username);
        let names = is_username.then(|| (username.to_owned(), format!("{username}{AFTER_USERNAMES}")));
        let word = terms.first().map(|term| (term.clone(), format!("{term}{}", char::MAX)));
        let viewer = search.viewer.map(UserId::get);
        let (followees, others, hidden) = read!(self, |connection| {
            let (mut followees, mut others, mut hidden): (Vec<i64>, Vec<i64>, HashSet<i64>) =
                (Vec::new(), Vec::new(), HashSet::new());
            if let Some((from, to)) = &names {
                let by_name = users::table
                    .filter(users::username.ge(from))
                    .filter(users::username.lt(to))
                    .select(users::id)
                    .limit(MOST_CANDIDATES);
                if let Some(viewer) = viewer {
                    let found: Vec<i64> =
                        by_name.filter(users::id.eq_any(followees_of!(viewer))).load(connection)?;
                    followees.extend(found);
                }
                if !search.is_following_only {
                    let found: Vec<i64> = by_name.order(users::username).load(connection)?;
                    others.extend(found);
                }
            }
            if let Some((from, to)) = &word {
                let by_word = account_words::table
                    .filter(account_words::word.ge(from))
                    .filter(account_words::word.lt(to))
                    .select(account_words::user_id)
                    .limit(MOST_CANDIDATES);
                if let Some(viewer) = viewer {
                    let found: Vec<i64> = by_word
                        .filter(account_words::user_id.eq_any(followees_of!(viewer)))
                        .load(connection)?;
                    followees.extend(found);
                }
                if !search.is_following_only {
                    let found: Vec<i64> = by_word.order(account_words::word).load(connection)?;
                    others.extend(found);
                }
            }
            if let Some(viewer) = viewer {
                let blocking: Vec<i64> = blocks::table
                    .filter(blocks::user_id.eq(viewer))
                    .filter(blocks::target_id.eq_any(followees.iter().chain(&others)))
                    .select(blocks::target_id)
                    .load(connection)?;
                let blocked_by: Vec<i64> = blocks::table
                    .filter(blocks::target_id.eq(viewer))
                    .filter(blocks::user_id.eq_any(followees.iter().chain(&others)))
                    .select(blocks::user_id)
                    .load(connection)?;
                hidden.extend(blocking.into_iter().chain(blocked_by));
            }
            Ok((followees, others, hidden))
        })?;
        let nameless = Username::nameless(username).filter(|_| !search.is_following_only);
        let mut seen = hidden;
        let candidates: Vec<UserId> = nameless
            .into_iter()
            .chain(followees.into_iter().chain(others).map(UserId::new))
            .filter(|id| seen.insert(id.get()))
            .collect();
        let mut found = self.in_order_of(&candidates)?;
        let lower = username.to_ascii_lowercase();
        let is_exact = |account: &Account| account.username.eq_ignore_ascii_case(username);
        found.retain(|account| {
            (is_username && account.username.to_ascii_lowercase().starts_with(&lower))
                || (!terms.is_empty() && has_all(&account.display_name, &terms))
        });
        // Stable: those that the viewer follows stay before the others.
        found.sort_by_key(|account| !is_exact(account));
        let page = found.into_iter().skip(search.offset.try_into().unwrap_or(usize::MAX));
        Ok(page.take(search.limit.try_into().unwrap_or(usize::MAX)).collect())
    }
}

impl Store {
    /// The accounts with these numbers, as far as they exist, in this order.
    fn in_order_of(&self, ids: &[UserId]) -> Result<Vec<Arc<Account>>, RepositoryError> {
        let found = AccountRepository::find_many(self, ids)?;
        let find = |id: &UserId| found.binary_search_by_key(id, |account| account.id).ok();
        Ok(ids.iter().filter_map(find).map(|place| Arc::clone(&found[place])).collect())
    }
}

/// Whether a text may be the beginning of a username: also `user`, or `user1`, which nobody can choose.
fn is_prefix(text: &str) -> bool {
    (1..=Username::MAX_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What changes in `users`.
#[derive(AsChangeset, PartialEq, Eq, Default)]
#[diesel(table_name = users)]
struct ChangedColumns<'a> {
    username: Option<&'a str>,
    name: Option<&'a str>,
    profile: Option<&'a str>,
    locked: Option<bool>,
    bot: Option<bool>,
    discoverable: Option<bool>,
    default_visibility: Option<i16>,
    default_sensitive: Option<bool>,
}

impl<'a> ChangedColumns<'a> {
    fn of(change: &'a AccountChange) -> Self {
        Self {
            username: change.username.as_ref().map(Username::as_str),
            name: change.display_name.as_ref().map(miniter_domain::UserName::as_str),
            profile: change.note.as_ref().map(miniter_domain::Profile::as_str),
            locked: change.is_locked,
            bot: change.is_bot,
            discoverable: change.is_discoverable,
            default_visibility: change.default_visibility.map(miniter_domain::Visibility::code),
            default_sensitive: change.default_sensitive,
        }
    }
}
