//! What happens around every request: its id, its line in the log, and the rendering of its failure.

use std::fmt::{self, Display, Write};
use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use miniter_domain::UserId;
use miniter_service::Bearer;
use uuid::Uuid;

use crate::http::answer::hold_until_sent;
use crate::http::connection::UnderWay;
use crate::http::language::Language;
use crate::http::problem::{self, ApiError, Code};
use crate::http::unread::HeldBody;
use crate::state::State;

/// How much of a client's or a library's text a line of the log holds, in characters.
const MAX_QUOTE: usize = 800;

/// Names an exchange in the answer and in the log.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost middleware.
///
/// The id is always ours: one that a stranger sends could be made to collide with another's, or forge lines of the log.
pub(crate) async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let mut id = Uuid::encode_buffer();
    let id: &str = Uuid::new_v4().simple().encode_lower(&mut id);

    let under_way = UnderWay::of(request.request());
    let body = HeldBody::of(&mut request);
    let response = next.call(request).await?;
    let reserved = match response.response().body().size() {
        BodySize::Sized(length) => under_way.reserve(usize::try_from(length).unwrap_or(usize::MAX)),
        BodySize::None | BodySize::Stream => Ok(None),
    };
    let is_failure = response.status().is_client_error() || response.status().is_server_error();
    let mut response = if reserved.is_err() {
        let refusal = HttpResponse::from_error(ApiError::from(Code::Unavailable));
        let rendered = problem::render(&refusal, Language::of(response.request()), id);
        response.into_response(rendered).map_into_right_body()
    } else if is_failure {
        log_cause(&response, id);
        let language = Language::of(response.request());
        let rendered = problem::render(response.response(), language, id);
        response.into_response(rendered).map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    let status = response.status();
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    // What we call JSON is never run as anything else (OWASP REST Security Cheat Sheet).
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let is_draining = state_of(response.request()).is_some_and(|state| state.readiness.is_draining());
    if is_draining {
        // Whoever calls next shall call another node.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }

    let request = response.request();
    let extensions = request.extensions();
    let known = extensions.get::<Known>();
    if let Some(state) = state_of(request) {
        state.metrics.count_request(
            request.method(),
            known.map(|known| known.path),
            status,
            started.elapsed(),
        );
    }
    log::info!(
        target: "miniter::access",
        "{method} {path} {status} {milliseconds:.1}ms request={id} user={user}",
        user = known.and_then(|known| known.user).map_or_else(|| "-".to_owned(), |user| user.to_string()),
        method = cut(request.method().as_str(), str::escape_default),
        path = cut(request.path(), str::escape_default),
        status = status.as_u16(),
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
    );
    drop(extensions);
    Ok(hold_until_sent(response, body, reserved.ok().flatten(), under_way))
}

/// What is known of a request once its route is, in its extensions.
pub(crate) struct Known {
    /// The path of the route, as it was registered.
    pub(crate) path: &'static str,
    /// Who shows the token that came with it; `None` before somebody has looked.
    pub(crate) identified: Option<Result<Bearer, Code>>,
    /// What became of asking whether that token still counts; `None` if nobody has asked, or what was told is taken.
    pub(crate) authenticated: Option<Result<UserId, ApiError>>,
    /// Who is asking, for the log.
    pub(crate) user: Option<UserId>,
    /// Whether what is in memory has all that was acknowledged before the request came.
    pub(crate) is_fresh: bool,
}

impl Known {
    /// Notes which route it is.
    pub(crate) fn begin(request: &HttpRequest, path: &'static str) {
        let known = Self { path, identified: None, authenticated: None, user: None, is_fresh: false };
        request.extensions_mut().insert(known);
    }
}

/// The state that all handlers share.
pub(crate) fn state_of(request: &HttpRequest) -> Option<&web::Data<State>> {
    request.app_data()
}

/// Logs what is behind a failure on our side, under the id that the client gets.
fn log_cause<B>(response: &ServiceResponse<B>, id: &str) {
    let error = response.response().error();
    let Some(cause) = error.and_then(|error| error.as_error::<ApiError>()).and_then(ApiError::chain) else {
        return;
    };
    // The causes come from the database and from libraries; they may quote what somebody sent.
    let cause = cut(&cause, str::escape_debug);
    if response.status() == actix_web::http::StatusCode::SERVICE_UNAVAILABLE {
        log::warn!("unavailable: {cause} request={id}");
    } else {
        log::error!("{cause} request={id}");
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
