//! The Mastodon client API: its routes, and for each what it takes and what it answers.
//!
//! The routes are grouped in parts, one a noun. A part has its routes and what the OpenAPI document says of them; [`PARTS`] lists
//! them all. What a route answers with is an entity (`entities/`).

mod accounts;
mod docs;
#[expect(dead_code, reason = "the routes that answer with them come one by one")]
mod entities;
mod error;
mod instance;
mod markers;
mod nodeinfo;
mod nothing;
mod notifications;
mod oauth;
mod page;
mod pictures;
mod presenter;
mod reactions;
mod search;
mod status_reads;
mod status_writes;
mod timelines;
mod well_known;

use actix_web::Route;
use miniter_domain::StatusId;
use miniter_service::{Scope, Scopes, ServiceError};
use utoipa::openapi::OpenApi as Document;

use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::{Limit, RateLimitHeaders};
use crate::http::render::Render;

pub use docs::openapi;
pub(crate) use error::render;

/// The largest body without pictures, in bytes. The longest status with a poll is a tenth of it.
const MAX_BODY: usize = 64 << 10;

/// The version of Mastodon whose API this is. What came later clients must not expect.
const COMPATIBLE_VERSION: &str = "4.2.0";

/// The parts of the address space that this API has for itself.
pub(crate) const PREFIXES: &[(&str, Render)] =
    &[("/api/", render), ("/oauth/", render), ("/.well-known/", render), ("/nodeinfo", render)];

/// What any web page may call, by what its paths begin with. The page that asks for an authorization is not among it.
pub(crate) const OPEN_PATHS: &[&str] = &[
    "/api/",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/.well-known/",
    "/nodeinfo",
    "/media/",
    "/avatars/",
    "/headers/",
    "/instance/",
];

/// Where a path may end in a slash, as on Mastodon: Mastodon.py reads `/api/v1/instance/`, toot opens `/oauth/authorize/`.
pub(crate) const SLASH_IGNORED: &[&str] = &["/api/", "/oauth/", "/.well-known/", "/nodeinfo/"];

/// Routes that belong together.
struct Part {
    /// The routes.
    endpoints: fn() -> Vec<Endpoint>,
    /// The same routes, documented.
    document: fn() -> Document,
}

/// The parts of this API.
const PARTS: &[Part] = &[
    accounts::PART,
    docs::PART,
    instance::PART,
    markers::PART,
    nodeinfo::PART,
    nothing::PART,
    notifications::PART,
    oauth::PART,
    pictures::PART,
    reactions::PART,
    search::PART,
    status_reads::PART,
    status_writes::PART,
    timelines::PART,
    well_known::PART,
];

/// The routes.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    PARTS.iter().flat_map(|part| (part.endpoints)()).collect()
}

/// A route that reads. Its parameters stand in the query string.
fn get(path: &'static str, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    let (method, body) = (Method::Get, BodyPolicy::NONE);
    Endpoint {
        method,
        path,
        limit: Limit::Read,
        rate_limit_headers: RateLimitHeaders::Prefixed,
        access,
        body,
        render,
        handle,
    }
}

/// A route that changes something. Its parameters stand in a body of any kind, or in the query string.
fn write(method: Method, path: &'static str, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    let (limit, body) = (Limit::Write, BodyPolicy::fields(MAX_BODY));
    Endpoint {
        method,
        path,
        limit,
        rate_limit_headers: RateLimitHeaders::Prefixed,
        access,
        body,
        render,
        handle,
    }
}

/// The status that a path names. A text that is no number is no status's.
fn status_in(path: &str) -> Result<StatusId, ServiceError> {
    StatusId::parse(path).map_err(|_| ServiceError::StatusNotFound)
}

/// The access of a token that has this scope, or its parent.
const fn needs(scope: Scope) -> Access {
    Access::Scopes(Scopes::of(&[scope]))
}
