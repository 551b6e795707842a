//! What users do with statuses: boosts, favourites, bookmarks, pins, and mutes of threads.
//!
//! Each answers with the status as it is then.

use std::sync::Arc;

use actix_web::web;
use miniter_domain::{self as domain, StatusId, UserId};
use miniter_service::{Reactions, Scope, ServiceError};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::status::Status;
use crate::mastodon::presenter::Presenter;
use crate::mastodon::status_writes::visibility_of;
use crate::mastodon::{Part, needs, status_in, write};

pub(super) const PART: Part = Part { endpoints, document: ReactionsApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    let (boosts, favourites) = (needs(Scope::WriteStatuses), needs(Scope::WriteFavourites));
    let (bookmarks, mutes) = (needs(Scope::WriteBookmarks), needs(Scope::WriteMutes));
    let pins = needs(Scope::WriteAccounts);
    vec![
        write(Method::Post, "/api/v1/statuses/{id}/reblog", boosts, |route| route.to(reblog)),
        write(Method::Post, "/api/v1/statuses/{id}/unreblog", boosts, |route| route.to(unreblog)),
        write(Method::Post, "/api/v1/statuses/{id}/favourite", favourites, |route| route.to(favourite)),
        write(Method::Post, "/api/v1/statuses/{id}/unfavourite", favourites, |route| route.to(unfavourite)),
        write(Method::Post, "/api/v1/statuses/{id}/bookmark", bookmarks, |route| route.to(bookmark)),
        write(Method::Post, "/api/v1/statuses/{id}/unbookmark", bookmarks, |route| route.to(unbookmark)),
        write(Method::Post, "/api/v1/statuses/{id}/mute", mutes, |route| route.to(mute)),
        write(Method::Post, "/api/v1/statuses/{id}/unmute", mutes, |route| route.to(unmute)),
        write(Method::Post, "/api/v1/statuses/{id}/pin", pins, |route| route.to(pin)),
        write(Method::Post, "/api/v1/statuses/{id}/unpin", pins, |route| route.to(unpin)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(reblog, unreblog, favourite, unfavourite, bookmark, unbookmark, mute, unmute, pin, unpin))]
struct ReactionsApi;

type Answer = Result<web::Json<Status>, Failure>;

/// How to boost a status.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
struct Boost {
    /// `public`, `unlisted` or `private`. If it is not given: as the account has it.
    #[serde(deserialize_with = "lenient::text")]
    visibility: Option<String>,
}

/// Boosts a status.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/reblog",
    tag = "statuses",
    operation_id = "reblog_status",
    params(("id" = String, Path, description = "The status's number.")),
    request_body = Boost,
    responses((status = 200, description = "The boost, which has the status in `reblog`.", body = Status))
)]
async fn reblog(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    Params(boost): Params<Boost>,
) -> Answer {
    let visibility = visibility_of(boost.visibility.as_deref())?;
    let statuses = state.services.statuses.clone();
    act(&state, grant.user, &path, move |actor, id| statuses.reblog(actor, id, visibility)).await
}

/// Takes a boost back.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/unreblog",
    tag = "statuses",
    operation_id = "unreblog_status",
    params(("id" = String, Path, description = "The status's number, or that of the boost.")),
    responses((status = 200, description = "The status that was boosted.", body = Status))
)]
async fn unreblog(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    let statuses = state.services.statuses.clone();
    act(&state, grant.user, &path, move |actor, id| statuses.unreblog(actor, id)).await
}

/// Makes a status one of one's favourites.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/favourite",
    tag = "statuses",
    operation_id = "favourite_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn favourite(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    react(&state, grant.user, &path, Reactions::favourite).await
}

/// Makes a status none of one's favourites.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/unfavourite",
    tag = "statuses",
    operation_id = "unfavourite_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn unfavourite(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    react(&state, grant.user, &path, Reactions::unfavourite).await
}

/// Bookmarks a status. Nobody else learns of it.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/bookmark",
    tag = "statuses",
    operation_id = "bookmark_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn bookmark(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    react(&state, grant.user, &path, Reactions::bookmark).await
}

/// Removes a bookmark.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/unbookmark",
    tag = "statuses",
    operation_id = "unbookmark_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn unbookmark(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    react(&state, grant.user, &path, Reactions::unbookmark).await
}

/// Ends one's notifications of a status's thread.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/mute",
    tag = "statuses",
    operation_id = "mute_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn mute(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    react(&state, grant.user, &path, Reactions::mute).await
}

/// Lets notifications of a status's thread come again.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/unmute",
    tag = "statuses",
    operation_id = "unmute_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn unmute(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    react(&state, grant.user, &path, Reactions::unmute).await
}

/// Puts a status of one's own at the top of one's profile.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/pin",
    tag = "statuses",
    operation_id = "pin_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn pin(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    react(&state, grant.user, &path, Reactions::pin).await
}

/// Takes a status from the top of one's profile.
#[utoipa::path(
    post,
    path = "/api/v1/statuses/{id}/unpin",
    tag = "statuses",
    operation_id = "unpin_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn unpin(state: web::Data<State>, Authorized(grant): Authorized, path: web::Path<String>) -> Answer {
    react(&state, grant.user, &path, Reactions::unpin).await
}

async fn react(
    state: &State,
    actor: UserId,
    path: &str,
    reaction: fn(&Reactions, UserId, StatusId) -> Result<Arc<domain::Status>, ServiceError>,
) -> Answer {
    let reactions = state.services.reactions.clone();
    act(state, actor, path, move |actor, id| reaction(&reactions, actor, id)).await
}

/// Does something with a status, and answers with what comes of it.
async fn act(
    state: &State,
    actor: UserId,
    path: &str,
    act: impl FnOnce(UserId, StatusId) -> Result<Arc<domain::Status>, ServiceError> + Send + 'static,
) -> Answer {
    let (id, reading) = (status_in(path)?, state.services.status_reading.clone());
    let act = move || reading.show_written(actor, act(actor, id)?);
    let view = state.bulkheads.write.run_for(actor, act).await?;
    Ok(web::Json(Presenter::new(state, Some(actor)).status(&view)))
}
