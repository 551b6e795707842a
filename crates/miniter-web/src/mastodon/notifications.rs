//! What others did that concerns the user.

use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{NotificationId, NotificationKind, NotificationQuery, StatusId, UserId};
use miniter_service::{MOST_UNREAD, Scope, ServiceError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{OpenApi, ToSchema};

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::{Params, QueryParams};
use crate::http::endpoint::{Endpoint, Method};
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::page::Neighbours;
use crate::http::state::State;
use crate::mastodon::entities::notification::Notification;
use crate::mastodon::page::{MastodonPage, NOTIFICATIONS, PageQuery};
use crate::mastodon::presenter::Presenter;
use crate::mastodon::{Part, get, needs, write};

pub(super) const PART: Part = Part { endpoints, document: NotificationsApi::openapi };

/// How many unread notifications are counted for a client that names no limit.
const DEFAULT_UNREAD: u32 = 100;

fn endpoints() -> Vec<Endpoint> {
    let writes = needs(Scope::WriteNotifications);
    let reads = needs(Scope::ReadNotifications);
    vec![
        get("/api/v1/notifications", reads, |route| route.to(list)),
        get("/api/v1/notifications/{id}", reads, |route| route.to(read)),
        get("/api/v1/notifications/unread_count", reads, |route| route.to(count_unread)),
        write(Method::Post, "/api/v1/notifications/clear", writes, |route| route.to(clear)),
        write(Method::Post, "/api/v1/notifications/{id}/dismiss", writes, |route| route.to(dismiss)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list, read, count_unread, clear, dismiss))]
struct NotificationsApi;

/// Which notifications are wanted.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    #[serde(deserialize_with = "lenient::integer")]
    limit: Option<u32>,
    #[serde(deserialize_with = "lenient::list_or_item")]
    types: Vec<String>,
    #[serde(deserialize_with = "lenient::list_or_item")]
    exclude_types: Vec<String>,
    #[serde(deserialize_with = "lenient::integer")]
    account_id: Option<i64>,
}

impl Filter {
    /// The newest notifications that are wanted. Kinds that this server does not have are ignored.
    fn query(&self, default: u32, cap: u32) -> NotificationQuery {
        let is_named =
            |names: &[String], kind: NotificationKind| names.iter().any(|name| name == kind.name());
        let is_wanted = |kind: &NotificationKind| {
            (self.types.is_empty() || is_named(&self.types, *kind)) && !is_named(&self.exclude_types, *kind)
        };
        let limit = self.limit.filter(|limit| *limit > 0).unwrap_or(default).min(cap);
        NotificationQuery {
            kinds: NotificationKind::ALL.into_iter().filter(is_wanted).collect(),
            from: self.account_id.map(UserId::new),
            ..NotificationQuery::newest(limit)
        }
    }
}

/// Returns what others did that concerns the user.
#[utoipa::path(
    get,
    path = "/api/v1/notifications",
    tag = "notifications",
    operation_id = "list_notifications",
    params(
        PageQuery,
        ("types[]" = Option<Vec<String>>, Query, description = "Only of these types"),
        ("exclude_types[]" = Option<Vec<String>>, Query, description = "None of these types"),
        ("account_id" = Option<String>, Query, description = "Only of what this account did")
    ),
    responses((status = 200, description = "The newest first.", body = [Notification],
        headers(("Link" = String, description = "The neighbouring pages."))))
)]
async fn list(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    QueryParams(filter): QueryParams<Filter>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let page = MastodonPage::of(&request, &state.instance.public_url, NOTIFICATIONS);
    let (actor, wanted) = (grant.user, page.request());
    let cursor = |id: Option<StatusId>| id.map(|id| NotificationId::new(id.get()));
    let query = NotificationQuery {
        max_id: cursor(wanted.max_id),
        since_id: cursor(wanted.since_id),
        min_id: cursor(wanted.min_id),
        ..filter.query(wanted.limit, wanted.limit)
    };
    let notifications = state.services.notifications.clone();
    let found = freshness::read(&request, &state, || None, move || notifications.list(actor, &query)).await?;
    let ends = found.notifications.first().zip(found.notifications.last());
    let neighbours = ends.map(|(newest, oldest)| Neighbours {
        oldest: oldest.notification.id,
        newest: newest.notification.id,
        has_older: found.has_older,
    });
    let presenter = Presenter::new(&state, Some(actor));
    let entities: Vec<Notification> =
        found.notifications.iter().map(|view| presenter.notification(view)).collect();
    Ok(page.respond(&entities, neighbours.as_ref()))
}

