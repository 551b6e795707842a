//! Following and unfollowing.

use actix_web::{HttpResponse, web};
use miniter_domain::{DomainError, UserId};
use miniter_service::{FollowWishes, ServiceError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::classic::problem::Code;
use crate::http::auth::Authorized;
use crate::http::body::Body;
use crate::http::failure::Failure;
use crate::http::state::State;

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

/// The codes that this operation alone decides on.
pub(super) const FOLLOW_PROBLEMS: &[Code] =
    &[Code::InvalidUserId, Code::FollowSelf, Code::UserNotFound, Code::Internal, Code::Unavailable];

/// Follows a user. Their earlier tweets are in the timeline at once.
#[utoipa::path(
    post,
    path = "/follow",
    tag = "miniter",
    request_body = FollowRequest,
    responses((status = 200, description = "Following, also if so before. The body is empty."))
)]
pub(crate) async fn follow(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Body(request): Body<FollowRequest>,
) -> Result<HttpResponse, Failure> {
    let followee = request.follow.parse().map_err(ServiceError::from)?;
    let (actor, follows) = (grant.user, state.services.follows.clone());
    state
        .bulkheads
        .write
        .run_for(actor, move || follows.follow(actor, followee, FollowWishes::default()))
        .await?;
    Ok(HttpResponse::Ok().finish())
}

/// The codes that this operation alone decides on.
pub(super) const UNFOLLOW_PROBLEMS: &[Code] =
    &[Code::InvalidUserId, Code::UserNotFound, Code::Internal, Code::Unavailable];

/// Ends following a user. Their tweets leave the timeline at once.
#[utoipa::path(
    post,
    path = "/unfollow",
    tag = "miniter",
    request_body = UnfollowRequest,
    responses((status = 200, description = "Not following, also if so before. The body is empty."))
)]
pub(crate) async fn unfollow(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Body(request): Body<UnfollowRequest>,
) -> Result<HttpResponse, Failure> {
    let followee = request.unfollow.parse().map_err(ServiceError::from)?;
    let (actor, follows) = (grant.user, state.services.follows.clone());
    state.bulkheads.write.run_for(actor, move || follows.unfollow(actor, followee)).await?;
    Ok(HttpResponse::Ok().finish())
}
