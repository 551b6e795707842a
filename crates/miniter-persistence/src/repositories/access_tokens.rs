//! Access tokens of applications, in the database and in memory.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use miniter_domain::{
    AccessToken, AccessTokenRepository, AppId, KnownToken, NewAccessToken, RepositoryError, Scopes,
    SecretDigest, TokenId, UserId,
};

use crate::database::{read, write};
use crate::feed::Event;
use crate::schema::access_tokens;
use crate::store::Store;

/// A row for `access_tokens`; the database gives the number.
#[derive(Insertable)]
#[diesel(table_name = access_tokens)]
pub(super) struct NewTokenRow {
    pub(super) digest: Vec<u8>,
    pub(super) application_id: i64,
    pub(super) user_id: Option<i64>,
    pub(super) scopes: String,
    pub(super) created_at: NaiveDateTime,
}

impl AccessTokenRepository for Store {
    fn create(&self, token: &NewAccessToken) -> Result<(), RepositoryError> {
        let row = NewTokenRow {
            digest: token.digest.0.to_vec(),
            application_id: token.app.get(),
            user_id: token.user.map(UserId::get),
            scopes: token.scopes.to_string(),
            created_at: token.created_at.naive_utc(),
        };
        write!(self, |connection, _events| {
            diesel::insert_into(access_tokens::table).values(&row).execute(connection)
        })
        .map(drop)
    }

    fn cached(&self, digest: &SecretDigest) -> Option<KnownToken> {
        self.caches.access_tokens.cached(digest)
    }

    fn find(&self, digest: &SecretDigest) -> Result<Option<AccessToken>, RepositoryError> {
        type Found = (i64, i64, Option<i64>, String);
        let lookup = self.caches.access_tokens.begin();
        let row: Option<Found> = read!(self, |connection| {
            access_tokens::table
                .filter(access_tokens::digest.eq(&digest.0[..]))
                .select((
                    access_tokens::id,
                    access_tokens::application_id,
                    access_tokens::user_id,
                    access_tokens::scopes,
                ))
                .first(connection)
                .optional()
        })?;
        let found = row.map(|(id, app, user, scopes)| AccessToken {
            id: TokenId::new(id),
            app: AppId::new(app),
            user: user.map(UserId::new),
            scopes: Scopes::known_in(&scopes),
        });
        self.caches.access_tokens.finish(&lookup, *digest, found);
        Ok(found)
    }

    fn revoke(&self, token: &AccessToken) -> Result<bool, RepositoryError> {
        let (id, user) = (token.id.get(), token.user.map_or(0, UserId::get));
        write!(self, |connection, events| {
            let deleted = diesel::delete(access_tokens::table.find(id)).execute(connection)?;
            if deleted > 0 {
                events.push(Event::AccessTokenRevoked { user, token: id });
            }
            Ok(deleted > 0)
        })
    }
}