/// Returns a notification.
#[utoipa::path(
    get,
    path = "/api/v1/notifications/{id}",
    tag = "notifications",
    operation_id = "read_notification",
    params(("id" = String, Path, description = "The notification")),
    responses((status = 200, description = "The notification.", body = Notification))
)]
async fn read(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<Notification>, Failure> {
    let id = NotificationId::parse(&path).ok_or(ServiceError::NotificationNotFound)?;
    let (actor, notifications) = (grant.user, state.services.notifications.clone());
    let found = freshness::read(&request, &state, || None, move || notifications.find(actor, id)).await?;
    Ok(web::Json(Presenter::new(&state, Some(actor)).notification(&found)))
}

/// How many notifications the user has not read.
#[derive(Serialize, ToSchema)]
struct UnreadCount {
    /// At most as many as the request counts.
    count: usize,
}

/// Returns how many notifications are newer than the marker `notifications`.
#[utoipa::path(
    get,
    path = "/api/v1/notifications/unread_count",
    tag = "notifications",
    operation_id = "count_unread_notifications",
    params(
        ("limit" = Option<u32>, Query, description = "The most to count, at most 1000", example = 100),
        ("types[]" = Option<Vec<String>>, Query, description = "Only of these types"),
        ("exclude_types[]" = Option<Vec<String>>, Query, description = "None of these types"),
        ("account_id" = Option<String>, Query, description = "Only of what this account did")
    ),
    responses((status = 200, description = "The number.", body = UnreadCount))
)]
async fn count_unread(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Params(filter): Params<Filter>,
    request: HttpRequest,
) -> Result<web::Json<UnreadCount>, Failure> {
    let (notifications, query) =
        (state.services.notifications.clone(), filter.query(DEFAULT_UNREAD, MOST_UNREAD));
    let count = move || notifications.count_unread(grant.user, &query);
    Ok(web::Json(UnreadCount { count: freshness::read(&request, &state, || None, count).await? }))
}

/// Deletes all notifications of the user.
#[utoipa::path(
    post,
    path = "/api/v1/notifications/clear",
    tag = "notifications",
    operation_id = "clear_notifications",
    responses((status = 200, description = "They are gone.", body = Object))
)]
async fn clear(state: web::Data<State>, Authorized(grant): Authorized) -> Result<HttpResponse, Failure> {
    let notifications = state.services.notifications.clone();
    state.bulkheads.write.run_for(grant.user, move || notifications.clear(grant.user)).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// Deletes a notification of the user.
#[utoipa::path(
    post,
    path = "/api/v1/notifications/{id}/dismiss",
    tag = "notifications",
    operation_id = "dismiss_notification",
    params(("id" = String, Path, description = "The notification")),
    responses((status = 200, description = "It is gone.", body = Object))
)]
async fn dismiss(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = NotificationId::parse(&path).ok_or(ServiceError::NotificationNotFound)?;
    let notifications = state.services.notifications.clone();
    state.bulkheads.write.run_for(grant.user, move || notifications.dismiss(grant.user, id)).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

#[cfg(test)]
mod tests {
    use NotificationKind::{Favourite, Follow, Mention};

    use super::*;

    fn filter(types: &[&str], exclude_types: &[&str]) -> NotificationQuery {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Filter { types: names(types), exclude_types: names(exclude_types), ..Filter::default() }.query(40, 80)
    }

    #[test]
    fn types_are_those_that_are_named_without_those_that_are_excluded() {
        assert_eq!(filter(&[], &[]).kinds, NotificationKind::ALL);
        assert_eq!(filter(&["favourite", "mention", "follow"], &["favourite"]).kinds, [Mention, Follow]);
        assert!(!filter(&[], &["favourite"]).kinds.contains(&Favourite));
        assert_eq!(filter(&["admin.sign_up"], &[]).kinds, []);
    }

    #[test]
    fn a_limit_of_nothing_is_none_and_one_over_the_cap_is_the_cap() {
        let limit = |limit| Filter { limit, ..Filter::default() }.query(40, 80).limit;
        assert_eq!([limit(None), limit(Some(0)), limit(Some(5)), limit(Some(100))], [40, 40, 5, 80]);
    }
}
