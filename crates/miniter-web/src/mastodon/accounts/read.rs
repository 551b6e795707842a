//! Reading accounts.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use miniter_domain::{self as domain, AccountSearch};
use serde::Deserialize;

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::public_url::PublicUrl;
use crate::http::state::State;
use crate::mastodon::accounts::{AccountIds, account_in};
use crate::mastodon::entities::account::Account;
use crate::mastodon::entities::credential_account::CredentialAccount;
use crate::mastodon::entities::preferences::{ExpandMedia, Preferences};

/// How many accounts a search answers unless the client says otherwise, and at most.
const FOUND: u32 = 40;
const MOST_FOUND: u32 = 80;

/// How many results of a search may be left out.
const MOST_LEFT_OUT: u32 = 1_000;

/// Returns one's own account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/verify_credentials",
    tag = "accounts",
    operation_id = "verify_credentials",
    responses((status = 200, description = "The account.", body = CredentialAccount))
)]
pub(super) async fn verify_credentials(
    state: web::Data<State>,
    Authorized(grant): Authorized,
) -> Result<web::Json<CredentialAccount>, Failure> {
    let (actor, profiles) = (grant.user, state.services.profiles.clone());
    let read = move || Ok((profiles.find_own(actor)?, profiles.count_follow_requests(actor)?));
    let (account, requests) = state.bulkheads.read.run(read).await?;
    Ok(web::Json(CredentialAccount::of(&account, requests, &state.instance.public_url)))
}

/// Returns what one's apps begin with.
#[utoipa::path(
    get,
    path = "/api/v1/preferences",
    tag = "accounts",
    operation_id = "read_preferences",
    responses((status = 200, description = "The preferences.", body = Preferences))
)]
pub(super) async fn read_preferences(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
) -> Result<web::Json<Preferences>, Failure> {
    let (actor, profiles) = (grant.user, state.services.profiles.clone());
    let cached = || state.services.profiles.cached_many(&[actor])?.pop();
    let account = freshness::read(&request, &state, cached, move || profiles.find_own(actor)).await?;
    Ok(web::Json(Preferences {
        visibility: account.defaults.visibility.into(),
        sensitive: account.defaults.is_sensitive,
        language: account.defaults.language.clone(),
        expand_media: ExpandMedia::Default,
        expand_spoilers: false,
        autoplay_gifs: false,
    }))
}

/// Returns an account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{id}",
    tag = "accounts",
    operation_id = "read_account",
    params(("id" = String, Path, description = "The id of the account.", example = "1")),
    responses((status = 200, description = "The account.", body = Account))
)]
pub(super) async fn read_account(
    state: web::Data<State>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<web::Json<Account>, Failure> {
    let (id, profiles) = (account_in(&path)?, state.services.profiles.clone());
    let cached = || state.services.profiles.cached_many(&[id])?.pop();
    let account = freshness::read(&request, &state, cached, move || profiles.find(id)).await?;
    Ok(web::Json(Account::of(&account, &state.instance.public_url)))
}

/// Returns accounts by their ids, as far as they exist: of more than 80 the first.
#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    tag = "accounts",
    operation_id = "list_accounts",
    params(AccountIds),
    responses((status = 200, description = "The accounts.", body = Vec<Account>))
)]
pub(super) async fn list_accounts(
    state: web::Data<State>,
    request: HttpRequest,
    Params(wanted): Params<AccountIds>,
) -> Result<web::Json<Vec<Account>>, Failure> {
    let (ids, profiles) = (wanted.parse(), state.services.profiles.clone());
    let cached = || state.services.profiles.cached_many(&ids);
    let asked = ids.clone();
    let found = freshness::read(&request, &state, cached, move || profiles.find_many(&asked)).await?;
    Ok(web::Json(render_all(&found, &state.instance.public_url)))
}

/// Whom to look up.
#[derive(Deserialize, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Lookup {
    /// A username, perhaps with `@` and the host of this server after it.
    #[serde(deserialize_with = "lenient::text")]
    #[param(required = true, value_type = String, example = "song")]
    acct: Option<String>,
}

