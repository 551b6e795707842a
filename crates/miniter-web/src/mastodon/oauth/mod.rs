//! OAuth 2: how an app gets a token for a person's account.
//!
//! Programs call the routes for apps and tokens and are answered JSON. People open `/oauth/authorize` in a browser and are answered
//! pages.

mod apps;
mod authorize;
mod client;
mod cookie;
mod metadata;
mod pages;
mod redirect;
mod texts;
mod token;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpRequest, HttpResponse, Route};
use miniter_service::{OAuthError, Scope, Scopes, ServiceError};
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::limits::Limit;
use crate::mastodon::{Part, get, needs, render, write};

pub(super) const PART: Part = Part { endpoints, document: OAuthApi::openapi };

/// What is not to be kept by anything on the way: it holds a secret (RFC 6749, 5.1).
const NOT_KEPT: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

fn endpoints() -> Vec<Endpoint> {
    let any_token = Access::Token(Scopes::of(&[]));
    vec![
        // Each registration stays for ever, and anybody may register: as many as log-ins.
        Endpoint {
            limit: Limit::LogIn,
            ..write(Method::Post, "/api/v1/apps", Access::Anyone, |route| route.to(apps::register))
        },
        get("/api/v1/apps/verify_credentials", any_token, |route| route.to(apps::verify_credentials)),
        Endpoint {
            render: pages::render,
            ..get("/oauth/authorize", Access::Anyone, |route| route.to(authorize::ask))
        },
        Endpoint {
            limit: Limit::LogIn,
            render: pages::render,
            ..write(Method::Post, "/oauth/authorize", Access::Anyone, |route| route.to(authorize::decide))
        },
        get("/oauth/page.css", Access::Anyone, |route| route.to(pages::style)),
        protocol("/oauth/token", |route| route.to(token::issue)),
        protocol("/oauth/revoke", |route| route.to(token::revoke)),
        get("/oauth/userinfo", needs(Scope::Profile), |route| route.to(metadata::read_userinfo)),
        get("/.well-known/oauth-authorization-server", Access::Anyone, |route| {
            route.to(metadata::read_metadata)
        }),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(
    apps::register,
    apps::verify_credentials,
    authorize::ask,
    authorize::decide,
    pages::style,
    token::issue,
    token::revoke,
    metadata::read_userinfo,
    metadata::read_metadata,
))]
struct OAuthApi;

/// A route of the protocol itself, which apps prove themselves to.
fn protocol(path: &'static str, handle: fn(Route) -> Route) -> Endpoint {
    Endpoint { render: render_protocol, ..write(Method::Post, path, Access::Anyone, handle) }
}

/// Writes a failure of the protocol: also what is wrong with the form of a request has a name there (RFC 6749, 5.2).
fn render_protocol(failure: &Failure, request: &HttpRequest, request_id: &str) -> HttpResponse {
    let is_malformed = matches!(
        failure,
        Failure::BadRequest
            | Failure::MalformedBody { .. }
            | Failure::UnfitBody { .. }
            | Failure::UnsupportedMediaType
            | Failure::InvalidQuery
    );
    let malformed: Failure =
        ServiceError::from(OAuthError::InvalidRequest("The parameters cannot be read.")).into();
    render(if is_malformed { &malformed } else { failure }, request, request_id)
}
