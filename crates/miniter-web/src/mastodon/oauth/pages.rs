//! The pages that a person sees, made from the templates in `templates/oauth`.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ContentType, REFERRER_POLICY, SET_COOKIE, VARY,
    X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use miniter_service::{OAuthError, ServiceError};

use crate::http::failure::Failure;
use crate::http::language::Language;
use crate::http::state::state_of;
use crate::mastodon::error::of_refusal;
use crate::mastodon::oauth::NOT_KEPT;
use crate::mastodon::oauth::texts::Texts;

/// Nothing but our style sheet is loaded, and no page of another site shows ours in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same, and the form is sent to this server only.
const FORM_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Asks for a password.
#[derive(Template)]
#[template(path = "oauth/log_in.html")]
pub(super) struct LogInPage<'a> {
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    /// The name of this server.
    pub(super) server: &'a str,
    /// The name of the app.
    pub(super) app: &'a str,
    /// Why the password is asked for again.
    pub(super) message: Option<&'a str>,
    /// What was typed before.
    pub(super) login: &'a str,
    pub(super) form_token: String,
}

/// Asks for consent.
#[derive(Template)]
#[template(path = "oauth/consent.html")]
pub(super) struct ConsentPage<'a> {
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    pub(super) server: &'a str,
    pub(super) app: &'a str,
    /// The page of the app.
    pub(super) website: Option<&'a str>,
    /// What the app may do.
    pub(super) abilities: Vec<&'static str>,
    /// Who is asked.
    pub(super) person: &'a str,
    /// The address of the log-in page.
    pub(super) other_account: String,
    /// Where the answer goes. `None` if it is shown to the person.
    pub(super) returns_to: Option<&'a str>,
    pub(super) form_token: String,
}

/// Shows a code.
#[derive(Template)]
#[template(path = "oauth/code.html")]
pub(super) struct CodePage<'a> {
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    pub(super) server: &'a str,
    pub(super) code: &'a str,
}

/// Says what is wrong.
#[derive(Template)]
#[template(path = "oauth/error.html")]
pub(super) struct ErrorPage<'a> {
    pub(super) language: Language,
    pub(super) texts: &'static Texts,
    pub(super) server: &'a str,
    pub(super) message: &'a str,
    /// For the developer of the app.
    pub(super) detail: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
}

/// What goes with a page.
#[derive(Default)]
pub(super) struct Head {
    /// The value of `Set-Cookie`.
    pub(super) cookie: Option<String>,
    /// Whether the answer to the form sends the person elsewhere. Browsers hold that against `form-action`, too, and apps send
    /// people on from their own addresses: so nothing can be said of that page's form.
    pub(super) leads_elsewhere: bool,
}

/// A page as a response.
pub(super) fn respond(
    status: StatusCode,
    language: Language,
    page: &impl Template,
    head: Head,
) -> Result<HttpResponse, Failure> {
    let html = page.render().map_err(|error| Failure::internal(error.to_string()))?;
    let mut response = HttpResponse::build(status);
    response
        .content_type(ContentType::html())
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, "Accept-Language, Cookie"))
        .insert_header(NOT_KEPT)
        .insert_header((CONTENT_SECURITY_POLICY, if head.leads_elsewhere { POLICY } else { FORM_POLICY }))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    if let Some(cookie) = head.cookie {
        response.insert_header((SET_COOKIE, cookie));
    }
    Ok(response.body(html))
}

/// Writes a failure as a page.
pub(super) fn render(failure: &Failure, request: &HttpRequest, request_id: &str) -> HttpResponse {
    let language = Language::of(request);
    let texts = Texts::of(language);
    let (status, message) = verdict(failure, texts);
    let detail = if let Failure::Service(ServiceError::OAuth(refusal)) = failure {
        Some(refusal.to_string())
    } else {
        None
    };
    let server = state_of(request).map_or("", |state| state.instance.title.as_str());
    let request_id = status.is_server_error().then_some(request_id);
    let page = ErrorPage { language, texts, server, message, detail: detail.as_deref(), request_id };
    respond(status, language, &page, Head::default())
        .unwrap_or_else(|_| HttpResponse::with_body(status, BoxBody::new(message)))
}

fn verdict(failure: &Failure, texts: &'static Texts) -> (StatusCode, &'static str) {
    match failure {
        Failure::Service(error) => of_service_error(error, texts),
        Failure::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, texts.bad_request),
        Failure::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, texts.bad_request),
        Failure::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, texts.bad_request),
        Failure::NotFound | Failure::MethodNotAllowed { .. } => (StatusCode::NOT_FOUND, texts.bad_request),
        Failure::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, texts.rate_limited),
        Failure::Overloaded | Failure::Draining => (StatusCode::SERVICE_UNAVAILABLE, texts.unavailable),
        Failure::Status(status) if status.is_server_error() => (*status, texts.internal),
        Failure::Status(status) => (*status, texts.bad_request),
        Failure::BadRequest
        | Failure::MalformedBody { .. }
        | Failure::UnfitBody { .. }
        | Failure::InvalidQuery
        | Failure::InvalidLimit
        | Failure::TokenMissing
        | Failure::TokenInvalid
        | Failure::TokenExpired
        | Failure::MissingScope(_)
        | Failure::UserRequired => (StatusCode::BAD_REQUEST, texts.bad_request),
    }
}

fn of_service_error(error: &ServiceError, texts: &'static Texts) -> (StatusCode, &'static str) {
    match error {
        // A status of 401 would make a browser ask for a password itself.
        ServiceError::OAuth(OAuthError::InvalidClient) => (StatusCode::BAD_REQUEST, texts.unknown_app),
        ServiceError::OAuth(OAuthError::InvalidRequest(_)) => (StatusCode::BAD_REQUEST, texts.wrong_address),
        ServiceError::OAuth(refusal) => (of_refusal(*refusal), texts.bad_request),
        ServiceError::TooManyFailures { .. } => (StatusCode::TOO_MANY_REQUESTS, texts.too_many_failures),
        ServiceError::InvalidCredentials | ServiceError::WrongPassword => {
            (StatusCode::UNPROCESSABLE_ENTITY, texts.wrong_password)
        }
        ServiceError::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, texts.unavailable),
        ServiceError::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, texts.internal),
        ServiceError::Invalid(_)
        | ServiceError::EmailTaken
        | ServiceError::UsernameTaken
        | ServiceError::RegistrationClosed
        | ServiceError::IdempotencyKeyReused
        | ServiceError::Unauthenticated
        | ServiceError::UserNotFound
        | ServiceError::StatusNotFound
        | ServiceError::InReplyToNotFound
        | ServiceError::NotificationNotFound
        | ServiceError::Forbidden
        | ServiceError::Blocked
        | ServiceError::RequestNotFound => (StatusCode::BAD_REQUEST, texts.bad_request),
    }
}

/// Returns the style sheet of the pages.
#[utoipa::path(
    get,
    path = "/oauth/page.css",
    tag = "oauth",
    operation_id = "read_oauth_style",
    responses((status = 200, description = "A style sheet.", body = String, content_type = "text/css"))
)]
pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("../../../templates/oauth/page.css"))
}
