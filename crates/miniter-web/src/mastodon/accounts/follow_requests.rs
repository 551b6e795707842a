//! Accounts that ask to follow one's own.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::AccountList;

use crate::http::auth::Authorized;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::accounts::account_in;
use crate::mastodon::accounts::lists::list_own;
use crate::mastodon::entities::account::Account;
use crate::mastodon::entities::relationship::Relationship;
use crate::mastodon::page::PageQuery;

/// Lists the accounts that ask to follow one's own.
#[utoipa::path(
    get,
    path = "/api/v1/follow_requests",
    tag = "accounts",
    operation_id = "list_follow_requests",
    params(PageQuery),
    responses((status = 200, description = "The accounts.", body = Vec<Account>,
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
pub(super) async fn list(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
) -> Result<HttpResponse, Failure> {
    list_own(&state, &request, AccountList::FollowRequests(grant.user)).await
}

/// Grants a request: the account follows from now on.
#[utoipa::path(
    post,
    path = "/api/v1/follow_requests/{id}/authorize",
    tag = "accounts",
    operation_id = "authorize_follow_request",
    params(("id" = String, Path, description = "The id of the account that asks.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn authorize(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Result<web::Json<Relationship>, Failure> {
    decide(&state, grant.user, account_in(&path)?, true).await
}

/// Refuses a request.
#[utoipa::path(
    post,
    path = "/api/v1/follow_requests/{id}/reject",
    tag = "accounts",
    operation_id = "reject_follow_request",
    params(("id" = String, Path, description = "The id of the account that asks.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn reject(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Result<web::Json<Relationship>, Failure> {
    decide(&state, grant.user, account_in(&path)?, false).await
}

async fn decide(
    state: &State,
    actor: miniter_domain::UserId,
    follower: miniter_domain::UserId,
    is_granted: bool,
) -> Result<web::Json<Relationship>, Failure> {
    let (follows, relationships) = (state.services.follows.clone(), state.services.relationships.clone());
    let decided = move || {
        if is_granted {
            follows.authorize(actor, follower)?;
        } else {
            follows.reject(actor, follower)?;
        }
        relationships.find_one(actor, follower)
    };
    Ok(web::Json(state.bulkheads.write.run_for(actor, decided).await?.into()))
}
