//! Pictures of accounts that have chosen none, and of the server itself. Each is drawn when it is asked for, in microseconds, and is
//! always the same: so nothing is stored, and a client may keep it for ever.

mod draw;

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpResponse, web};
use miniter_domain::UserId;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::limits::Limit;
use crate::http::state::State;
use crate::mastodon::{Part, get};

pub(super) const PART: Part = Part { endpoints, document: PicturesApi::openapi };

/// A year: what never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A day: what a setting may change.
const FOR_A_DAY: &str = "public, max-age=86400";

fn endpoints() -> Vec<Endpoint> {
    // A page shows forty of them, and each costs less than counting it would.
    let picture = |path, handle| Endpoint { limit: Limit::Unlimited, ..get(path, Access::Anyone, handle) };
    vec![
        picture("/avatars/default/{id}.png", |route| route.to(draw_avatar)),
        picture("/headers/default/missing.png", |route| route.to(draw_header)),
        picture("/instance/thumbnail.png", |route| route.to(draw_thumbnail)),
        picture("/instance/icon.png", |route| route.to(draw_icon)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(draw_avatar, draw_header, draw_thumbnail, draw_icon))]
struct PicturesApi;

/// Returns the picture of an account that has chosen none. Each number has a picture, whether there is such an account or not.
#[utoipa::path(
    get,
    path = "/avatars/default/{id}.png",
    tag = "pictures",
    params(("id" = String, Path, description = "The id of the account.", pattern = "^[0-9]{1,19}$", example = "1")),
    responses((status = 200, description = "The picture.", body = String, content_type = "image/png"))
)]
async fn draw_avatar(id: web::Path<String>) -> Result<HttpResponse, Failure> {
    let id = UserId::parse(&id).map_err(|_| Failure::NotFound)?;
    respond(draw::avatar(&id.to_string()), FOREVER)
}

/// Returns the header of an account that has chosen none.
#[utoipa::path(
    get,
    path = "/headers/default/missing.png",
    tag = "pictures",
    responses((status = 200, description = "The picture.", body = String, content_type = "image/png"))
)]
async fn draw_header() -> Result<HttpResponse, Failure> {
    respond(draw::header(), FOREVER)
}

/// Returns the picture of this server.
#[utoipa::path(
    get,
    path = "/instance/thumbnail.png",
    tag = "pictures",
    responses((status = 200, description = "The picture.", body = String, content_type = "image/png"))
)]
async fn draw_thumbnail(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    respond(draw::thumbnail(state.instance.public_url.host()), FOR_A_DAY)
}

/// Returns the icon of this server.
#[utoipa::path(
    get,
    path = "/instance/icon.png",
    tag = "pictures",
    responses((status = 200, description = "The picture.", body = String, content_type = "image/png"))
)]
async fn draw_icon(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    respond(draw::icon(state.instance.public_url.host()), FOR_A_DAY)
}

fn respond(
    picture: Result<Vec<u8>, png::EncodingError>,
    kept: &'static str,
) -> Result<HttpResponse, Failure> {
    let picture = picture.map_err(Failure::internal)?;
    Ok(HttpResponse::Ok().content_type(ContentType::png()).insert_header((CACHE_CONTROL, kept)).body(picture))
}
