//! The Mastodon client API: its routes, and for each what it takes and what it answers.
//!
//! The routes are grouped in parts, one a noun. A part has its routes and what the OpenAPI document says of them; [`PARTS`] lists
//! them all. What a route answers with is an entity (`entities/`).

mod error;

use actix_web::Route;
use utoipa::openapi::OpenApi as Document;

use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::Limit;
use crate::http::render::Render;

pub(crate) use error::render;

/// The largest body without pictures, in bytes. The longest status with a poll is a tenth of it.
const MAX_BODY: usize = 64 << 10;

/// The parts of the address space that this API has for itself.
pub(crate) const PREFIXES: &[(&str, Render)] =
    &[("/api/", render), ("/oauth/", render), ("/.well-known/", render), ("/nodeinfo", render)];

/// Routes that belong together.
struct Part {
    /// The routes.
    endpoints: fn() -> Vec<Endpoint>,
    /// The same routes, documented.
    document: fn() -> Document,
}

/// The parts of this API.
const PARTS: &[Part] = &[];

/// The routes.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    PARTS.iter().flat_map(|part| (part.endpoints)()).collect()
}

/// A route that reads.
fn get(path: &'static str, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    Endpoint { method: Method::Get, path, limit: Limit::Read, access, body: BodyPolicy::NONE, render, handle }
}

/// A route that changes something. Its parameters may stand in a body of any kind, and in the query string.
fn write(method: Method, path: &'static str, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    Endpoint { method, path, limit: Limit::Write, access, body: BodyPolicy::fields(MAX_BODY), render, handle }
}
