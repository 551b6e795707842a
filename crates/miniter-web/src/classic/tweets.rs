//! Writing tweets.

use actix_web::{HttpRequest, web};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::classic::problem::Code;
use crate::http::auth::Authorized;
use crate::http::body::Body;
use crate::http::failure::Failure;
use crate::http::idempotency_key::idempotency_key;
use crate::http::state::State;

/// A new tweet.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TweetRequest {
    /// 1 to 300 characters (Unicode code points), at least one of them visible.
    #[schema(example = "My first tweet", min_length = 1, max_length = 300)]
    tweet: String,
}

/// The tweet that was published.
#[derive(Serialize, ToSchema)]
pub(crate) struct TweetResponse {
    /// Its number, in digits. A string, since it has more of them than JavaScript's numbers keep.
    #[schema(example = "1984621503246245888")]
    id: String,
    /// Its author's number.
    #[schema(example = 1)]
    user_id: i64,
    #[schema(example = "My first tweet")]
    tweet: String,
    /// When it was published, in UTC (RFC 3339).
    #[schema(example = "2026-11-22T09:00:00.123456Z", format = DateTime)]
    created_at: String,
}

/// The codes that this operation alone decides on.
pub(super) const TWEET_PROBLEMS: &[Code] = &[
    Code::TweetEmpty,
    Code::TweetTooLong,
    Code::InvalidIdempotencyKey,
    Code::IdempotencyKeyReused,
    Code::Internal,
    Code::Unavailable,
];

/// Publishes a tweet.
///
/// A client that gets no answer, or 503, cannot know whether the tweet was published. With an `Idempotency-Key` it need
/// not: it sends the same request again, to whatever node, and gets the answer that it missed.
#[utoipa::path(
    post,
    path = "/tweet",
    tag = "miniter",
    request_body = TweetRequest,
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, example = "8e03978e-40d5-43dd",
            description = "Anything that the client has not used for another tweet, such as a random UUID. For 24 hours the \
                same tweet under the same key is published once and answered alike; another tweet under it is 422.")
    ),
    responses(
        (status = 200, description = "Published, and kept.", body = TweetResponse, links(
            ("Timeline" = (operation_id = "read_timeline", parameters(("user_id" = "$response.body#/user_id"),
                ("min_id" = "$response.body#/id")), description = "What is newer in the author's timeline."))
        ))
    )
)]
pub(crate) async fn post_tweet(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Body(body): Body<TweetRequest>,
    request: HttpRequest,
) -> Result<web::Json<TweetResponse>, Failure> {
    let (actor, tweets) = (grant.user, state.services.tweets.clone());
    let key = idempotency_key(&request)?;
    let tweet = state.bulkheads.write.run_for(actor, move || tweets.post(actor, body.tweet, key)).await?;
    Ok(web::Json(TweetResponse {
        id: tweet.id.to_string(),
        user_id: tweet.author.get(),
        tweet: tweet.text,
        created_at: tweet.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    }))
}
