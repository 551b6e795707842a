//! Writing tweets.

use actix_web::web;
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::auth::Actor;
use crate::http::body::JsonBody;
use crate::http::problem::{ApiError, problems};
use crate::state::State;

/// A new tweet.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TweetRequest {
    /// 1 to 300 characters (Unicode code points), not only white space.
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

problems!(TweetProblems: InvalidJson, InvalidBody, TweetEmpty, TweetTooLong, BadRequest, TokenMissing, TokenInvalid,
    TokenExpired, BodyTimeout, BodyTooLarge, UnsupportedMediaType, RateLimited, Internal,
    Unavailable);

/// Publishes a tweet.
#[utoipa::path(
    post,
    path = "/tweet",
    tag = "miniter",
    request_body = TweetRequest,
    security(("token" = []), ("bearer" = [])),
    responses(
        (status = 200, description = "Published, and kept.", body = TweetResponse, links(
            ("Timeline" = (operation_id = "read_timeline", parameters(("user_id" = "$response.body#/user_id"),
                ("min_id" = "$response.body#/id")), description = "What is newer in the author's timeline."))
        )),
        TweetProblems
    )
)]
pub(crate) async fn post_tweet(
    state: web::Data<State>,
    Actor(actor): Actor,
    JsonBody(request): JsonBody<TweetRequest>,
) -> Result<web::Json<TweetResponse>, ApiError> {
    let tweets = state.services.tweets.clone();
    let tweet = state.lanes.write.run(move || tweets.post(actor, request.tweet)).await?;
    Ok(web::Json(TweetResponse {
        id: tweet.id.to_string(),
        user_id: tweet.author.get(),
        tweet: tweet.text,
        created_at: tweet.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    }))
}
