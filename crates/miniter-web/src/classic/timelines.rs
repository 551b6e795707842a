//! Reading timelines.

use actix_web::http::header::{ContentType, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{TimelinePage, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::classic::page::{PageQuery, WantedPage};
use crate::http::auth::Actor;
use crate::http::freshness;
use crate::http::problem::{ApiError, Code, problems};
use crate::state::State;

/// A part of somebody's timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimelineResponse<'a> {
    /// Whose timeline it is.
    #[schema(example = 1)]
    user_id: i64,
    /// Oldest first.
    timeline: Vec<EntryResponse<'a>>,
}

/// A tweet in a timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryResponse<'a> {
    /// Who wrote it.
    #[schema(example = 1)]
    user_id: i64,
    #[schema(example = "My first tweet")]
    tweet: &'a str,
}

problems!(OwnTimelineProblems: InvalidQuery, InvalidLimit, InvalidCursor, TokenMissing, TokenInvalid, TokenExpired,
    RateLimited, Internal,
    Unavailable);

/// Reads one's own timeline: one's own tweets and those of everyone one follows, each once.
#[utoipa::path(
    get,
    path = "/timeline",
    tag = "miniter",
    params(PageQuery),
    security(("token" = []), ("bearer" = [])),
    responses(
        (status = 200, description = "The timeline, or the part that was asked for.", body = TimelineResponse<'static>,
            headers(("Link" = String, description = "RFC 8288: `next` leads to older entries, `prev` to newer ones."))),
        OwnTimelineProblems
    )
)]
pub(crate) async fn read_own_timeline(
    state: web::Data<State>,
    Actor(actor): Actor,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let timelines = state.services.timelines.clone();
    let wanted = WantedPage::parse(request.query_string(), &timelines)?;
    let page_request = wanted.request;
    let cached = || state.services.timelines.cached(actor, &page_request);
    let page =
        freshness::read(&request, &state, cached, move || timelines.read_own(actor, &page_request)).await?;
    respond(actor, "/timeline", &wanted, &page)
}

problems!(TimelineProblems: InvalidQuery, InvalidLimit, InvalidCursor, UserNotFound, RateLimited, Internal,
    Unavailable);

/// Reads anybody's timeline.
#[utoipa::path(
    get,
    path = "/timeline/{user_id}",
    tag = "miniter",
    params(("user_id" = u64, Path, description = "The user's number.", example = 1), PageQuery),
    responses(
        (status = 200, description = "The timeline, or the part that was asked for.", body = TimelineResponse<'static>,
            headers(("Link" = String, description = "RFC 8288: `next` leads to older entries, `prev` to newer ones."))),
        TimelineProblems
    )
)]
pub(crate) async fn read_timeline(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    // What is no number is nobody's.
    let user = UserId::parse(&path).map_err(|_| Code::UserNotFound)?;
    let timelines = state.services.timelines.clone();
    let wanted = WantedPage::parse(request.query_string(), &timelines)?;
    let page_request = wanted.request;
    let cached = || state.services.timelines.cached(user, &page_request);
    let page = freshness::read(&request, &state, cached, move || timelines.read(user, &page_request)).await?;
    respond(user, &format!("/timeline/{user}"), &wanted, &page)
}

/// What an entry takes in JSON beside its text, in bytes.
const ENTRY_OVERHEAD: usize = 48;

fn respond(
    user: UserId,
    path: &str,
    wanted: &WantedPage,
    page: &TimelinePage,
) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    if let Some(links) = wanted.link_header(path, page) {
        response.insert_header((LINK, links));
    }
    let timeline = page
        .entries
        .iter()
        .map(|entry| EntryResponse { user_id: entry.author.get(), tweet: &entry.text })
        .collect();
    // Room for all of it at once, unless a text has much to escape: else it would be moved again and again as it grows.
    let size: usize = page.entries.iter().map(|entry| ENTRY_OVERHEAD + entry.text.len()).sum();
    let mut body = Vec::with_capacity(ENTRY_OVERHEAD + size);
    serde_json::to_writer(&mut body, &TimelineResponse { user_id: user.get(), timeline })
        .map_err(|error| ApiError::from(Code::Internal).with_cause(error.into()))?;
    Ok(response.content_type(ContentType::json()).body(body))
}
