//! Lists of accounts, by pages whose cursors are the numbers of accounts.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{AccountList, UserId};
use miniter_service::{ListedAccounts, Scopes};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::Authorized;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::page::Neighbours;
use crate::http::state::State;
use crate::http::viewer::viewer;
use crate::mastodon::accounts::account_in;
use crate::mastodon::accounts::read::render_all;
use crate::mastodon::entities::account::Account;
use crate::mastodon::entities::value::{Id, Timestamp};
use crate::mastodon::page::{ACCOUNTS, MastodonPage, PageQuery};

/// Lists the accounts that follow an account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{id}/followers",
    tag = "accounts",
    operation_id = "list_followers",
    params(("id" = String, Path, description = "The id of the account.", example = "1"), PageQuery),
    responses((status = 200, description = "The accounts.", body = Vec<Account>,
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
pub(super) async fn list_followers(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    list_of(&state, &request, account_in(&path)?, AccountList::Followers).await
}

/// Lists the accounts that an account follows.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{id}/following",
    tag = "accounts",
    operation_id = "list_following",
    params(("id" = String, Path, description = "The id of the account.", example = "1"), PageQuery),
    responses((status = 200, description = "The accounts.", body = Vec<Account>,
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
pub(super) async fn list_following(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    list_of(&state, &request, account_in(&path)?, AccountList::Following).await
}

/// Lists the accounts that one has blocked.
#[utoipa::path(
    get,
    path = "/api/v1/blocks",
    tag = "accounts",
    operation_id = "list_blocks",
    params(PageQuery),
    responses((status = 200, description = "The accounts.", body = Vec<Account>,
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
pub(super) async fn list_blocks(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
) -> Result<HttpResponse, Failure> {
    list_own(&state, &request, AccountList::Blocks(grant.user)).await
}

/// An account that one has muted.
#[derive(Serialize, ToSchema)]
struct MutedAccount {
    #[serde(flatten)]
    account: Account,
    /// When the mute ends. Null: never.
    mute_expires_at: Option<Timestamp>,
}

/// Lists the accounts that one has muted.
#[utoipa::path(
    get,
    path = "/api/v1/mutes",
    tag = "accounts",
    operation_id = "list_mutes",
    params(PageQuery),
    responses((status = 200, description = "The accounts.", body = Vec<MutedAccount>,
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
pub(super) async fn list_mutes(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
) -> Result<HttpResponse, Failure> {
    let public_url = &state.instance.public_url;
    let page = MastodonPage::of(&request, public_url, ACCOUNTS);
    let (actor, wanted, relationships) = (grant.user, *page.request(), state.services.relationships.clone());
    let read = move || {
        let listed = relationships.list_own(AccountList::Mutes(actor), &wanted)?;
        let ids: Vec<UserId> = listed.accounts.iter().map(|account| account.id).collect();
        let found = relationships.find(actor, &ids)?;
        Ok((listed, found))
    };
    let (listed, found) = freshness::read(&request, &state, || None, read).await?;
    let entries: Vec<MutedAccount> = render_all(&listed.accounts, public_url)
        .into_iter()
        .map(|account| {
            let expires_at = found
                .iter()
                .find(|relationship| Id::from(relationship.account) == account.id)
                .and_then(|relationship| relationship.mute_expires_at);
            MutedAccount { account, mute_expires_at: expires_at.map(Timestamp) }
        })
        .collect();
    Ok(page.respond(&entries, neighbours(&listed).as_ref()))
}

async fn list_of(
    state: &State,
    request: &HttpRequest,
    account: UserId,
    list: fn(UserId) -> AccountList,
) -> Result<HttpResponse, Failure> {
    let page = MastodonPage::of(request, &state.instance.public_url, ACCOUNTS);
    let viewer = viewer(request, state, Scopes::of(&[miniter_service::Scope::ReadAccounts])).await;
    let (wanted, relationships) = (*page.request(), state.services.relationships.clone());
    let read = move || relationships.list_of(viewer, account, list, &wanted);
    let listed = freshness::read(request, state, || None, read).await?;
    Ok(respond(state, &page, &listed))
}

/// A list for the user's own eyes.
pub(super) async fn list_own(
    state: &State,
    request: &HttpRequest,
    list: AccountList,
) -> Result<HttpResponse, Failure> {
    let page = MastodonPage::of(request, &state.instance.public_url, ACCOUNTS);
    let (wanted, relationships) = (*page.request(), state.services.relationships.clone());
    let read = move || relationships.list_own(list, &wanted);
    let listed = freshness::read(request, state, || None, read).await?;
    Ok(respond(state, &page, &listed))
}

fn respond(state: &State, page: &MastodonPage, listed: &ListedAccounts) -> HttpResponse {
    page.respond(&render_all(&listed.accounts, &state.instance.public_url), neighbours(listed).as_ref())
}

fn neighbours(listed: &ListedAccounts) -> Option<Neighbours<UserId>> {
    let (newest, oldest) = (listed.accounts.first()?.id, listed.accounts.last()?.id);
    Some(Neighbours { oldest, newest, has_older: listed.has_older })
}
