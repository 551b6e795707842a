//! Users in the database.

use diesel::dsl::{exists, max, now, select};
#[cfg(feature = "mysql")]
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;
use miniter_domain::{
    CanonicalEmail, Credentials, NewUser, RepositoryError, TokenVersion, User, UserId, UserRepository,
};

use crate::accounts::insert_words;
use crate::backend::prepared::prepared;
use crate::counts::discount_follows_of;
use crate::database::{read, write};
use crate::feed::Event;
use crate::rows::{Moment, NewUserRow};
use crate::schema::{access_tokens, account_stats, authorization_codes, token_versions, users};
use crate::status_writes::forget_statuses_of;
use crate::store::Store;

/// How many users one statement asks for.
const USERS_AT_ONCE: usize = 500;

impl UserRepository for Store {
    fn create(&self, user: &NewUser) -> Result<UserId, RepositoryError> {
        let user = user.clone();
        let canonical = CanonicalEmail::of(user.email.as_str());
        write!(self, |connection, _events| {
            if !connection.has_user_ids_left()? {
                return Err(none_left("user"));
            }
            diesel::insert_into(users::table).values(NewUserRow::of(&user)).execute(connection)?;
            // Found by its key: MySQL has no RETURNING.
            let id: i64 = users::table
                .filter(users::email_canonical.eq(canonical.as_bytes()))
                .select(users::id)
                .first(connection)?;
            diesel::insert_into(account_stats::table)
                .values(account_stats::user_id.eq(id))
                .execute(connection)?;
            insert_words!(connection, id, user.name.as_str());
            Ok(id)
        })
        .map(UserId::new)
    }

    fn find_credentials(&self, email: &CanonicalEmail) -> Result<Option<Credentials>, RepositoryError> {
        let row: Option<CredentialsRow> = read!(self, |connection| {
            users::table
                .left_join(token_versions::table.on(token_versions::user_id.eq(users::id)))
                .filter(users::email_canonical.eq(email.as_bytes()))
                .select((users::id, users::hashed_password, token_versions::version.nullable()))
                .first(connection)
                .optional()
        })?;
        Ok(row.map(credentials))
    }

    fn find_credentials_of(&self, user: UserId) -> Result<Option<Credentials>, RepositoryError> {
        let row: Option<CredentialsRow> = read!(self, |connection| {
            users::table
                .left_join(token_versions::table.on(token_versions::user_id.eq(users::id)))
                .filter(users::id.eq(user.get()))
                .select((users::id, users::hashed_password, token_versions::version.nullable()))
                .first(connection)
                .optional()
        })?;
        Ok(row.map(credentials))
    }

