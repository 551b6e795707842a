//! Giving out tokens, and taking them back.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_service::{CodeExchange, IssuedToken, OAuthError, ServiceError};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::token::Token;
use crate::mastodon::oauth::{NOT_KEPT, client};

/// What an app shows for a token.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct TokenRequest {
    /// `authorization_code` or `client_credentials`.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String, example = "authorization_code")]
    grant_type: Option<String>,
    /// The app; also by HTTP Basic.
    #[serde(deserialize_with = "lenient::text")]
    client_id: Option<String>,
    /// Its secret.
    #[serde(deserialize_with = "lenient::text")]
    client_secret: Option<String>,
    /// The authorization code.
    #[serde(deserialize_with = "lenient::text")]
    code: Option<String>,
    /// The address that the code was sent to.
    #[serde(deserialize_with = "lenient::text")]
    redirect_uri: Option<String>,
    /// What the challenge was made of (PKCE).
    #[serde(deserialize_with = "lenient::text")]
    code_verifier: Option<String>,
    /// With `client_credentials`: names of scopes, `read` if there are none. A code has its own.
    #[serde(deserialize_with = "lenient::text")]
    scope: Option<String>,
}

/// Gives an app a token, which does not expire.
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "oauth",
    operation_id = "issue_token",
    request_body = TokenRequest,
    responses(
        (status = 200, description = "The token.", body = Token),
        (status = 401, description = "`invalid_client`: the app must register again.")
    )
)]
pub(super) async fn issue(
    state: web::Data<State>,
    http: HttpRequest,
    Params(request): Params<TokenRequest>,
) -> Result<HttpResponse, Failure> {
    let TokenRequest { grant_type, client_id, client_secret, code, redirect_uri, code_verifier, scope } =
        request;
    let client = client::credentials(&http, client_id, client_secret);
    let tokens = state.services.access_tokens.clone();
    let issued = state.bulkheads.write.run(move || match grant_type.as_deref() {
        Some("authorization_code") => {
            tokens.exchange(client, &CodeExchange { code, redirect_uri, code_verifier })
        }
        Some("client_credentials") => tokens.issue_to_app(client, scope.as_deref()),
        None | Some("") => Err(OAuthError::InvalidRequest("grant_type is missing.").into()),
        Some(_) => Err(OAuthError::UnsupportedGrantType.into()),
    });
    let IssuedToken { access_token, scopes, created_at } = issued.await?;
    Ok(HttpResponse::Ok().insert_header(NOT_KEPT).json(Token {
        access_token,
        token_type: "Bearer",
        scope: scopes.to_string(),
        created_at: created_at.timestamp(),
    }))
}

/// What an app wants to end.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct Revocation {
    /// The app; also by HTTP Basic.
    #[serde(deserialize_with = "lenient::text")]
    client_id: Option<String>,
    /// Its secret.
    #[serde(deserialize_with = "lenient::text")]
    client_secret: Option<String>,
    /// The token.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String)]
    token: Option<String>,
}

/// Ends a token of the app. A token that is void already is a success.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "oauth",
    operation_id = "revoke_token",
    request_body = Revocation,
    responses(
        (status = 200, description = "The token is void.", body = Object),
        (status = 403, description = "`unauthorized_client`: it belongs to another app.")
    )
)]
pub(super) async fn revoke(
    state: web::Data<State>,
    http: HttpRequest,
    Params(request): Params<Revocation>,
) -> Result<HttpResponse, Failure> {
    let Revocation { client_id, client_secret, token } = request;
    let client = client::credentials(&http, client_id, client_secret);
    let missing = || ServiceError::from(OAuthError::InvalidRequest("token is missing."));
    let token = token.ok_or_else(missing)?;
    let tokens = state.services.access_tokens.clone();
    state.bulkheads.write.run(move || tokens.revoke(client, &token)).await?;
    Ok(HttpResponse::Ok().insert_header(NOT_KEPT).json(json!({})))
}
