//! Reading timelines.

use std::borrow::Cow;

use actix_web::http::header::{ContentType, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{Entry, Status, TimelinePage, UserId};
use miniter_service::{Scope, Scopes, ServiceError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::classic::page::{PageQuery, rules};
use crate::classic::problem::Code;
use crate::http::auth::Authorized;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::page::{Neighbours, WantedPage};
use crate::http::state::State;
use crate::http::viewer::viewer;

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
    /// Its text. A content warning stands before it, with a blank line between them.
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
    let cached = || state.services.timelines.cached(actor, Some(actor), &page_request);
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

/// Reads anybody's timeline: what anybody may see of it, and with a token what its user may see.
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
    let viewer = viewer(&request, &state, Scopes::of(&[Scope::ReadStatuses])).await;
    let cached = || state.services.timelines.cached(user, viewer, &page_request);
    let read = move || timelines.read(user, viewer, &page_request);
    let page = freshness::read(&request, &state, cached, read).await?;
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
        let neighbours =
            Neighbours { oldest: oldest.status.id, newest: newest.status.id, has_older: page.has_older };
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
    let size: usize = page.entries.iter().map(|entry| ENTRY_OVERHEAD + entry.status.text.len()).sum();
    let mut json = Vec::with_capacity(ENTRY_OVERHEAD + size);
    json.extend_from_slice(br#"{"user_id":"#);
    serde_json::to_writer(&mut json, &user.get())?;
    json.extend_from_slice(br#","timeline":["#);
    for (index, Entry { status, .. }) in page.entries.iter().enumerate() {
        json.extend_from_slice(if index == 0 { br#"{"user_id":"# } else { br#",{"user_id":"# });
        serde_json::to_writer(&mut json, &status.author.get())?;
        json.extend_from_slice(br#","tweet":"#);
        let text = text_of(status);
        if has_to_be_escaped(&text) {
            serde_json::to_writer(&mut json, &*text)?;
        } else {
            json.push(b'"');
            json.extend_from_slice(text.as_bytes());
            json.push(b'"');
        }
        json.push(b'}');
    }
    json.extend_from_slice(b"]}");
    Ok(json)
}

/// The text of a status. A content warning stands before it, with a blank line between them.
fn text_of(status: &Status) -> Cow<'_, str> {
    match (status.spoiler_text.as_str(), status.text.as_str()) {
        ("", text) => Cow::Borrowed(text),
        (warning, "") => Cow::Borrowed(warning),
        (warning, text) => Cow::Owned(format!("{warning}\n\n{text}")),
    }
}

/// Whether a text holds what JSON escapes. It goes on to the end, many bytes at a time.
#[expect(clippy::needless_bitwise_bool, reason = "without branches the bytes are compared side by side")]
fn has_to_be_escaped(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < b' ') | (byte == b'"') | (byte == b'\\'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use miniter_domain::StatusId;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_is_written_as_its_schema_says(
            texts in prop::collection::vec((any::<i64>(), r#"\PC{0,40}|(?s).{0,20}|["\\\x00-\x7f가]{0,20}"#), 0..4),
        ) {
            let entries = texts.iter().map(|(author, text)| {
                let (id, author) = (StatusId::new(1), UserId::new(*author));
                let status = Arc::new(Status::plain(id, author, text.clone(), chrono::DateTime::UNIX_EPOCH));
                Entry { status, original: None }
            });
            let page = TimelinePage { entries: entries.collect(), has_older: false };
            let timeline = texts.iter().map(|(user_id, tweet)| EntryResponse { user_id: *user_id, tweet }).collect();
            let expected = serde_json::to_vec(&TimelineResponse { user_id: 7, timeline }).unwrap();
            prop_assert_eq!(to_json(UserId::new(7), &page).unwrap(), expected);
        }
    }

    #[test]
    fn a_content_warning_stands_before_the_text_with_a_blank_line_between() {
        for (warning, text, expected) in [
            ("", "text", "text"),
            ("careful", "text", r"careful\n\ntext"),
            (r#"a "b""#, "text", r#"a \"b\"\n\ntext"#),
            // As media have it.
            ("careful", "", "careful"),
        ] {
            let plain =
                Status::plain(StatusId::new(1), UserId::new(9), text.into(), chrono::DateTime::UNIX_EPOCH);
            let status = Arc::new(Status { spoiler_text: warning.into(), ..plain });
            let page = TimelinePage { entries: vec![Entry { status, original: None }], has_older: false };
            let json = String::from_utf8(to_json(UserId::new(7), &page).unwrap()).unwrap();
            assert_eq!(json, format!(r#"{{"user_id":7,"timeline":[{{"user_id":9,"tweet":"{expected}"}}]}}"#));
        }
    }
}
