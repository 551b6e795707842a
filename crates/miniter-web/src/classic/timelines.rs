//! Reading timelines.

use actix_web::http::header::{ContentType, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{TimelinePage, UserId};
use miniter_service::ServiceError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::classic::page::{PageQuery, rules};
use crate::classic::problem::Code;
use crate::http::auth::Authorized;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::page::{Neighbours, WantedPage};
use crate::http::state::State;

/// A part of a user's timeline.
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

/// The codes that this operation alone decides on.
pub(super) const OWN_TIMELINE_PROBLEMS: &[Code] =
    &[Code::InvalidQuery, Code::InvalidLimit, Code::InvalidCursor, Code::Internal, Code::Unavailable];

/// Reads one's own timeline: one's own tweets and those of everyone one follows, each once.
#[utoipa::path(
    get,
    path = "/timeline",
    tag = "miniter",
    params(PageQuery),
    responses(
        (status = 200, description = "The timeline, or the part that was asked for.", body = TimelineResponse<'static>,
            headers(("Link" = String, description = "RFC 8288: `next` leads to older entries, `prev` to newer ones.")))
    )
)]
pub(crate) async fn read_own_timeline(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let (actor, timelines) = (grant.user, state.services.timelines.clone());
    let wanted = WantedPage::parse(request.query_string(), rules(&timelines))?;
    let page_request = wanted.request;
    let cached = || state.services.timelines.cached(actor, &page_request);
    let page =
        freshness::read(&request, &state, cached, move || timelines.read_own(actor, &page_request)).await?;
    respond(actor, "/timeline", &wanted, &page)
}

/// The codes that this operation alone decides on.
pub(super) const TIMELINE_PROBLEMS: &[Code] = &[
    Code::InvalidQuery,
    Code::InvalidLimit,
    Code::InvalidCursor,
    Code::UserNotFound,
    Code::Internal,
    Code::Unavailable,
];

/// Reads anybody's timeline.
#[utoipa::path(
    get,
    path = "/timeline/{user_id}",
    tag = "miniter",
    params(("user_id" = u64, Path, description = "The user's number.", example = 1), PageQuery),
    responses(
        (status = 200, description = "The timeline, or the part that was asked for.", body = TimelineResponse<'static>,
            headers(("Link" = String, description = "RFC 8288: `next` leads to older entries, `prev` to newer ones.")))
    )
)]
pub(crate) async fn read_timeline(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    // A text that is no number is no user's id.
    let user = UserId::parse(&path).map_err(|_| ServiceError::UserNotFound)?;
    let timelines = state.services.timelines.clone();
    let wanted = WantedPage::parse(request.query_string(), rules(&timelines))?;
    let page_request = wanted.request;
    let cached = || state.services.timelines.cached(user, &page_request);
    let page = freshness::read(&request, &state, cached, move || timelines.read(user, &page_request)).await?;
    respond(user, &format!("/timeline/{user}"), &wanted, &page)
}

/// The targets of its links are relative references: they hold behind any proxy that keeps the path.
fn respond(
    user: UserId,
    path: &str,
    wanted: &WantedPage,
    page: &TimelinePage,
) -> Result<HttpResponse, Failure> {
    let mut response = HttpResponse::Ok();
    if let (Some(oldest), Some(newest)) = (page.entries.first(), page.entries.last()) {
        let neighbours = Neighbours { oldest: oldest.id, newest: newest.id, has_older: page.has_older };
        response.insert_header((LINK, wanted.link_header(path, &neighbours)));
    }
    let body = to_json(user, page).map_err(Failure::internal)?;
    Ok(response.content_type(ContentType::json()).body(body))
}

/// What an entry takes in JSON beside its text, in bytes.
const ENTRY_OVERHEAD: usize = 48;

/// A [`TimelineResponse`]. Most of what a read takes of its own is this: so there is room for all of it at once, and a text
/// in which nothing has to be escaped, as in most, is copied as a whole.
fn to_json(user: UserId, page: &TimelinePage) -> serde_json::Result<Vec<u8>> {
    let size: usize = page.entries.iter().map(|entry| ENTRY_OVERHEAD + entry.text.len()).sum();
    let mut json = Vec::with_capacity(ENTRY_OVERHEAD + size);
    json.extend_from_slice(br#"{"user_id":"#);
    serde_json::to_writer(&mut json, &user.get())?;
    json.extend_from_slice(br#","timeline":["#);
    for (index, entry) in page.entries.iter().enumerate() {
        json.extend_from_slice(if index == 0 { br#"{"user_id":"# } else { br#",{"user_id":"# });
        serde_json::to_writer(&mut json, &entry.author.get())?;
        json.extend_from_slice(br#","tweet":"#);
        if has_to_be_escaped(&entry.text) {
            serde_json::to_writer(&mut json, &*entry.text)?;
        } else {
            json.push(b'"');
            json.extend_from_slice(entry.text.as_bytes());
            json.push(b'"');
        }
        json.push(b'}');
    }
    json.extend_from_slice(b"]}");
    Ok(json)
}

/// Whether a text holds what JSON escapes. It goes on to the end, many bytes at a time.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the bytes are compared side by side")]
fn has_to_be_escaped(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use miniter_domain::{Status, StatusId};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_is_written_as_its_schema_says(
            texts in prop::collection::vec((any::<i64>(), r#"\PC{0,40}|(?s).{0,20}|["\\\x00-\x7f가]{0,20}"#), 0..4),
        ) {
            let entries = texts.iter().map(|(author, text)| {
                let (id, author) = (StatusId::new(1), UserId::new(*author));
                Arc::new(Status::plain(id, author, text.clone(), chrono::DateTime::UNIX_EPOCH))
            });
            let page = TimelinePage { entries: entries.collect(), has_older: false };
            let timeline = texts.iter().map(|(user_id, tweet)| EntryResponse { user_id: *user_id, tweet }).collect();
            let expected = serde_json::to_vec(&TimelineResponse { user_id: 7, timeline }).unwrap();
            prop_assert_eq!(to_json(UserId::new(7), &page).unwrap(), expected);
        }
    }
}
