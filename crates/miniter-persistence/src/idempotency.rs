//! What was answered to requests that may be sent again. Kept in the transaction of what they ask for.

use chrono::{DateTime, NaiveDateTime, Utc};
#[cfg(feature = "mysql")]
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
#[cfg(feature = "mysql")]
use miniter_domain::RepositoryError;
use miniter_domain::{IdempotencyKey, NewTweet, TweetId};

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

/// What is known of a request that was done.
pub(crate) enum Known {
    /// It was done.
    Answered {
        tweet: TweetId,
        /// When it was published.
        created_at: DateTime<Utc>,
    },
    /// Its key came with another text.
    Reused,
}

impl Known {
    /// What is known of a tweet that is written under this id.
    pub(crate) fn of(tweet: &NewTweet, id: TweetId) -> Self {
        Self::Answered { tweet: id, created_at: tweet.created_at }
    }
}

/// What is kept of answers, on a connection that is in the tweet's transaction.
pub(crate) trait Answers {
    /// What is known of the request that this tweet came with. `None` if it is to be done: nothing is, or it has no key.
    fn find_answer(&mut self, tweet: &NewTweet) -> QueryResult<Option<Known>>;

    /// Keeps the answer to a request of which nothing is known. If another has been faster, that is a duplicate.
    fn keep_answer(&mut self, tweet: &NewTweet, id: TweetId) -> QueryResult<()>;
}

macro_rules! impl_answers {
    ($connection:ty) => {
        impl Answers for $connection {
            fn find_answer(&mut self, tweet: &NewTweet) -> QueryResult<Option<Known>> {
                let Some(fingerprint) = &tweet.fingerprint else { return Ok(None) };
                let row = idempotency_keys::table.find((tweet.author.get(), &fingerprint.key[..]));
                let found = row.select(Row::as_select()).first(self).optional()?;
                let Some(Row { text_digest, tweet_id, created_at, .. }) = found else { return Ok(None) };
                if created_at < oldest(tweet) {
                    // Only what has expired: another may have written it anew meanwhile.
                    diesel::delete(row.filter(idempotency_keys::created_at.lt(oldest(tweet))))
                        .execute(self)?;
                    Ok(None)
                } else if text_digest == fingerprint.text {
                    let created_at = created_at.and_utc();
                    Ok(Some(Known::Answered { tweet: TweetId::new(tweet_id), created_at }))
                } else {
                    Ok(Some(Known::Reused))
                }
            }

            fn keep_answer(&mut self, tweet: &NewTweet, id: TweetId) -> QueryResult<()> {
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

impl_answers!(SqliteConnection);
#[cfg(feature = "mysql")]
impl_answers!(MysqlConnection);

/// Answers before this are forgotten.
fn oldest(tweet: &NewTweet) -> NaiveDateTime {
    (tweet.created_at - IdempotencyKey::KEPT).naive_utc()
}

/// Forgets two of the answers that are too old, so that there are never many more than are needed. For each that is kept,
/// where one connection writes and none is in another's way.
pub(crate) fn forget_some(connection: &mut SqliteConnection, tweet: &NewTweet) -> QueryResult<()> {
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

/// Forgets all answers that are too old, a thousand at a time. Where many write, this is nobody's but a thread's of its own.
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