    fn find_credentials_by_username(&self, username: &str) -> Result<Option<Credentials>, RepositoryError> {
        // Without others a server's collation ignores spaces at the end.
        if !username.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(None);
        }
        let row: Option<CredentialsRow> = read!(self, |connection| {
            users::table
                .left_join(token_versions::table.on(token_versions::user_id.eq(users::id)))
                .filter(users::username.eq(username))
                .select((users::id, users::hashed_password, token_versions::version.nullable()))
                .first(connection)
                .optional()
        })?;
        if row.is_some() {
            return Ok(row.map(credentials));
        }
        // An account that has none is called by its number.
        let number =
            username.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("user")).map(|_| &username[4..]);
        let Some(user) =
            number.filter(|number| !number.starts_with('0')).and_then(|number| UserId::parse(number).ok())
        else {
            return Ok(None);
        };
        let row: Option<CredentialsRow> = read!(self, |connection| {
            users::table
                .left_join(token_versions::table.on(token_versions::user_id.eq(users::id)))
                .filter(users::id.eq(user.get()))
                .filter(users::username.is_null())
                .select((users::id, users::hashed_password, token_versions::version.nullable()))
                .first(connection)
                .optional()
        })?;
        Ok(row.map(credentials))
    }

    fn replace_password_hash(
        &self,
        seen: &Credentials,
        hashed_password: &str,
    ) -> Result<(), RepositoryError> {
        let (seen, hashed_password) = (seen.clone(), hashed_password.to_owned());
        write!(self, |connection, _events| {
            diesel::update(users::table)
                .filter(users::id.eq(seen.user_id.get()))
                .filter(users::hashed_password.eq(&seen.hashed_password))
                .set((users::hashed_password.eq(&hashed_password), users::updated_at.eq(now)))
                .execute(connection)
        })
        .map(drop)
    }

    fn change_password(
        &self,
        seen: &Credentials,
        hashed_password: &str,
    ) -> Result<Option<TokenVersion>, RepositoryError> {
        let (seen, hashed_password) = (seen.clone(), hashed_password.to_owned());
        let user = seen.user_id.get();
        let changed = write!(self, |connection, events| {
            let replaced = diesel::update(users::table)
                .filter(users::id.eq(user))
                .filter(users::hashed_password.eq(&seen.hashed_password))
                .set((users::hashed_password.eq(&hashed_password), users::updated_at.eq(now)))
                .execute(connection)?;
            if replaced == 0 {
                return Ok(None);
            }
            let newest: Option<i64> =
                token_versions::table.select(max(token_versions::version)).first(connection)?;
            let version = newest.unwrap_or(0).checked_add(1).ok_or_else(|| none_left("token version"))?;
            let updated = diesel::update(token_versions::table.find(user))
                .set(token_versions::version.eq(version))
                .execute(connection)?;
            if updated == 0 {
                diesel::insert_into(token_versions::table)
                    .values((token_versions::user_id.eq(user), token_versions::version.eq(version)))
                    .execute(connection)?;
            }
            // What the user has let applications do ends, too.
            diesel::delete(access_tokens::table.filter(access_tokens::user_id.eq(user)))
                .execute(connection)?;
            diesel::delete(authorization_codes::table.filter(authorization_codes::user_id.eq(user)))
                .execute(connection)?;
            events.push(Event::TokensRenewed { user, version });
            Ok(Some(version))
        })?;
        Ok(changed.map(TokenVersion::new))
    }

    fn delete(&self, user: UserId) -> Result<bool, RepositoryError> {
        let user = user.get();
        write!(self, |connection, events| {
            forget_statuses_of(connection, events, user)?;
            discount_follows_of(connection, user)?;
            let deleted = diesel::delete(users::table.find(user)).execute(connection)?;
            if deleted > 0 {
                events.push(Event::AccountDeleted { user });
            }
            Ok(deleted > 0)
        })
    }

    fn find_many(&self, users: &[UserId]) -> Result<Vec<User>, RepositoryError> {
        let numbers: Vec<i64> = users.iter().map(|user| user.get()).collect();
        let mut found = Vec::with_capacity(users.len());
        for numbers in numbers.chunks(USERS_AT_ONCE) {
            let rows: Vec<(i64, String, String, Moment)> = read!(self, |connection| {
                users::table
                    .filter(users::id.eq_any(numbers))
                    .select((users::id, users::name, users::profile, users::created_at))
                    .load(connection)
            })?;
            found.extend(rows.into_iter().map(|(id, name, profile, Moment(created_at))| User {
                id: UserId::new(id),
                name,
                profile,
                created_at,
            }));
        }
        found.sort_unstable_by_key(|user| user.id);
        Ok(found)
    }

    fn is_empty(&self) -> Result<bool, RepositoryError> {
        read!(self, |connection| select(exists(users::table.select(users::id))).get_result(connection))
            .map(|is_there: bool| !is_there)
    }

    fn exists(&self, user: UserId) -> Result<bool, RepositoryError> {
        read!(self, |connection| select(exists(users::table.find(user.get()))).get_result(connection))
    }
}

/// What a connection knows of the numbers that its database gives to users.
trait UserIds {
    /// Whether there is one for the next user. Other SQL may have given the greatest one: then the databases say that they are
    /// full, or that something is there twice, which would be taken for the e-mail address.
    fn has_user_ids_left(&mut self) -> QueryResult<bool>;
}

impl UserIds for SqliteConnection {
    fn has_user_ids_left(&mut self) -> QueryResult<bool> {
        const GREATEST: &str = "SELECT COUNT(*) FROM sqlite_sequence WHERE name = 'users' AND seq = ?";
        prepared::<1, BigInt>(GREATEST, [i64::MAX]).get_result(self).map(|found: i64| found == 0)
    }
}

#[cfg(feature = "mysql")]
impl UserIds for MysqlConnection {
    fn has_user_ids_left(&mut self) -> QueryResult<bool> {
        select(exists(users::table.find(i64::MAX))).get_result(self).map(|is_taken: bool| !is_taken)
    }
}

/// No client can do anything about it.
pub(crate) fn none_left(what: &str) -> Error {
    let message = format!(
        "no {what} is left: another program has used the greatest number there is; give its row a smaller one, and set the \
         table's counter (sqlite_sequence, AUTO_INCREMENT) back"
    );
    Error::QueryBuilderError(message.into())
}

/// User, hash, version.
type CredentialsRow = (i64, String, Option<i64>);

fn credentials((user, hashed_password, version): CredentialsRow) -> Credentials {
    let token_version = version.map_or(TokenVersion::FIRST, TokenVersion::new);
    Credentials { user_id: UserId::new(user), hashed_password, token_version }
}
