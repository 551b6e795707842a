//! Publishing tweets on a server: many with one statement.

use std::collections::HashSet;

use diesel::dsl::max;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use miniter_domain::{NewStatus, RepositoryError, StatusId};

use crate::error::{ErrorKind, kind_of};
use crate::idempotency::{Lookup, StoredResponse, StoredResponses};
use crate::rows::NewTweetRow;
use crate::schema::{tweets, users};
use crate::tweet_ids::greatest_id;
use crate::writer::{Batch, Post, Publish};

/// How often an id is drawn again that another program took meanwhile.
const DRAWS: u32 = 8;

impl Publish for MysqlConnection {
    fn is_fatal(trouble: ErrorKind) -> bool {
        match trouble {
            // The transaction is gone, or can do nothing more.
            ErrorKind::Deadlock | ErrorKind::Lost | ErrorKind::Inaccessible | ErrorKind::Corrupt => true,
            // A lock that was waited for in vain undoes its statement only.
            ErrorKind::Duplicate | ErrorKind::MissingReference | ErrorKind::Locked | ErrorKind::Other => {
                false
            }
        }
    }

    fn publish(batch: &mut Batch<'_, Self>, posts: &mut [&mut Post]) -> QueryResult<()> {
        let together = |post: &&mut Post| post.tweet.fingerprint.is_none();
        let (mut together, alone): (Vec<_>, Vec<_>) =
            posts.iter_mut().map(|post| &mut **post).partition(together);
        if together.len() >= 2 {
            if publish_together(batch, &mut together)? {
                together.clear();
            } else {
                // Most likely one of them is by an author who is gone; the others need not pay for that.
                refuse_orphans(batch.connection, &mut together)?;
                if together.len() >= 2 && publish_together(batch, &mut together)? {
                    together.clear();
                }
            }
        }
        for post in alone.into_iter().chain(together) {
            post.outcome = Some(publish_alone(batch, &post.tweet)?);
        }
        Ok(())
    }
}

/// Refuses the tweets of authors who do not exist, and takes them out.
fn refuse_orphans(connection: &mut MysqlConnection, posts: &mut Vec<&mut Post>) -> QueryResult<()> {
    let authors: Vec<i64> = posts.iter().map(|post| post.tweet.author.get()).collect();
    let found: HashSet<i64> = users::table
        .filter(users::id.eq_any(authors))
        .select(users::id)
        .load(connection)?
        .into_iter()
        .collect();
    posts.retain_mut(|post| {
        let is_there = found.contains(&post.tweet.author.get());
        if !is_there {
            post.outcome = Some(Err(RepositoryError::MissingReference));
        }
        is_there
    });
    Ok(())
}

/// Publishes tweets with one statement, and returns whether that was possible: if one of them cannot be, none is.
fn publish_together(batch: &mut Batch<'_, MysqlConnection>, posts: &mut [&mut Post]) -> QueryResult<bool> {
    let mut greatest = *batch.greatest;
    let mut ids = Vec::with_capacity(posts.len());
    for post in &*posts {
        greatest = StatusId::next(post.tweet.created_at, greatest);
        ids.push(greatest);
    }
    let rows: Vec<NewTweetRow<'_>> =
        posts.iter().zip(&ids).map(|(post, id)| NewTweetRow::of(&post.tweet, *id)).collect();
    // A statement that fails leaves nothing behind.
    match diesel::insert_into(tweets::table).values(&rows).execute(batch.connection) {
        Err(error) if MysqlConnection::is_fatal(kind_of(&error)) => return Err(error),
        Err(error) => {
            if kind_of(&error) == ErrorKind::Locked {
                *batch.lock_waits += 1;
            }
            return Ok(false);
        }
        Ok(_) => {}
    }
    for (post, id) in posts.iter_mut().zip(ids) {
        batch.record_published(&post.tweet, id);
        post.outcome = Some(Ok(StoredResponse::of(&post.tweet, id)));
    }
    Ok(true)
}

/// Publishes a tweet in a savepoint of its own.
fn publish_alone(
    batch: &mut Batch<'_, MysqlConnection>,
    tweet: &NewStatus,
) -> QueryResult<Result<StoredResponse, RepositoryError>> {
    let mut draws = 1;
    loop {
        let outcome = batch.in_savepoint(|batch| publish_one!(batch, tweet))?;
        // Or the response has just been stored, and is found then.
        let is_taken = matches!(outcome, Err(RepositoryError::IdTaken | RepositoryError::Taken));
        if !is_taken || draws == DRAWS {
            return Ok(outcome);
        }
        draws += 1;
        // Another program has numbered a tweet "greatest + 1" meanwhile.
        *batch.greatest = greatest_id!(batch.connection)?.max(*batch.greatest);
    }
}
