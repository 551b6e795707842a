//! Following and unfollowing.

use actix_web::{HttpResponse, web};
use miniter_domain::{DomainError, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::auth::Actor;
use crate::http::body::JsonBody;
use crate::http::problem::{ApiError, problems};
use crate::state::State;

/// A user id as clients send it: a JSON integer or a string. One rule judges both, as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum UserIdText {
    Signed(i64),
    Unsigned(u64),
    Text(String),
}

impl UserIdText {
    fn parse(&self) -> Result<UserId, DomainError> {
        match self {
            Self::Signed(number) => UserId::parse(&number.to_string()),
            Self::Unsigned(number) => UserId::parse(&number.to_string()),
            Self::Text(text) => UserId::parse(text),
        }
    }
}

/// In the OpenAPI document: an integer, or a string of digits.
fn user_id_schema() -> utoipa::openapi::Schema {
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
    OneOfBuilder::new()
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                .minimum(Some(0)),
        )
        .item(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-8]?[0-9]{1,18}$")))
        .examples([2])
        .build()
        .into()
}

/// Whom to follow.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FollowRequest {
    /// The user's number.
    #[schema(schema_with = user_id_schema)]
    follow: UserIdText,
}

/// Whom not to follow any more.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UnfollowRequest {
    /// The user's number.
    #[schema(schema_with = user_id_schema)]
    unfollow: UserIdText,
}

problems!(FollowProblems: InvalidJson, InvalidBody, InvalidUserId, FollowSelf, BadRequest, TokenMissing, TokenInvalid,
    TokenExpired, UserNotFound, BodyTimeout, BodyTooLarge, UnsupportedMediaType, RateLimited, Internal,
    Unavailable);

/// Follows a user. Their earlier tweets are in the timeline at once.
#[utoipa::path(
    post,
    path = "/follow",
    tag = "miniter",
    request_body = FollowRequest,
    security(("token" = []), ("bearer" = [])),
    responses((status = 200, description = "Following, also if so before. The body is empty."), FollowProblems)
)]
pub(crate) async fn follow(
    state: web::Data<State>,
    Actor(actor): Actor,
    JsonBody(request): JsonBody<FollowRequest>,
) -> Result<HttpResponse, ApiError> {
    let followee = request.follow.parse()?;
    let follows = state.services.follows.clone();
    state.lanes.write.run_for(actor, move || follows.follow(actor, followee)).await?;
    Ok(HttpResponse::Ok().finish())
}

problems!(UnfollowProblems: InvalidJson, InvalidBody, InvalidUserId, BadRequest, TokenMissing, TokenInvalid,
    TokenExpired, UserNotFound, BodyTimeout, BodyTooLarge, UnsupportedMediaType, RateLimited, Internal,
    Unavailable);

/// Ends following a user. Their tweets leave the timeline at once.
#[utoipa::path(
    post,
    path = "/unfollow",
    tag = "miniter",
    request_body = UnfollowRequest,
    security(("token" = []), ("bearer" = [])),
    responses((status = 200, description = "Not following, also if so before. The body is empty."), UnfollowProblems)
)]
pub(crate) async fn unfollow(
    state: web::Data<State>,
    Actor(actor): Actor,
    JsonBody(request): JsonBody<UnfollowRequest>,
) -> Result<HttpResponse, ApiError> {
    let followee = request.unfollow.parse()?;
    let follows = state.services.follows.clone();
    state.lanes.write.run_for(actor, move || follows.unfollow(actor, followee)).await?;
    Ok(HttpResponse::Ok().finish())
}