/// Finds an account by its username.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/lookup",
    tag = "accounts",
    operation_id = "lookup_account",
    params(Lookup),
    responses((status = 200, description = "The account.", body = Account))
)]
pub(super) async fn lookup(
    state: web::Data<State>,
    request: HttpRequest,
    Params(wanted): Params<Lookup>,
) -> Result<web::Json<Account>, Failure> {
    let public_url = &state.instance.public_url;
    let acct = wanted.acct.unwrap_or_default();
    let username = local_name(&acct, public_url).ok_or(Failure::NotFound)?.to_owned();
    let profiles = state.services.profiles.clone();
    let find = move || profiles.find_by_username(&username);
    let account = freshness::read(&request, &state, || None, find).await?;
    Ok(web::Json(Account::of(&account, public_url)))
}

/// What to search for.
#[derive(Deserialize, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct Search {
    /// The beginning of a username, or of words of a display name.
    #[serde(deserialize_with = "lenient::text")]
    #[param(required = true, value_type = String, example = "song")]
    q: Option<String>,
    /// At most 80; 40 unless it is given.
    #[serde(deserialize_with = "lenient::integer")]
    #[param(value_type = Option<u32>)]
    limit: Option<u32>,
    /// How many of the first to leave out.
    #[serde(deserialize_with = "lenient::integer")]
    #[param(value_type = Option<u32>)]
    offset: Option<u32>,
    /// Whether only accounts are wanted that one follows.
    #[serde(deserialize_with = "lenient::boolean")]
    #[param(value_type = Option<bool>)]
    following: Option<bool>,
}

/// Searches for accounts by their usernames and display names.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/search",
    tag = "accounts",
    operation_id = "search_accounts",
    params(Search),
    responses((status = 200, description = "The accounts, the best first.", body = Vec<Account>))
)]
pub(super) async fn search(
    state: web::Data<State>,
    request: HttpRequest,
    Authorized(grant): Authorized,
    Params(wanted): Params<Search>,
) -> Result<web::Json<Vec<Account>>, Failure> {
    let public_url = &state.instance.public_url;
    let text = wanted.q.unwrap_or_default();
    let Some(query) = local_name(text.trim(), public_url) else { return Ok(web::Json(Vec::new())) };
    let search = AccountSearch {
        query: query.to_owned(),
        viewer: Some(grant.user),
        is_following_only: wanted.following.unwrap_or(false),
        limit: wanted.limit.unwrap_or(FOUND).min(MOST_FOUND),
        offset: wanted.offset.unwrap_or(0).min(MOST_LEFT_OUT),
    };
    let profiles = state.services.profiles.clone();
    let found = freshness::read(&request, &state, || None, move || profiles.search(&search)).await?;
    Ok(web::Json(render_all(&found, public_url)))
}

/// The part of an address before its host; a text without a host is all of it. `None` for an address on another server.
pub(in crate::mastodon) fn local_name<'a>(acct: &'a str, public_url: &PublicUrl) -> Option<&'a str> {
    let acct = acct.strip_prefix('@').unwrap_or(acct);
    match acct.rsplit_once('@') {
        None => Some(acct),
        Some((name, host)) => host.eq_ignore_ascii_case(public_url.host()).then_some(name),
    }
}

/// Accounts, as everybody sees them.
pub(super) fn render_all(accounts: &[Arc<domain::Account>], public_url: &PublicUrl) -> Vec<Account> {
    accounts.iter().map(|account| Account::of(account, public_url)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_and_perhaps_this_host() {
        let public_url = "https://example.com".parse().unwrap();
        for (acct, name) in [
            ("song", Some("song")),
            ("@song", Some("song")),
            ("song@example.com", Some("song")),
            ("@song@EXAMPLE.com", Some("song")),
            ("song@elsewhere.example", None),
            ("", Some("")),
        ] {
            assert_eq!(local_name(acct, &public_url), name, "{acct}");
        }
    }
}
