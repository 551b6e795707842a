//! Timelines: home, public, and the statuses of an account.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{Collection, PageRequest, ProfileFilter, TagName, UserId};
use miniter_service::{Scope, Scopes, ServiceError, StatusPage};
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
use crate::mastodon::entities::status::Status;
use crate::mastodon::page::{MastodonPage, PageQuery, STATUSES};
use crate::mastodon::presenter::Presenter;
use crate::mastodon::{Part, get, needs};

pub(super) const PART: Part = Part { endpoints, document: TimelinesApi::openapi };

/// The scope of a token with which a user sees more than anybody.
pub(super) const READ_STATUSES: Scopes = Scopes::of(&[Scope::ReadStatuses]);

fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/timelines/home", needs(Scope::ReadStatuses), |route| route.to(read_home)),
        get("/api/v1/timelines/public", Access::Anyone, |route| route.to(read_public)),
        get("/api/v1/accounts/{id}/statuses", Access::Anyone, |route| route.to(read_account)),
        get("/api/v1/favourites", needs(Scope::ReadFavourites), |route| route.to(read_favourites)),
        get("/api/v1/bookmarks", needs(Scope::ReadBookmarks), |route| route.to(read_bookmarks)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(read_home, read_public, read_account, read_favourites, read_bookmarks))]
struct TimelinesApi;

/// Returns the reader's home timeline: the statuses of the reader and of those whom the reader follows.
#[utoipa::path(
    get,
    path = "/api/v1/timelines/home",
    tag = "timelines",
    operation_id = "read_home_timeline",
    params(PageQuery),
    responses((status = 200, description = "The newest first.", body = [Status]))
)]
async fn read_home(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let page = page_of(&request, &state);
    let (actor, wanted) = (grant.user, *page.request());
    let statuses = state.services.status_reading.clone();
    let cached = || state.services.status_reading.cached_home(actor, &wanted);
    let found = freshness::read(&request, &state, cached, move || statuses.read_home(actor, &wanted)).await?;
    Ok(respond(&state, Some(actor), &page, &found))
}

/// What is wanted of the public timeline.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct PublicParams {
    /// Only statuses with media.
    #[serde(deserialize_with = "lenient::boolean")]
    only_media: Option<bool>,
    /// Only statuses of other servers, of which there are none.
    #[serde(deserialize_with = "lenient::boolean")]
    remote: Option<bool>,
}

/// Returns the public timeline: what is meant for everybody, without boosts and without replies to others.
#[utoipa::path(
    get,
    path = "/api/v1/timelines/public",
    tag = "timelines",
    operation_id = "read_public_timeline",
    params(PublicParams, PageQuery),
    responses((status = 200, description = "The newest first.", body = [Status]))
)]
async fn read_public(
    state: web::Data<State>,
    QueryParams(params): QueryParams<PublicParams>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let page = page_of(&request, &state);
    let (viewer, wanted) = (viewer(&request, &state, READ_STATUSES).await, *page.request());
    // No status has media yet.
    if params.only_media == Some(true) || params.remote == Some(true) {
        return Ok(respond(&state, viewer, &page, &NOTHING));
    }
    let statuses = state.services.status_reading.clone();
    let found =
        freshness::read(&request, &state, || None, move || statuses.read_public(viewer, &wanted)).await?;
    Ok(respond(&state, viewer, &page, &found))
}

/// Which statuses of an account are wanted.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct AccountParams {
    /// No replies to others.
    #[serde(deserialize_with = "lenient::boolean")]
    exclude_replies: Option<bool>,
    /// No boosts.
    #[serde(deserialize_with = "lenient::boolean")]
    exclude_reblogs: Option<bool>,
    /// Only statuses with media.
    #[serde(deserialize_with = "lenient::boolean")]
    only_media: Option<bool>,
    /// Only those at the top of the profile.
    #[serde(deserialize_with = "lenient::boolean")]
    pinned: Option<bool>,
    /// Only those with this hashtag.
    #[serde(deserialize_with = "lenient::text")]
    tagged: Option<String>,
}

