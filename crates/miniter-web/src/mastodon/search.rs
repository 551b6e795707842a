//! Searching: for accounts, and for what an address of this server leads to.
//!
//! Texts of statuses and hashtags are not searched yet.

use actix_web::{HttpRequest, web};
use miniter_domain::{AccountSearch, StatusId};
use miniter_service::{Scope, Scopes, ServiceError};
use serde::Deserialize;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::body::lenient;
use crate::http::body::params::QueryParams;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::public_url::PublicUrl;
use crate::http::state::State;
use crate::http::viewer::viewer;
use crate::mastodon::accounts::local_name;
use crate::mastodon::entities::search::Search;
use crate::mastodon::presenter::Presenter;
use crate::mastodon::{Part, get};

pub(super) const PART: Part = Part { endpoints, document: SearchApi::openapi };

/// How many of each kind a search finds unless the client says otherwise, and at most.
const FOUND: u32 = 20;
const MOST_FOUND: u32 = 40;

/// How many results may be left out.
const MOST_LEFT_OUT: u32 = 1_000;

/// The scope of a token with which a user is known here.
const READ_SEARCH: Scopes = Scopes::of(&[Scope::ReadSearch]);

fn endpoints() -> Vec<Endpoint> {
    vec![get("/api/v2/search", Access::Anyone, |route| route.to(search))]
}

#[derive(OpenApi)]
#[openapi(paths(search))]
struct SearchApi;

/// What to search for.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct Wanted {
    /// The beginning of a username or of words of a display name, or the address of an account or a status.
    #[serde(deserialize_with = "lenient::text")]
    #[param(required = true, value_type = String, example = "song")]
    q: Option<String>,
    /// `accounts`, `statuses` or `hashtags`. If it is not given: all.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    /// The most accounts to find: at most 40, 20 unless it is given.
    #[serde(deserialize_with = "lenient::integer")]
    #[param(value_type = Option<u32>)]
    limit: Option<u32>,
    /// How many of the first to leave out.
    #[serde(deserialize_with = "lenient::integer")]
    #[param(value_type = Option<u32>)]
    offset: Option<u32>,
    /// Whether only accounts are wanted that the user follows.
    #[serde(deserialize_with = "lenient::boolean")]
    #[param(value_type = Option<bool>)]
    following: Option<bool>,
}

/// What a text names.
#[derive(Debug, PartialEq, Eq)]
enum Named<'a> {
    /// Accounts of which it is a part of the name.
    Accounts(&'a str),
    /// The account with this username.
    Account(&'a str),
    Status(StatusId),
    /// Something elsewhere.
    Nothing,
}

/// Searches.
#[utoipa::path(
    get,
    path = "/api/v2/search",
    tag = "search",
    operation_id = "search",
    params(Wanted),
    responses((status = 200, description = "What was found, the best first.", body = Search))
)]
async fn search(
    state: web::Data<State>,
    QueryParams(wanted): QueryParams<Wanted>,
    request: HttpRequest,
) -> Result<web::Json<Search>, Failure> {
    let viewer = viewer(&request, &state, READ_SEARCH).await;
    let text = wanted.q.unwrap_or_default();
    let is_wanted =
        |kind: &str| wanted.kind.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == kind);
    let mut found = Search { accounts: Vec::new(), statuses: Vec::new(), hashtags: Vec::new() };
    let presenter = Presenter::new(&state, viewer);
    match named(text.trim(), &state.instance.public_url) {
        Named::Accounts(query) if is_wanted("accounts") => {
            let search = AccountSearch {
                query: query.to_owned(),
                viewer,
                is_following_only: viewer.is_some() && wanted.following == Some(true),
                limit: wanted.limit.unwrap_or(FOUND).min(MOST_FOUND),
                offset: wanted.offset.unwrap_or(0).min(MOST_LEFT_OUT),
            };
            let profiles = state.services.profiles.clone();
            let accounts =
                freshness::read(&request, &state, || None, move || profiles.search(&search)).await?;
            found.accounts = accounts.iter().map(|account| presenter.account(account)).collect();
        }
        Named::Account(username) if is_wanted("accounts") => {
            let (username, profiles) = (username.to_owned(), state.services.profiles.clone());
            let find = move || optional(profiles.find_by_username(&username));
            let account = freshness::read(&request, &state, || None, find).await?;
            found.accounts = account.iter().map(|account| presenter.account(account)).collect();
        }
        Named::Status(id) if is_wanted("statuses") => {
            let statuses = state.services.status_reading.clone();
            let find = move || optional(statuses.find(viewer, id));
            let status = freshness::read(&request, &state, || None, find).await?;
            found.statuses = presenter.statuses(&status);
        }
        Named::Accounts(_) | Named::Account(_) | Named::Status(_) | Named::Nothing => {}
    }
    Ok(web::Json(found))
}

fn named<'a>(text: &'a str, public_url: &PublicUrl) -> Named<'a> {
    if !text.contains("://") {
        return local_name(text, public_url).map_or(Named::Nothing, Named::Accounts);
    }
    let Some(path) = text.strip_prefix(&public_url.join("/@")) else { return Named::Nothing };
    match path.trim_end_matches('/').split_once('/') {
        None => Named::Account(path.trim_end_matches('/')),
        Some((_, id)) => StatusId::parse(id).map_or(Named::Nothing, Named::Status),
    }
}

/// What is not there is not found.
fn optional<T>(found: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ServiceError::UserNotFound | ServiceError::StatusNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_part_of_a_name_or_an_address() {
        let public_url = "https://example.com".parse().unwrap();
        for (text, expected) in [
            ("", Named::Accounts("")),
            ("song", Named::Accounts("song")),
            ("@song@example.com", Named::Accounts("song")),
            ("@song@elsewhere.org", Named::Nothing),
            ("https://example.com/@song", Named::Account("song")),
            ("https://example.com/@song/", Named::Account("song")),
            ("https://example.com/@song/7", Named::Status(StatusId::new(7))),
            ("https://example.com/@song/x", Named::Nothing),
            ("https://example.com/about", Named::Nothing),
            ("https://elsewhere.org/@song/7", Named::Nothing),
        ] {
            assert_eq!(named(text, &public_url), expected, "{text}");
        }
    }
}
