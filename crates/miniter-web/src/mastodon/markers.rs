//! How far a user has read, on all their devices.

use actix_web::{HttpRequest, web};
use miniter_domain::MarkedTimeline;
use miniter_service::Scope;
use serde::Deserialize;
use utoipa::OpenApi;

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::state::State;
use crate::mastodon::entities::marker::{Marker, Markers};
use crate::mastodon::entities::value::{Id, Timestamp};
use crate::mastodon::{Part, get, needs, write};

pub(super) const PART: Part = Part { endpoints, document: MarkersApi::openapi };

const PATH: &str = "/api/v1/markers";

fn endpoints() -> Vec<Endpoint> {
    vec![
        get(PATH, needs(Scope::ReadStatuses), |route| route.to(list_markers)),
        write(Method::Post, PATH, needs(Scope::WriteStatuses), |route| route.to(set_markers)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_markers, set_markers))]
struct MarkersApi;

/// The timelines that are wanted.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    #[serde(deserialize_with = "lenient::list_or_item")]
    timeline: Vec<String>,
}

/// The positions to keep.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Positions {
    home: Position,
    notifications: Position,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Position {
    #[serde(deserialize_with = "lenient::integer")]
    last_read_id: Option<i64>,
}

/// Returns how far the user has read the timelines that the request names.
#[utoipa::path(
    get,
    path = "/api/v1/markers",
    tag = "markers",
    operation_id = "list_markers",
    params(("timeline[]" = Vec<String>, Query, description = "`home`, `notifications`")),
    responses((status = 200, description = "The markers that there are.", body = Markers))
)]
async fn list_markers(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Params(wanted): Params<Wanted>,
    request: HttpRequest,
) -> Result<web::Json<Markers>, Failure> {
    let wanted: Vec<MarkedTimeline> =
        wanted.timeline.iter().filter_map(|name| MarkedTimeline::of_name(name)).collect();
    let notifications = state.services.notifications.clone();
    let list = move || notifications.list_markers(grant.user, &wanted);
    Ok(web::Json(markers(&freshness::read(&request, &state, || None, list).await?)))
}

/// Keeps how far the user has read, and returns the markers that have moved.
#[utoipa::path(
    post,
    path = "/api/v1/markers",
    tag = "markers",
    operation_id = "set_markers",
    params(
        ("home[last_read_id]" = Option<String>, Query, description = "The newest status of the home timeline that was read"),
        ("notifications[last_read_id]" = Option<String>, Query, description = "The newest notification that was read")
    ),
    responses((status = 200, description = "The markers, as they are now.", body = Markers))
)]
async fn set_markers(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Params(positions): Params<Positions>,
) -> Result<web::Json<Markers>, Failure> {
    let positions: Vec<(MarkedTimeline, i64)> =
        [(MarkedTimeline::Home, positions.home), (MarkedTimeline::Notifications, positions.notifications)]
            .into_iter()
            .filter_map(|(timeline, position)| Some((timeline, position.last_read_id?)))
            .collect();
    if positions.is_empty() {
        return Ok(web::Json(markers(&[])));
    }
    let notifications = state.services.notifications.clone();
    let set = move || notifications.set_markers(grant.user, &positions);
    Ok(web::Json(markers(&state.bulkheads.write.run_for(grant.user, set).await?)))
}

fn markers(found: &[miniter_domain::Marker]) -> Markers {
    let of = |timeline: MarkedTimeline| {
        found.iter().find(|marker| marker.timeline == timeline).map(|marker| Marker {
            last_read_id: Id(marker.last_read_id),
            version: u32::try_from(marker.version).unwrap_or(u32::MAX),
            updated_at: Timestamp(marker.updated_at),
        })
    };
    Markers { home: of(MarkedTimeline::Home), notifications: of(MarkedTimeline::Notifications) }
}