/// Returns the statuses of an account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{id}/statuses",
    tag = "accounts",
    operation_id = "read_account_statuses",
    params(("id" = String, Path, description = "The account's number."), AccountParams, PageQuery),
    responses((status = 200, description = "The newest first.", body = [Status]))
)]
async fn read_account(
    state: web::Data<State>,
    path: web::Path<String>,
    QueryParams(params): QueryParams<AccountParams>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let account = UserId::parse(&path).map_err(|_| ServiceError::UserNotFound)?;
    let page = page_of(&request, &state);
    let viewer = viewer(&request, &state, READ_STATUSES).await;
    let tagged = params.tagged.filter(|tag| !tag.is_empty());
    let tag = tagged.as_deref().and_then(TagName::parse);
    let is_empty = params.only_media == Some(true) || (tagged.is_some() && tag.is_none());
    let filter = ProfileFilter {
        exclude_replies: params.exclude_replies == Some(true),
        exclude_reblogs: params.exclude_reblogs == Some(true),
        only_pinned: params.pinned == Some(true),
        tag: tag.map(TagName::into_string),
    };
    // Also of an account without such statuses it must be known whether it exists.
    let wanted = PageRequest { limit: if is_empty { 1 } else { page.request().limit }, ..*page.request() };
    let statuses = state.services.status_reading.clone();
    let read = move || statuses.read_account(viewer, account, filter, &wanted);
    let found = freshness::read(&request, &state, || None, read).await?;
    let found = if is_empty { NOTHING } else { found };
    Ok(respond(&state, viewer, &page, &found))
}

/// Returns the statuses that are the reader's favourites. The cursors in `Link` are not the statuses' numbers.
#[utoipa::path(
    get,
    path = "/api/v1/favourites",
    tag = "timelines",
    operation_id = "list_favourites",
    params(PageQuery),
    responses((status = 200, description = "What was added last first.", body = [Status]))
)]
async fn read_favourites(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    read_collection(&state, grant.user, Collection::Favourites, &request).await
}

/// Returns the statuses that the reader has bookmarked. The cursors in `Link` are not the statuses' numbers.
#[utoipa::path(
    get,
    path = "/api/v1/bookmarks",
    tag = "timelines",
    operation_id = "list_bookmarks",
    params(PageQuery),
    responses((status = 200, description = "What was added last first.", body = [Status]))
)]
async fn read_bookmarks(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    read_collection(&state, grant.user, Collection::Bookmarks, &request).await
}

async fn read_collection(
    state: &State,
    actor: UserId,
    collection: Collection,
    request: &HttpRequest,
) -> Result<HttpResponse, Failure> {
    let page = page_of(request, state);
    let (wanted, statuses) = (*page.request(), state.services.status_reading.clone());
    let read = move || statuses.read_collection(actor, collection, &wanted);
    let found = freshness::read(request, state, || None, read).await?;
    let neighbours =
        found.ends.map(|(oldest, newest)| Neighbours { oldest, newest, has_older: found.has_older });
    let entities = Presenter::new(state, Some(actor)).statuses(&found.statuses);
    Ok(page.respond(&entities, neighbours.as_ref()))
}

/// A page without statuses.
const NOTHING: StatusPage = StatusPage { statuses: Vec::new(), has_older: false };

fn page_of(request: &HttpRequest, state: &State) -> MastodonPage {
    MastodonPage::of(request, &state.instance.public_url, STATUSES)
}

fn respond(state: &State, reader: Option<UserId>, page: &MastodonPage, found: &StatusPage) -> HttpResponse {
    let neighbours = found.statuses.first().zip(found.statuses.last()).map(|(newest, oldest)| Neighbours {
        oldest: oldest.status.id,
        newest: newest.status.id,
        has_older: found.has_older,
    });
    let entities = Presenter::new(state, reader).statuses(&found.statuses);
    page.respond(&entities, neighbours.as_ref())
}
