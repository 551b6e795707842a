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
use std::collections::{HashMap, HashSet};

#[cfg(feature = "mysql")]
use crate::backend::mysql::Pool;
#[cfg(feature = "mysql")]
use crate::backend::prepared::execute;
use crate::schema::idempotency_keys;
#[cfg(feature = "mysql")]
use crate::writer::Post;

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

    /// Stores the responses to requests for which nothing is stored. Each has a key.
    fn store_responses(&mut self, published: &[(&NewStatus, StatusId)]) -> QueryResult<()>;
}

/// Inserts rows. SQLite takes them one by one, since Diesel would begin a transaction for several.
macro_rules! store_each {
    ($connection:expr, $rows:expr) => {{
        for row in $rows {
            diesel::insert_into(idempotency_keys::table).values(row).execute($connection)?;
        }
        Ok(())
    }};
}

/// Inserts rows with one statement.
#[cfg(feature = "mysql")]
macro_rules! store_all {
    ($connection:expr, $rows:expr) => {{
        if !$rows.is_empty() {
            diesel::insert_into(idempotency_keys::table).values(&$rows).execute($connection)?;
        }
        Ok(())
    }};
}

macro_rules! impl_stored_responses {
    ($connection:ty, $store_rows:ident) => {
        impl StoredResponses for $connection {
            fn lookup_response(&mut self, tweet: &NewStatus) -> QueryResult<Lookup> {
                let Some(fingerprint) = &tweet.fingerprint else { return Ok(Lookup::New) };
                let row = idempotency_keys::table.find((tweet.author.get(), &fingerprint.key[..]));
                let found: Option<Row> = row.select(Row::as_select()).first(self).optional()?;
                let Some(found) = found else { return Ok(Lookup::New) };
                if let Some(answer) = found.answer(tweet) {
                    return Ok(answer);
                }
                // Only what has expired: another may have written it anew meanwhile.
                diesel::delete(row.filter(idempotency_keys::created_at.lt(oldest(tweet)))).execute(self)?;
                Ok(Lookup::New)
            }

            fn store_responses(&mut self, published: &[(&NewStatus, StatusId)]) -> QueryResult<()> {
                let rows: Vec<Row> = published.iter().filter_map(|(tweet, id)| Row::of(tweet, *id)).collect();
                $store_rows!(self, rows)
            }
        }
    };
}

impl Row {
    /// The row for a request whose tweet is published under this id; `None` for one without a key.
    fn of(tweet: &NewStatus, id: StatusId) -> Option<Self> {
        let fingerprint = tweet.fingerprint.as_ref()?;
        Some(Self {
            user_id: tweet.author.get(),
            digest: fingerprint.key.to_vec(),
            text_digest: fingerprint.text.to_vec(),
            tweet_id: id.get(),
            created_at: tweet.created_at.naive_utc(),
        })
    }

    /// What a request with the key of this row gets. `None` if the row has expired.
    fn answer(&self, tweet: &NewStatus) -> Option<Lookup> {
        if self.created_at < oldest(tweet) {
            return None;
        }
        let is_same =
            tweet.fingerprint.as_ref().is_some_and(|fingerprint| self.text_digest == fingerprint.text);
        Some(if is_same {
            let (tweet, created_at) = (StatusId::new(self.tweet_id), self.created_at.and_utc());
            Lookup::Stored(StoredResponse { tweet, created_at })
        } else {
            Lookup::KeyReused
        })
    }
}

impl_stored_responses!(SqliteConnection, store_each);
#[cfg(feature = "mysql")]
impl_stored_responses!(MysqlConnection, store_all);

/// Looks up the responses to the requests of all posts at once, and gives those that have one their outcome. Returns the posts to
/// publish together, and those to look at one by one: their key has expired, or comes twice.
#[cfg(feature = "mysql")]
pub(crate) fn lookup_responses<'a, 'b>(
    connection: &mut MysqlConnection,
    posts: &'a mut [&'b mut Post],
) -> QueryResult<(Vec<&'a mut Post>, Vec<&'a mut Post>)> {
    let key = |post: &Post| {
        let fingerprint = post.tweet.fingerprint.as_ref()?;
        Some((post.tweet.author.get(), fingerprint.key.to_vec()))
    };
    let keys: Vec<_> = posts.iter().filter_map(|post| key(post)).collect();
    let mut found = HashMap::new();
    if !keys.is_empty() {
        let conditions: Vec<String> = keys
            .iter()
            .map(|(user, digest)| {
                let digest = digest.iter().fold(String::new(), |digest, byte| format!("{digest}{byte:02x}"));
                format!("(user_id = {user} AND digest = X'{digest}')")
            })
            .collect();
        let rows: Vec<Row> = idempotency_keys::table
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({})", conditions.join(" OR "))))
            .select(Row::as_select())
            .load(connection)?;
        found.extend(rows.into_iter().map(|row| ((row.user_id, row.digest.clone()), row)));
    }
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for post in posts {
        let post: &'a mut Post = post;
        let Some(key) = key(post) else {
            together.push(post);
            continue;
        };
        match found.get(&key) {
            None if seen.insert(key) => together.push(post),
            None => alone.push(post),
            Some(row) => match row.answer(&post.tweet) {
                Some(Lookup::Stored(response)) => post.outcome = Some(Ok(response)),
                Some(Lookup::KeyReused) => post.outcome = Some(Err(RepositoryError::KeyReused)),
                Some(Lookup::New) | None => alone.push(post),
            },
        }
    }
    Ok((together, alone))
}

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
