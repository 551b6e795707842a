//! What happens around every request: its id, its line in the log, and the rendering of its failure.

use std::fmt::{self, Display, Write};
use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use crate::http::answer::hold_until_sent;
use crate::http::chunked_body_guard::ChunkedBodyGuard;
use crate::http::connection::UnderWay;
use crate::http::failure::Failure;
use crate::http::render::{self, Renderers};
use crate::http::request_context::RequestContext;
use crate::http::request_id::{REQUEST_ID_LENGTH, X_REQUEST_ID, new_request_id};
use crate::http::state::state_of;

/// How much of a client's or a library's text a line of the log holds, in characters.
const MAX_QUOTE: usize = 800;

/// The outermost middleware.
pub(crate) async fn observe(
    renderers: Renderers,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let mut id = [0; REQUEST_ID_LENGTH];
    let id = new_request_id(&mut id);

    let under_way = UnderWay::of(request.request());
    let body = ChunkedBodyGuard::of(&mut request);
    let response = next.call(request).await?;
    let reserved = match response.response().body().size() {
        BodySize::Sized(length) => under_way.reserve(usize::try_from(length).unwrap_or(usize::MAX)),
        BodySize::None | BodySize::Stream => Ok(None),
    };
    let rendered = if reserved.is_err() {
        let (request, headers) = (response.request(), HeaderMap::new());
        Some(render::write(renderers.of(request), &Failure::Overloaded, request, headers, id))
    } else {
        // An answer with an error status that a presentation wrote by itself is no failure.
        response.response().error().map(|error| {
            let other = Failure::Status(response.status());
            let failure = error.as_error().unwrap_or(&other);
            let (request, headers) = (response.request(), response.headers().clone());
            let rendered = render::write(renderers.of(request), failure, request, headers, id);
            log_causes(failure, rendered.status(), id);
            rendered
        })
    };
    let mut response = match rendered {
        Some(rendered) => response.into_response(rendered).map_into_right_body(),
        None => response.map_into_left_body(),
    };
    let status = response.status();
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    // What we call JSON is never run as anything else (OWASP REST Security Cheat Sheet).
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let is_draining = state_of(response.request()).is_some_and(|state| state.readiness.is_draining());
    if is_draining {
        // The client's next request shall go to another node.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let request = response.request();
    let extensions = request.extensions();
    let context = extensions.get::<RequestContext>();
    if let Some(state) = state_of(request) {
        state.metrics.count_request(
            request.method(),
            context.map(|context| context.endpoint.path),
            status,
            started.elapsed(),
        );
    }
    log::info!(
        target: "miniter::access",
        "{method} {path} {status} {milliseconds:.1}ms request={id} user={user}",
        user = context.and_then(|context| context.user).map_or_else(|| "-".to_owned(), |user| user.to_string()),
        method = cut(request.method().as_str(), str::escape_default),
        path = cut(request.path(), str::escape_default),
        status = status.as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
    );
    drop(extensions);
    Ok(hold_until_sent(response, body, reserved.ok().flatten(), under_way))
}

/// Logs what is behind a failure on our side, under the id that the client gets.
fn log_causes(failure: &Failure, status: StatusCode, id: &str) {
    let Some(causes) = failure.causes() else { return };
    // The causes come from the database and from libraries; they may quote a request.
    let causes = cut(&causes, str::escape_debug);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        log::warn!("unavailable: {causes} request={id}");
    } else {
        log::error!("{causes} request={id}");
    }
}

/// A client's or a library's text for the log: without line breaks and, if it is long, only its start and its length.
fn cut<'a, E: Iterator<Item = char> + 'a>(text: &'a str, escape: fn(&'a str) -> E) -> impl Display + 'a {
    fmt::from_fn(move |f| {
        let mut escaped = escape(text);
        escaped.by_ref().take(MAX_QUOTE).try_for_each(|c| f.write_char(c))?;
        match escaped.next() {
            Some(_) => write!(f, "…[{}]", text.len()),
            None => Ok(()),
        }
    })
}
