//! Authorization codes in the database.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use miniter_domain::{
    AppId, AuthorizationCode, AuthorizationCodeRepository, Redemption, RepositoryError, Scopes, SecretDigest,
    TokenVersion, UserId,
};

use crate::database::{read, write};
use crate::feed::Event;
use crate::repositories::access_tokens::NewTokenRow;
use crate::rows::{Moment, digest_of};
use crate::schema::{access_tokens, authorization_codes, token_versions, users};
use crate::store::Store;

/// How many codes that nobody needs any more go with each new one. All who write wait meanwhile.
const PURGED_AT_ONCE: i64 = 4;

/// A row for `authorization_codes`.
#[derive(Insertable)]
#[diesel(table_name = authorization_codes)]
struct NewRow {
    digest: Vec<u8>,
    application_id: i64,
    user_id: i64,
    redirect_uri: String,
    scopes: String,
    challenge: Option<Vec<u8>>,
    created_at: NaiveDateTime,
}

/// A row, as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = authorization_codes)]
struct Row {
    application_id: i64,
    user_id: i64,
    redirect_uri: String,
    scopes: String,
    challenge: Option<Vec<u8>>,
    #[diesel(deserialize_as = Moment)]
    created_at: DateTime<Utc>,
}

impl AuthorizationCodeRepository for Store {
    fn create(&self, code: &AuthorizationCode, version: TokenVersion) -> Result<bool, RepositoryError> {
        let row = NewRow {
            digest: code.digest.0.to_vec(),
            application_id: code.app.get(),
            user_id: code.user.get(),
            redirect_uri: code.redirect_uri.clone(),
            scopes: code.scopes.to_string(),
            challenge: code.challenge.map(|challenge| challenge.to_vec()),
            created_at: code.created_at.naive_utc(),
        };
        let oldest = (code.created_at - AuthorizationCode::KEPT).naive_utc();
        write!(self, |connection, _events| {
            let user: Option<Option<i64>> = users::table
                .left_join(token_versions::table.on(token_versions::user_id.eq(users::id)))
                .filter(users::id.eq(row.user_id))
                .select(token_versions::version.nullable())
                .first(connection)
                .optional()?;
            let current = user.map(|current| current.map_or(TokenVersion::FIRST, TokenVersion::new));
            if current != Some(version) {
                return Ok(false);
            }
            let old: Vec<Vec<u8>> = authorization_codes::table
                .filter(authorization_codes::created_at.lt(oldest))
                .order(authorization_codes::created_at)
                .select(authorization_codes::digest)
                .limit(PURGED_AT_ONCE)
                .load(connection)?;
            for digest in old {
                diesel::delete(authorization_codes::table.find(digest)).execute(connection)?;
            }
            diesel::insert_into(authorization_codes::table).values(&row).execute(connection)?;
            Ok(true)
        })
    }

    fn find(&self, digest: &SecretDigest) -> Result<Option<AuthorizationCode>, RepositoryError> {
        let row: Option<Row> = read!(self, |connection| {
            authorization_codes::table
                .find(&digest.0[..])
                .select(Row::as_select())
                .first(connection)
                .optional()
        })?;
        Ok(row.map(|row| AuthorizationCode {
            digest: *digest,
            app: AppId::new(row.application_id),
            user: UserId::new(row.user_id),
            redirect_uri: row.redirect_uri,
            scopes: Scopes::known_in(&row.scopes),
            challenge: row.challenge.map(|challenge| digest_of(&challenge).0),
            created_at: row.created_at,
        }))
    }

    fn redeem(
        &self,
        code: &SecretDigest,
        token: &SecretDigest,
        now: DateTime<Utc>,
    ) -> Result<Redemption, RepositoryError> {
        type Found = (i64, i64, String, Option<i64>);
        let (SecretDigest(code), SecretDigest(token)) = (*code, *token);
        let now = now.naive_utc();
        // No two writes run at once, on any nodes: what is read here stays so until the commit.
        write!(self, |connection, events| {
            let row = authorization_codes::table.find(&code[..]);
            let found: Option<Found> = row
                .select((
                    authorization_codes::application_id,
                    authorization_codes::user_id,
                    authorization_codes::scopes,
                    authorization_codes::token_id,
                ))
                .first(connection)
                .optional()?;
            let Some((application_id, user_id, scopes, redeemed_for)) = found else {
                return Ok(Redemption::Unknown);
            };
            if let Some(token) = redeemed_for {
                let revoked = diesel::delete(access_tokens::table.find(token)).execute(connection)?;
                if revoked > 0 {
                    events.push(Event::AccessTokenRevoked { user: user_id, token });
                }
                return Ok(Redemption::Replayed);
            }
            let new = NewTokenRow {
                digest: token.to_vec(),
                application_id,
                user_id: Some(user_id),
                scopes,
                created_at: now,
            };
            diesel::insert_into(access_tokens::table).values(&new).execute(connection)?;
            // Found by its key: MySQL has no RETURNING.
            let id: i64 = access_tokens::table
                .filter(access_tokens::digest.eq(&token[..]))
                .select(access_tokens::id)
                .first(connection)?;
            diesel::update(row).set(authorization_codes::token_id.eq(id)).execute(connection)?;
            Ok(Redemption::Redeemed)
        })
    }
}
