//! Accounts, and what they are to each other.

mod follow_requests;
mod lists;
mod read;
mod relationships;
mod render;
mod sign_up;
mod update;

pub(super) use read::local_name;

use miniter_domain::UserId;
use miniter_service::Scope;
use serde::Deserialize;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::body::{BodyPolicy, lenient};
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::limits::Limit;
use crate::mastodon::{MAX_BODY, Part, get, needs, write};

pub(super) const PART: Part = Part { endpoints, document: AccountsApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    let follows = needs(Scope::WriteFollows);
    vec![
        get("/api/v1/accounts/verify_credentials", needs(Scope::ReadAccounts), |route| {
            route.to(read::verify_credentials)
        }),
        get("/api/v1/preferences", needs(Scope::ReadAccounts), |route| route.to(read::read_preferences)),
        write(Method::Patch, "/api/v1/accounts/update_credentials", needs(Scope::WriteAccounts), |route| {
            route.to(update::update_credentials)
        }),
        get("/api/v1/accounts", Access::Anyone, |route| route.to(read::list_accounts)),
        Endpoint {
            limit: Limit::SignUp,
            ..write(Method::Post, "/api/v1/accounts", Access::Token(SIGN_UP), |route| {
                route.to(sign_up::sign_up)
            })
        },
        get("/api/v1/accounts/lookup", Access::Anyone, |route| route.to(read::lookup)),
        get("/api/v1/accounts/search", needs(Scope::ReadAccounts), |route| route.to(read::search)),
        get("/api/v1/accounts/relationships", needs(Scope::ReadFollows), |route| {
            route.to(relationships::list)
        }),
        Endpoint {
            // Mastodon.py sends the ids in a body.
            body: BodyPolicy::fields(MAX_BODY),
            ..get("/api/v1/accounts/familiar_followers", needs(Scope::ReadFollows), |route| {
                route.to(relationships::list_familiar_followers)
            })
        },
        get("/api/v1/accounts/{id}", Access::Anyone, |route| route.to(read::read_account)),
        get("/api/v1/accounts/{id}/followers", Access::Anyone, |route| route.to(lists::list_followers)),
        get("/api/v1/accounts/{id}/following", Access::Anyone, |route| route.to(lists::list_following)),
        write(Method::Post, "/api/v1/accounts/{id}/follow", follows, |route| route.to(relationships::follow)),
        write(Method::Post, "/api/v1/accounts/{id}/unfollow", follows, |route| {
            route.to(relationships::unfollow)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/remove_from_followers", follows, |route| {
            route.to(relationships::remove_from_followers)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/block", needs(Scope::WriteBlocks), |route| {
            route.to(relationships::block)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/unblock", needs(Scope::WriteBlocks), |route| {
            route.to(relationships::unblock)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/mute", needs(Scope::WriteMutes), |route| {
            route.to(relationships::mute)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/unmute", needs(Scope::WriteMutes), |route| {
            route.to(relationships::unmute)
        }),
        write(Method::Post, "/api/v1/accounts/{id}/note", needs(Scope::WriteAccounts), |route| {
            route.to(relationships::set_note)
        }),
        get("/api/v1/follow_requests", needs(Scope::ReadFollows), |route| route.to(follow_requests::list)),
        write(Method::Post, "/api/v1/follow_requests/{id}/authorize", follows, |route| {
            route.to(follow_requests::authorize)
        }),
        write(Method::Post, "/api/v1/follow_requests/{id}/reject", follows, |route| {
            route.to(follow_requests::reject)
        }),
        get("/api/v1/blocks", needs(Scope::ReadBlocks), |route| route.to(lists::list_blocks)),
        get("/api/v1/mutes", needs(Scope::ReadMutes), |route| route.to(lists::list_mutes)),
    ]
}

/// What an app's own token allows that signs people up.
const SIGN_UP: miniter_service::Scopes = miniter_service::Scopes::of(&[Scope::WriteAccounts]);

#[derive(OpenApi)]
#[openapi(paths(
    read::verify_credentials,
    read::read_preferences,
    update::update_credentials,
    read::list_accounts,
    sign_up::sign_up,
    read::lookup,
    read::search,
    relationships::list,
    relationships::list_familiar_followers,
    read::read_account,
    lists::list_followers,
    lists::list_following,
    relationships::follow,
    relationships::unfollow,
    relationships::remove_from_followers,
    relationships::block,
    relationships::unblock,
    relationships::mute,
    relationships::unmute,
    relationships::set_note,
    follow_requests::list,
    follow_requests::authorize,
    follow_requests::reject,
    lists::list_blocks,
    lists::list_mutes,
))]
struct AccountsApi;

/// The account that a path names. A text that is no number is no account's.
fn account_in(path: &str) -> Result<UserId, Failure> {
    UserId::parse(path).map_err(|_| Failure::NotFound)
}

/// Accounts by their ids.
#[derive(Deserialize, Default, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct AccountIds {
    /// The ids. What is none is left out.
    #[serde(deserialize_with = "lenient::list_or_item")]
    #[param(rename = "id[]", value_type = Vec<String>)]
    id: Vec<serde_json::Value>,
}

impl AccountIds {
    /// Those that are numbers.
    fn parse(&self) -> Vec<UserId> {
        let text = |id: &serde_json::Value| match id {
            serde_json::Value::String(text) => UserId::parse(text).ok(),
            serde_json::Value::Number(number) => UserId::parse(&number.to_string()).ok(),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        };
        self.id.iter().filter_map(text).collect()
    }
}
