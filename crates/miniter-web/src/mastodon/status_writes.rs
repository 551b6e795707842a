//! Writing statuses: publishing, editing and deleting them.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use miniter_domain::{StatusId, Visibility};
use miniter_service::{Scope, ServiceError, StatusDraft, StatusRevision};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::idempotency_key::idempotency_key;
use crate::http::state::State;
use crate::mastodon::entities::status::Status;
use crate::mastodon::presenter::Presenter;
use crate::mastodon::{Part, needs, status_in, write};

pub(super) const PART: Part = Part { endpoints, document: StatusWritesApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    let writes = needs(Scope::WriteStatuses);
    vec![
        write(Method::Post, "/api/v1/statuses", writes, |route| route.to(publish)),
        write(Method::Put, "/api/v1/statuses/{id}", writes, |route| route.to(edit)),
        write(Method::Delete, "/api/v1/statuses/{id}", writes, |route| route.to(delete)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(publish, edit, delete))]
struct StatusWritesApi;

/// A new status.
#[derive(Deserialize, ToSchema)]
struct NewStatus {
    /// The text: 1 to 300 characters, of which a URL has 23.
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(example = "Hello @song, hello #world")]
    status: Option<String>,
    /// The status that it replies to.
    #[serde(default, deserialize_with = "lenient::text")]
    in_reply_to_id: Option<String>,
    /// Whether media are hidden at first. If it is not given: as the account has it.
    #[serde(default, deserialize_with = "lenient::boolean")]
    sensitive: Option<bool>,
    /// The content warning. Without a text it is the text.
    #[serde(default, deserialize_with = "lenient::text")]
    spoiler_text: Option<String>,
    /// `public`, `unlisted`, `private` or `direct`. If it is not given: as the account has it.
    #[serde(default, deserialize_with = "lenient::text")]
    visibility: Option<String>,
    /// ISO 639-1. If it is not given: as the account has it.
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(flatten)]
    attachments: Attachments,
    /// When it is to be published. Not supported yet.
    #[serde(default, deserialize_with = "lenient::text")]
    scheduled_at: Option<String>,
}

/// What a status is to say from now on.
#[derive(Deserialize, ToSchema)]
struct EditedStatus {
    /// The text: 1 to 300 characters, of which a URL has 23.
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    /// Whether media are hidden at first.
    #[serde(default, deserialize_with = "lenient::boolean")]
    sensitive: Option<bool>,
    /// The content warning. Without a text it is the text.
    #[serde(default, deserialize_with = "lenient::text")]
    spoiler_text: Option<String>,
    /// ISO 639-1. If it is not given, it stays.
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(flatten)]
    attachments: Attachments,
}

/// What a status has besides its text.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
struct Attachments {
    /// Pictures. Not supported yet.
    #[serde(deserialize_with = "lenient::list_or_item")]
    #[schema(value_type = Vec<String>)]
    media_ids: Vec<Value>,
    /// A poll. Not supported yet.
    #[schema(value_type = Option<Object>)]
    poll: Option<Value>,
}

impl Attachments {
    /// Refuses what a status cannot have yet: nothing that somebody has added may get lost.
    fn check(&self) -> Result<(), Failure> {
        if !self.media_ids.is_empty() {
            return Err(unfit("Media attachments are not supported"));
        }
        // An empty one is none: some clients send it with every status.
        let is_poll = match &self.poll {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
            Some(Value::Bool(true) | Value::Number(_)) => true,
        };
        if is_poll { Err(unfit("Polls are not supported")) } else { Ok(()) }
    }
}

fn unfit(note: &str) -> Failure {
    Failure::UnfitBody { note: note.to_owned() }
}

/// A visibility, as clients write it. An empty one is not given.
pub(super) fn visibility_of(name: Option<&str>) -> Result<Option<Visibility>, Failure> {
    let parse = |name| {
        Visibility::of_name(name)
            .ok_or_else(|| unfit("Visibility must be public, unlisted, private or direct"))
    };
    name.filter(|name| !name.is_empty()).map(parse).transpose()
}

