//! Publishing statuses on a server: many with one statement.

use std::collections::HashSet;

use diesel::dsl::max;
use diesel::mysql::MysqlConnection;
use diesel::prelude::*;
use miniter_domain::{NewStatus, RepositoryError, StatusId};

use crate::error::ErrorKind;
use crate::idempotency::{Lookup, StoredResponse, StoredResponses, lookup_responses};
use crate::rows::NewTweetRow;
use crate::schema::{tweets, users};
use crate::tweet_ids::greatest_id;
use crate::tweets::{DRAWS, Publishing, publish_group};
use crate::writer::{Batch, Post, Publish};

impl Publishing for MysqlConnection {
    fn insert_tweets(&mut self, rows: &[NewTweetRow<'_>]) -> QueryResult<()> {
        match rows {
            // A statement that stays prepared.
            [row] => diesel::insert_into(tweets::table).values(row).execute(self),
            rows => diesel::insert_into(tweets::table).values(rows).execute(self),
        }
        .map(drop)
    }

    impl_greatest_id!();
}

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
        let (mut together, mut alone) = lookup_responses(batch.connection, posts)?;
        if !together.is_empty() && !publish_together(batch, &mut together)? {
            // Most likely one of them is by an author who is gone; the others need not pay for that.
            refuse_orphans(batch.connection, &mut together)?;
            if together.len() < 2 || !publish_together(batch, &mut together)? {
                alone.append(&mut together);
            }
        }
        for post in alone {
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

/// Publishes posts as one group, and returns whether they have their outcomes: if one of several cannot be published, none is.
fn publish_together(batch: &mut Batch<'_, MysqlConnection>, posts: &mut [&mut Post]) -> QueryResult<bool> {
    let outcome = {
        let tweets: Vec<&NewStatus> = posts.iter().map(|post| &post.tweet).collect();
        // What plain posts write beside their rows cannot be refused: it needs no savepoint, which costs more than a statement.
        if tweets.iter().all(|tweet| is_plain(tweet)) {
            publish_group(batch, &tweets)?
        } else {
            batch.in_savepoint(|batch| publish_group(batch, &tweets))?
        }
    };
    let responses = match (outcome, &mut *posts) {
        (Ok(responses), _) => responses,
        // Another id may do.
        (Err(RepositoryError::IdTaken | RepositoryError::Taken), _) => return Ok(false),
        // A second attempt would meet the same, and its caller may have been told meanwhile that it is in vain.
        (Err(error), [post]) => {
            post.outcome = Some(Err(error));
            return Ok(true);
        }
        (Err(_), _) => return Ok(false),
    };
    for (post, response) in posts.iter_mut().zip(responses) {
        post.outcome = Some(Ok(response));
    }
    Ok(true)
}

/// Whether a post has nothing beside its row that could be refused.
fn is_plain(post: &NewStatus) -> bool {
    post.in_reply_to.is_none() && post.mentions.is_empty() && post.tags.is_empty()
}

/// Publishes a tweet in a savepoint of its own.
fn publish_alone(
    batch: &mut Batch<'_, MysqlConnection>,
    tweet: &NewStatus,
) -> QueryResult<Result<StoredResponse, RepositoryError>> {
    let mut draws = 1;
    loop {
        let outcome = batch.in_savepoint(|batch| {
            match batch.connection.lookup_response(tweet)? {
                Lookup::New => {}
                Lookup::Stored(response) => return Ok(Ok(response)),
                Lookup::KeyReused => return Ok(Err(RepositoryError::KeyReused)),
            }
            let published = publish_group(batch, &[tweet])?;
            Ok(published.and_then(|responses| responses.first().copied().ok_or(RepositoryError::IdTaken)))
        })?;
        // Or the response has just been stored, and is found then.
        let is_taken = matches!(outcome, Err(RepositoryError::IdTaken | RepositoryError::Taken));
        if !is_taken || draws == DRAWS {
            return Ok(outcome);
        }
        draws += 1;
        // Another program has numbered a tweet "greatest + 1" meanwhile.
        *batch.greatest = batch.connection.greatest_id()?.max(*batch.greatest);
    }
}
