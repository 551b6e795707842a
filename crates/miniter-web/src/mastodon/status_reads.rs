//! Reading statuses: one, several, the thread around one, its versions, and the accounts that have reacted to it.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{Reaction, StatusId};
use miniter_service::Scope;
use serde::Deserialize;
use utoipa::OpenApi;

use crate::http::auth::{Access, Authorized};
use crate::http::body::lenient;
use crate::http::body::params::QueryParams;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::page::Neighbours;
use crate::http::state::State;
use crate::http::viewer::viewer;
use crate::mastodon::entities::account::Account;
use crate::mastodon::entities::context::Context;
use crate::mastodon::entities::status::Status;
use crate::mastodon::entities::status_edit::StatusEdit;
use crate::mastodon::entities::status_source::StatusSource;
use crate::mastodon::page::{ACCOUNTS, MastodonPage, PageQuery};
use crate::mastodon::presenter::Presenter;
use crate::mastodon::timelines::READ_STATUSES;
use crate::mastodon::{Part, get, needs, status_in};

pub(super) const PART: Part = Part { endpoints, document: StatusReadsApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    let anyone = Access::Anyone;
    vec![
        get("/api/v1/statuses", anyone, |route| route.to(list_statuses)),
        get("/api/v1/statuses/{id}", anyone, |route| route.to(read_status)),
        get("/api/v1/statuses/{id}/context", anyone, |route| route.to(read_context)),
        get("/api/v1/statuses/{id}/source", needs(Scope::ReadStatuses), |route| route.to(read_source)),
        get("/api/v1/statuses/{id}/history", anyone, |route| route.to(read_history)),
        get("/api/v1/statuses/{id}/reblogged_by", anyone, |route| route.to(list_rebloggers)),
        get("/api/v1/statuses/{id}/favourited_by", anyone, |route| route.to(list_favouriters)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(
    list_statuses,
    read_status,
    read_context,
    read_source,
    read_history,
    list_rebloggers,
    list_favouriters
))]
struct StatusReadsApi;

/// The most statuses that are asked for at once. What comes after them is not looked for.
const MOST_STATUSES: usize = 40;

/// Which statuses are wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct StatusIds {
    /// Their numbers, at most 40.
    #[serde(deserialize_with = "lenient::list_or_item")]
    #[param(rename = "id[]")]
    id: Vec<String>,
}

/// Returns several statuses. Those that there are not, or that the reader may not see, are left out.
#[utoipa::path(
    get,
    path = "/api/v1/statuses",
    tag = "statuses",
    operation_id = "list_statuses",
    params(StatusIds),
    responses((status = 200, description = "In the order of the numbers.", body = [Status]))
)]
async fn list_statuses(
    state: web::Data<State>,
    QueryParams(wanted): QueryParams<StatusIds>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let ids = wanted.id.iter().take(MOST_STATUSES);
    let ids: Vec<StatusId> = ids.filter_map(|id| StatusId::parse(id).ok()).collect();
    let viewer = viewer(&request, &state, READ_STATUSES).await;
    let statuses = state.services.status_reading.clone();
    let found = freshness::read(&request, &state, || None, move || statuses.list(viewer, &ids)).await?;
    Ok(HttpResponse::Ok().json(Presenter::new(&state, viewer).statuses(&found)))
}

/// Returns a status.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}",
    tag = "statuses",
    operation_id = "read_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status.", body = Status))
)]
async fn read_status(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (id, viewer) = (status_in(&path)?, viewer(&request, &state, READ_STATUSES).await);
    let statuses = state.services.status_reading.clone();
    let found = freshness::read(&request, &state, || None, move || statuses.find(viewer, id)).await?;
    Ok(HttpResponse::Ok().json(Presenter::new(&state, viewer).status(&found)))
}

/// Returns the thread of a status.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}/context",
    tag = "statuses",
    operation_id = "read_context",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The thread, without the status itself.", body = Context))
)]
async fn read_context(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (id, viewer) = (status_in(&path)?, viewer(&request, &state, READ_STATUSES).await);
    let statuses = state.services.status_reading.clone();
    let found = freshness::read(&request, &state, || None, move || statuses.find_context(viewer, id)).await?;
    let presenter = Presenter::new(&state, viewer);
    Ok(HttpResponse::Ok().json(Context {
        ancestors: presenter.statuses(&found.ancestors),
        descendants: presenter.statuses(&found.descendants),
    }))
}

/// Returns a status as its author typed it.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}/source",
    tag = "statuses",
    operation_id = "read_source",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The text.", body = StatusSource))
)]
async fn read_source(
    state: web::Data<State>,
    path: web::Path<String>,
    Authorized(grant): Authorized,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (id, viewer) = (status_in(&path)?, Some(grant.user));
    let statuses = state.services.status_reading.clone();
    let found = freshness::read(&request, &state, || None, move || statuses.find_source(viewer, id)).await?;
    Ok(HttpResponse::Ok().json(StatusSource {
        id: found.id.into(),
        text: found.text.clone(),
        spoiler_text: found.spoiler_text.clone(),
    }))
}

/// Returns the versions of a status.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}/history",
    tag = "statuses",
    operation_id = "read_history",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The first version first, and the present one last.", body = [StatusEdit]))
)]
async fn read_history(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (id, viewer) = (status_in(&path)?, viewer(&request, &state, READ_STATUSES).await);
    let statuses = state.services.status_reading.clone();
    let found = freshness::read(&request, &state, || None, move || statuses.find_history(viewer, id)).await?;
    let presenter = Presenter::new(&state, viewer);
    let versions: Vec<StatusEdit> =
        found.versions.iter().map(|version| presenter.version(&found.view, version)).collect();
    Ok(HttpResponse::Ok().json(versions))
}

/// Returns the accounts that have boosted a status.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}/reblogged_by",
    tag = "statuses",
    operation_id = "list_rebloggers",
    params(("id" = String, Path, description = "The status's number."), PageQuery),
    responses((status = 200, description = "The last one first.", body = [Account]))
)]
async fn list_rebloggers(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    list_reactors(&state, &path, &request, Reaction::Reblog).await
}

/// Returns the accounts that have made a status one of their favourites.
#[utoipa::path(
    get,
    path = "/api/v1/statuses/{id}/favourited_by",
    tag = "statuses",
    operation_id = "list_favouriters",
    params(("id" = String, Path, description = "The status's number."), PageQuery),
    responses((status = 200, description = "The last one first.", body = [Account]))
)]
async fn list_favouriters(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    list_reactors(&state, &path, &request, Reaction::Favourite).await
}

async fn list_reactors(
    state: &State,
    path: &str,
    request: &HttpRequest,
    reaction: Reaction,
) -> Result<HttpResponse, Failure> {
    let (id, viewer) = (status_in(path)?, viewer(request, state, READ_STATUSES).await);
    let page = MastodonPage::of(request, &state.instance.public_url, ACCOUNTS);
    let (wanted, statuses) = (*page.request(), state.services.status_reading.clone());
    let read = move || statuses.find_reactors(viewer, id, reaction, &wanted);
    let found = freshness::read(request, state, || None, read).await?;
    let neighbours = found.accounts.first().zip(found.accounts.last()).map(|((newest, _), (oldest, _))| {
        Neighbours { oldest: *oldest, newest: *newest, has_older: found.has_older }
    });
    let presenter = Presenter::new(state, viewer);
    let accounts: Vec<Account> =
        found.accounts.iter().map(|(_, account)| presenter.account(account)).collect();
    Ok(page.respond(&accounts, neighbours.as_ref()))
}
