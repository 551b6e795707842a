//! What happens around every request: its id, its line in the log, and the rendering of its failure.

use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use miniter_domain::UserId;
use uuid::Uuid;

use crate::http::endpoint::MatchedPath;
use crate::http::language::Language;
use crate::http::problem::{self, ApiError};
use crate::http::unread::HeldBody;
use crate::state::State;

/// Names an exchange in the answer and in the log.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost middleware.
///
/// The id is always ours: one that a stranger sends could be made to collide with another's, or forge lines of the log.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let started = Instant::now();
    let id = Uuid::new_v4().simple().to_string();
    let language = Language::of(&request);

    let held = HeldBody::of(&mut request);
    let response = next.call(request).await?;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let mut response = if failed {
        log_cause(&response, &id);
        let rendered = problem::render(response.response(), language, &id);
        response.into_response(rendered).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    // What we call JSON is never run as anything else (OWASP REST Security Cheat Sheet).
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let state = response.request().app_data::<web::Data<State>>().cloned();
    if state.as_ref().is_some_and(|state| state.readiness.is_draining()) {
        // Whoever calls next shall call another node.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let request = response.request();
    if let Some(state) = &state {
        let path = request.extensions().get::<MatchedPath>().map(|MatchedPath(path)| *path);
        state.metrics.count_request(request.method(), path, status, started.elapsed());
    }
    log::info!(
        target: "miniter::access",
        "{method} {path} {status} {milliseconds:.1}ms request={id} user={user}",
        user = request.extensions().get::<UserId>().map_or_else(|| "-".to_owned(), UserId::to_string),
        method = request.method(),
        path = request.path().escape_default(),
        status = status.as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
    );
    Ok(match held {
        Some(body) => body.until_sent(response).map_into_right_body(),
        None => response,
    })
}

/// Logs what is behind a failure on our side, under the id that the client gets.
fn log_cause<B>(response: &ServiceResponse<B>, id: &str) {
    let error = response.response().error();
    let Some(cause) = error.and_then(|error| error.as_error::<ApiError>()).and_then(ApiError::chain) else {
        return;
    };
    // The causes come from the database and from libraries; they may quote what somebody sent.
    let cause = cause.escape_debug();
    if response.status() == actix_web::http::StatusCode::SERVICE_UNAVAILABLE {
        log::warn!("unavailable: {cause} request={id}");
    } else {
        log::error!("{cause} request={id}");
    }
}
