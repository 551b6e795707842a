//! Stored responses: what was answered to requests that may be sent again. Stored in the transaction of what they ask for.

use chrono::{DateTime, NaiveDateTime, Utc};
#[cfg(feature = "mysql")]
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
#[cfg(feature = "mysql")]
use miniter_domain::RepositoryError;
use miniter_domain::{IdempotencyKey, NewStatus, StatusId};

#[cfg(feature = "mysql")]
use crate::backend::mysql::Pool;
#[cfg(feature = "mysql")]
use crate::backend::prepared::execute;
use crate::schema::idempotency_keys;

/// A row: what was asked, and what was answered.
#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    user_id: i64,
    digest: Vec<u8>,
    text_digest: Vec<u8>,
    tweet_id: i64,
    created_at: NaiveDateTime,
}

/// What was answered to a request that published a tweet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredResponse {
    pub(crate) tweet: StatusId,
    /// When it was published.
    pub(crate) created_at: DateTime<Utc>,
}

impl StoredResponse {
    /// The response to a request whose tweet is published under this id.
    pub(crate) fn of(tweet: &NewStatus, id: StatusId) -> Self {
        Self { tweet: id, created_at: tweet.created_at }
    }
}

/// What is stored for a request.
pub(crate) enum Lookup {
    /// Nothing: it is to be done.
    New,
    /// It was done.
    Stored(StoredResponse),
    /// Its key came with another text.
    KeyReused,
}

/// The stored responses, on a connection that is in the tweet's transaction.
pub(crate) trait StoredResponses {
    /// What is stored for the request that this tweet came with; nothing for one without a key.
    fn lookup_response(&mut self, tweet: &NewStatus) -> QueryResult<Lookup>;

    /// Stores the response to a request for which nothing is stored. If another has been faster, that is a duplicate.
    fn store_response(&mut self, tweet: &NewStatus, id: StatusId) -> QueryResult<()>;
}

macro_rules! impl_stored_responses {
    ($connection:ty) => {
        impl StoredResponses for $connection {
            fn lookup_response(&mut self, tweet: &NewStatus) -> QueryResult<Lookup> {
                let Some(fingerprint) = &tweet.fingerprint else { return Ok(Lookup::New) };
                let row = idempotency_keys::table.find((tweet.author.get(), &fingerprint.key[..]));
                let found = row.select(Row::as_select()).first(self).optional()?;
                let Some(Row { text_digest, tweet_id, created_at, .. }) = found else {
                    return Ok(Lookup::New);
                };
                if created_at < oldest(tweet) {
                    // Only what has expired: another may have written it anew meanwhile.
                    diesel::delete(row.filter(idempotency_keys::created_at.lt(oldest(tweet))))
                        .execute(self)?;
                    Ok(Lookup::New)
                } else if text_digest == fingerprint.text {
                    let (tweet, created_at) = (StatusId::new(tweet_id), created_at.and_utc());
                    Ok(Lookup::Stored(StoredResponse { tweet, created_at }))
                } else {
                    Ok(Lookup::KeyReused)
                }
            }

            fn store_response(&mut self, tweet: &NewStatus, id: StatusId) -> QueryResult<()> {
                let Some(fingerprint) = &tweet.fingerprint else { return Ok(()) };
                let row = Row {
                    user_id: tweet.author.get(),
                    digest: fingerprint.key.to_vec(),
                    text_digest: fingerprint.text.to_vec(),
                    tweet_id: id.get(),
                    created_at: tweet.created_at.naive_utc(),
                };
                diesel::insert_into(idempotency_keys::table).values(row).execute(self).map(|_| ())
            }
        }
    };
}

impl_stored_responses!(SqliteConnection);
#[cfg(feature = "mysql")]
impl_stored_responses!(MysqlConnection);

/// Responses before this have expired.
fn oldest(tweet: &NewStatus) -> NaiveDateTime {
    (tweet.created_at - IdempotencyKey::KEPT).naive_utc()
}

/// Deletes two of the responses that have expired, so that there are never many more than are needed. For each that is stored,
/// where one connection writes and none is in another's way.
pub(crate) fn purge_some(connection: &mut SqliteConnection, tweet: &NewStatus) -> QueryResult<()> {
    if tweet.fingerprint.is_none() {
        return Ok(());
    }
    let old: Vec<(i64, Vec<u8>)> = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(oldest(tweet)))
        .order(idempotency_keys::created_at)
        .select((idempotency_keys::user_id, idempotency_keys::digest))
        .limit(2)
        .load(connection)?;
    for key in old {
        diesel::delete(idempotency_keys::table.find(key)).execute(connection)?;
    }
    Ok(())
}

/// Deletes all responses that have expired, a thousand at a time. Where several nodes write, a thread of its own does it.
#[cfg(feature = "mysql")]
pub(crate) fn purge(pool: &Pool) -> Result<(), RepositoryError> {
    let kept = i64::try_from(IdempotencyKey::KEPT.as_secs()).unwrap_or(i64::MAX);
    while pool.write(|connection| {
        execute(
            connection,
            "DELETE FROM idempotency_keys WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND \
             ORDER BY created_at LIMIT 1000",
            [kept],
        )
    })? > 0
    {}
    Ok(())
}
