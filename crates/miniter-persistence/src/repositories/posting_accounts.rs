//! What publishing needs to know of accounts, from the database.

use diesel::prelude::*;
use miniter_domain::{PostDefaults, PostingAccountRepository, RepositoryError, UserId, Visibility};

use crate::database::read;
use crate::schema::users;
use crate::store::Store;

impl PostingAccountRepository for Store {
    fn list_ids_by_usernames(&self, usernames: &[&str]) -> Result<Vec<UserId>, RepositoryError> {
        if usernames.is_empty() {
            return Ok(Vec::new());
        }
        // The columns compare without regard to case. An account that has chosen no name is `user<id>`.
        let nameless: Vec<i64> = usernames.iter().filter_map(|username| nameless(username)).collect();
        let ids: Vec<i64> = read!(self, |connection| {
            users::table
                .filter(
                    users::username
                        .eq_any(usernames)
                        .or(users::username.is_null().and(users::id.eq_any(&nameless))),
                )
                .order(users::id)
                .select(users::id)
                .load(connection)
        })?;
        Ok(ids.into_iter().map(UserId::new).collect())
    }

    fn find_post_defaults(&self, account: UserId) -> Result<Option<PostDefaults>, RepositoryError> {
        let row: Option<(i16, bool, Option<String>)> = read!(self, |connection| {
            users::table
                .find(account.get())
                .select((users::default_visibility, users::default_sensitive, users::default_language))
                .first(connection)
                .optional()
        })?;
        Ok(row.map(|(visibility, is_sensitive, language)| PostDefaults {
            visibility: Visibility::of_code(visibility),
            is_sensitive,
            language,
        }))
    }
}

/// The number of an account that is called `user<id>`.
fn nameless(username: &str) -> Option<i64> {
    let (user, digits) = username.split_at_checked(4)?;
    let id: i64 = digits.parse().ok()?;
    (user.eq_ignore_ascii_case("user") && id > 0 && id.to_string() == digits).then_some(id)
}