impl TryFrom<NewStatus> for StatusDraft {
    type Error = Failure;

    fn try_from(new: NewStatus) -> Result<Self, Failure> {
        new.attachments.check()?;
        if new.scheduled_at.is_some_and(|moment| !moment.is_empty()) {
            return Err(unfit("Scheduled statuses are not supported"));
        }
        let parent = new.in_reply_to_id.as_deref().filter(|id| !id.is_empty());
        let in_reply_to = parent.map(StatusId::parse).transpose();
        Ok(Self {
            text: new.status.unwrap_or_default(),
            spoiler_text: new.spoiler_text.unwrap_or_default(),
            is_sensitive: new.sensitive,
            visibility: visibility_of(new.visibility.as_deref())?,
            language: new.language,
            in_reply_to: in_reply_to.map_err(|_| ServiceError::InReplyToNotFound)?,
            application: None,
            key: None,
        })
    }
}

/// Publishes a status.
#[utoipa::path(
    post,
    path = "/api/v1/statuses",
    tag = "statuses",
    operation_id = "publish_status",
    request_body = NewStatus,
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
            description = "Anything that the client has not used for another status. For 24 hours the same request under the same \
                key publishes one status and is answered alike; another request under it is 422.")
    ),
    responses((status = 200, description = "It is published.", body = Status))
)]
async fn publish(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Params(new): Params<NewStatus>,
    request: HttpRequest,
) -> Result<web::Json<Status>, Failure> {
    let key = idempotency_key(&request)?;
    let draft = StatusDraft { application: grant.app, key, ..StatusDraft::try_from(new)? };
    let (actor, statuses) = (grant.user, state.services.statuses.clone());
    let reading = state.services.status_reading.clone();
    let publish = move || reading.show_written(actor, Arc::new(statuses.publish(actor, draft)?));
    let view = state.bulkheads.write.run_for(actor, publish).await?;
    Ok(web::Json(Presenter::new(&state, Some(actor)).status(&view)))
}

/// Changes what a status says. The versions before stay in its history.
#[utoipa::path(
    put,
    path = "/api/v1/statuses/{id}",
    tag = "statuses",
    operation_id = "edit_status",
    params(("id" = String, Path, description = "The status's number.")),
    request_body = EditedStatus,
    responses((status = 200, description = "The status as it is then.", body = Status))
)]
async fn edit(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    Params(edited): Params<EditedStatus>,
) -> Result<web::Json<Status>, Failure> {
    let id = status_in(&path)?;
    edited.attachments.check()?;
    let revision = StatusRevision {
        text: edited.status.unwrap_or_default(),
        spoiler_text: edited.spoiler_text.unwrap_or_default(),
        is_sensitive: edited.sensitive == Some(true),
        language: edited.language,
    };
    let (actor, statuses) = (grant.user, state.services.statuses.clone());
    let reading = state.services.status_reading.clone();
    let edit = move || reading.show_written(actor, statuses.edit(actor, id, revision)?);
    let view = state.bulkheads.write.run_for(actor, edit).await?;
    Ok(web::Json(Presenter::new(&state, Some(actor)).status(&view)))
}

/// Deletes a status, and returns it with its text as it was typed, so that it can be written anew.
#[utoipa::path(
    delete,
    path = "/api/v1/statuses/{id}",
    tag = "statuses",
    operation_id = "delete_status",
    params(("id" = String, Path, description = "The status's number.")),
    responses((status = 200, description = "The status as it was.", body = Status))
)]
async fn delete(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Result<web::Json<Status>, Failure> {
    let id = status_in(&path)?;
    let (actor, statuses) = (grant.user, state.services.statuses.clone());
    let reading = state.services.status_reading.clone();
    let delete = move || reading.show_written(actor, statuses.delete(actor, id)?);
    let view = state.bulkheads.write.run_for(actor, delete).await?;
    let shown = Presenter::new(&state, Some(actor)).status(&view);
    Ok(web::Json(Status { text: Some(view.status.text.clone()), ..shown }))
}
