//! Users in the database.

use diesel::dsl::{exists, now, select};
use diesel::prelude::*;
use miniter_domain::{CanonicalEmail, Credentials, NewUser, RepositoryError, UserId, UserRepository};

use crate::backend::{read, write};
use crate::rows::NewUserRow;
use crate::schema::users;
use crate::store::Store;
use crate::timelines::OpenTimeline;

impl UserRepository for Store {
    fn create(&self, user: &NewUser) -> Result<UserId, RepositoryError> {
        let user = user.clone();
        let canonical = CanonicalEmail::of(user.email.as_str());
        write!(self, |connection| {
            diesel::insert_into(users::table).values(NewUserRow::of(&user)).execute(connection)?;
            // Found by its key: MySQL has no RETURNING.
            let id = users::table
                .filter(users::email_canonical.eq(canonical.as_bytes()))
                .select(users::id)
                .first(connection)?;
            connection.open_timeline(id)?;
            Ok(id)
        })
        .map(UserId::new)
    }

    fn find_credentials(&self, email: &CanonicalEmail) -> Result<Option<Credentials>, RepositoryError> {
        let row: Option<(i64, String)> = read!(self, |connection| {
            users::table
                .filter(users::email_canonical.eq(email.as_bytes()))
                .select((users::id, users::hashed_password))
                .first(connection)
                .optional()
        })?;
        Ok(row.map(|(id, hashed_password)| Credentials { user_id: UserId::new(id), hashed_password }))
    }

    fn replace_password_hash(
        &self,
        seen: &Credentials,
        hashed_password: &str,
    ) -> Result<(), RepositoryError> {
        let (seen, hashed_password) = (seen.clone(), hashed_password.to_owned());
        write!(self, |connection| {
            diesel::update(users::table)
                .filter(users::id.eq(seen.user_id.get()))
                .filter(users::hashed_password.eq(&seen.hashed_password))
                .set((users::hashed_password.eq(&hashed_password), users::updated_at.eq(now)))
                .execute(connection)
        })
        .map(drop)
    }

    fn exists(&self, user: UserId) -> Result<bool, RepositoryError> {
        read!(self, |connection| select(exists(users::table.find(user.get()))).get_result(connection))
    }
}
