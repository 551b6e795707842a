//! What accounts are to the user: follows, blocks, mutes and notes.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use miniter_domain::{self as domain, UserId};
use miniter_service::{FollowWishes, Follows, Relationships, ServiceError};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::state::State;
use crate::mastodon::accounts::read::render_all;
use crate::mastodon::accounts::{AccountIds, account_in};
use crate::mastodon::entities::familiar_followers::FamiliarFollowers;
use crate::mastodon::entities::relationship::Relationship;
use crate::mastodon::entities::value::Id;

type Answer = Result<web::Json<Relationship>, Failure>;

/// Returns what accounts are to the user, as far as they exist: of more than 80 the first.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/relationships",
    tag = "accounts",
    operation_id = "list_relationships",
    params(AccountIds),
    responses((status = 200, description = "The relationships.", body = Vec<Relationship>))
)]
pub(super) async fn list(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
    Params(wanted): Params<AccountIds>,
) -> Result<web::Json<Vec<Relationship>>, Failure> {
    let (actor, relationships) = (grant.user, state.services.relationships.clone());
    let read = move || relationships.find(actor, &wanted.parse());
    let found = freshness::read(&request, &state, || None, read).await?;
    Ok(web::Json(found.into_iter().map(Relationship::from).collect()))
}

/// Returns, for each account, those of its followers whom the user follows.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/familiar_followers",
    tag = "accounts",
    operation_id = "list_familiar_followers",
    params(AccountIds),
    responses((status = 200, description = "The accounts and their followers.", body = Vec<FamiliarFollowers>))
)]
pub(super) async fn list_familiar_followers(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
    Params(wanted): Params<AccountIds>,
) -> Result<web::Json<Vec<FamiliarFollowers>>, Failure> {
    let (actor, relationships) = (grant.user, state.services.relationships.clone());
    let read = move || relationships.find_familiar_followers(actor, &wanted.parse());
    let found = freshness::read(&request, &state, || None, read).await?;
    let entity = |familiar: miniter_service::FamiliarAccounts| FamiliarFollowers {
        id: Id::from(familiar.account),
        accounts: render_all(&familiar.followers, &state.instance.public_url),
    };
    Ok(web::Json(found.into_iter().map(entity).collect()))
}

/// What the user wants of an account that they follow.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct FollowParameters {
    /// Whether its boosts are in the home timeline. At first they are.
    #[serde(deserialize_with = "lenient::boolean")]
    reblogs: Option<bool>,
    /// Whether the user is notified of each of its statuses. At first not.
    #[serde(deserialize_with = "lenient::boolean")]
    notify: Option<bool>,
}

/// Follows an account, or asks to if it approves its followers. If the user follows it already, what they want of it changes.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/follow",
    tag = "accounts",
    operation_id = "follow_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    request_body = FollowParameters,
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn follow(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    Params(wanted): Params<FollowParameters>,
) -> Answer {
    let wishes = FollowWishes { show_reblogs: wanted.reblogs, notify: wanted.notify };
    change_follow(&state, grant.user, &path, move |follows, actor, account| {
        follows.follow(actor, account, wishes)
    })
    .await
}

/// Ends following an account, or takes the request back.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/unfollow",
    tag = "accounts",
    operation_id = "unfollow_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn unfollow(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    change_follow(&state, grant.user, &path, Follows::unfollow).await
}

/// Ends that an account follows the user.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/remove_from_followers",
    tag = "accounts",
    operation_id = "remove_from_followers",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn remove_from_followers(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    change_follow(&state, grant.user, &path, Follows::remove_follower).await
}

/// Blocks an account: neither follows the other any more, and neither sees the other.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/block",
    tag = "accounts",
    operation_id = "block_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn block(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    change(&state, grant.user, &path, Relationships::block).await
}

/// Ends a block.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/unblock",
    tag = "accounts",
    operation_id = "unblock_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn unblock(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    change(&state, grant.user, &path, Relationships::unblock).await
}

/// How to mute an account.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct MuteParameters {
    /// Whether its notifications are hidden, too. They are, unless this is false.
    #[serde(deserialize_with = "lenient::boolean")]
    notifications: Option<bool>,
    /// For how many seconds. 0, or none: for ever.
    #[serde(deserialize_with = "lenient::integer")]
    duration: Option<u64>,
}

/// Mutes an account: its statuses are not in the user's timelines.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/mute",
    tag = "accounts",
    operation_id = "mute_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    request_body = MuteParameters,
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn mute(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    Params(wanted): Params<MuteParameters>,
) -> Answer {
    let hides_notifications = wanted.notifications.unwrap_or(true);
    let duration = wanted.duration.map(Duration::from_secs);
    change(&state, grant.user, &path, move |relationships, actor, account| {
        relationships.mute(actor, account, hides_notifications, duration)
    })
    .await
}

/// Ends a mute.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/unmute",
    tag = "accounts",
    operation_id = "unmute_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn unmute(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Answer {
    change(&state, grant.user, &path, Relationships::unmute).await
}

/// A note about an account.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct NoteParameters {
    /// At most 2,000 characters. An empty one, or none, removes the note.
    #[serde(deserialize_with = "lenient::text")]
    comment: Option<String>,
}

/// Keeps a note about an account, which only the user sees.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{id}/note",
    tag = "accounts",
    operation_id = "set_account_note",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    request_body = NoteParameters,
    responses((status = 200, description = "What the account is to the user.", body = Relationship))
)]
pub(super) async fn set_note(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    Params(wanted): Params<NoteParameters>,
) -> Answer {
    change(&state, grant.user, &path, move |relationships, actor, account| {
        relationships.set_note(actor, account, wanted.comment.unwrap_or_default())
    })
    .await
}

/// Changes a follow, and answers what the account is to the user then.
async fn change_follow(
    state: &State,
    actor: UserId,
    path: &str,
    act: impl FnOnce(&Follows, UserId, UserId) -> Result<(), ServiceError> + Send + 'static,
) -> Answer {
    let follows = state.services.follows.clone();
    change(state, actor, path, move |relationships, actor, account| {
        act(&follows, actor, account)?;
        relationships.find_one(actor, account)
    })
    .await
}

async fn change(
    state: &State,
    actor: UserId,
    path: &str,
    act: impl FnOnce(&Relationships, UserId, UserId) -> Result<domain::Relationship, ServiceError>
    + Send
    + 'static,
) -> Answer {
    let (account, relationships) = (account_in(path)?, state.services.relationships.clone());
    let changed = state.bulkheads.write.run_for(actor, move || act(&relationships, actor, account));
    Ok(web::Json(changed.await?.into()))
}
