//! What a program can find out: how this server speaks OAuth (RFC 8414), and whose account it was let into.

use actix_web::web;
use miniter_service::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::auth::Authorized;
use crate::http::failure::Failure;
use crate::http::state::State;

/// How this server speaks OAuth.
#[derive(Serialize, ToSchema)]
pub(super) struct ServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    userinfo_endpoint: String,
    app_registration_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    code_challenge_methods_supported: [&'static str; 1],
}

/// How a client may prove itself.
const AUTH_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// Returns how this server speaks OAuth.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "oauth",
    operation_id = "read_oauth_metadata",
    responses((status = 200, description = "RFC 8414.", body = ServerMetadata))
)]
pub(super) async fn read_metadata(state: web::Data<State>) -> web::Json<ServerMetadata> {
    let public_url = &state.instance.public_url;
    web::Json(ServerMetadata {
        // With a slash, as Mastodon has it.
        issuer: public_url.join("/"),
        authorization_endpoint: public_url.join("/oauth/authorize"),
        token_endpoint: public_url.join("/oauth/token"),
        revocation_endpoint: public_url.join("/oauth/revoke"),
        userinfo_endpoint: public_url.join("/oauth/userinfo"),
        app_registration_endpoint: public_url.join("/api/v1/apps"),
        scopes_supported: Scope::ALL.iter().map(|scope| scope.name()).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "client_credentials"],
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        code_challenge_methods_supported: ["S256"],
    })
}

/// A person, in the words of `OpenID` Connect.
#[derive(Serialize, ToSchema)]
pub(super) struct UserInfo {
    iss: String,
    sub: String,
    name: String,
    preferred_username: String,
    profile: String,
    picture: String,
}

/// Returns whose account the app was let into.
#[utoipa::path(
    get,
    path = "/oauth/userinfo",
    tag = "oauth",
    operation_id = "read_userinfo",
    responses((status = 200, description = "The person.", body = UserInfo))
)]
pub(super) async fn read_userinfo(
    state: web::Data<State>,
    Authorized(grant): Authorized,
) -> Result<web::Json<UserInfo>, Failure> {
    let profiles = state.services.profiles.clone();
    let account = state.bulkheads.read.run(move || profiles.find_own(grant.user)).await?;
    let public_url = &state.instance.public_url;
    let profile = public_url.account_url(&account.username);
    Ok(web::Json(UserInfo {
        iss: public_url.join("/"),
        sub: profile.clone(),
        name: account.display_name.clone(),
        preferred_username: account.username.clone(),
        profile,
        picture: public_url.default_avatar_url(account.id),
    }))
}
