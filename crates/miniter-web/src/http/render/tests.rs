//! A second presentation, whose failures are lines of text: those of every kind are rendered by it, beside another one.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::RETRY_AFTER;
use actix_web::{Error, HttpResponse, Route, test, web};
use miniter_domain::{
    Clock, MockAccessTokenRepository, MockFreshness, MockSessionRepository, Quota, SystemClock, TokenVersion,
    UserId,
};
use miniter_service::{Scope, Scopes, Sessions, TokenSecret, Tokens};
use serde::Deserialize;

use super::*;
use crate::http::app::assemble;
use crate::http::auth::{Access, Authorized};
use crate::http::body::{Body, BodyPolicy};
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::{Limit, Limits, Quotas, RateLimitHeaders};
use crate::http::state::State;
use crate::http::state::tests::state;

/// This one says what it is and names the failure.
fn in_lines(failure: &Failure, _: &HttpRequest, request_id: &str) -> HttpResponse {
    let status = match failure {
        Failure::NotFound => StatusCode::NOT_FOUND,
        Failure::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
        Failure::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Failure::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        Failure::MissingScope(_) => StatusCode::FORBIDDEN,
        Failure::TokenMissing | Failure::TokenInvalid => StatusCode::UNAUTHORIZED,
        Failure::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Failure::Status(status) => *status,
        Failure::Service(_)
        | Failure::BadRequest
        | Failure::MalformedBody { .. }
        | Failure::UnfitBody { .. }
        | Failure::BodyTimeout
        | Failure::UnsupportedMediaType
        | Failure::InvalidQuery
        | Failure::InvalidLimit
        | Failure::TokenExpired
        | Failure::UserRequired
        | Failure::Draining => StatusCode::IM_A_TEAPOT,
    };
    HttpResponse::build(status).body(format!("lines: {failure} {}", request_id.len()))
}

/// The other one.
fn elsewhere(_: &Failure, _: &HttpRequest, _: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::IM_A_TEAPOT).body("elsewhere")
}

const RENDERERS: Renderers = Renderers { by_prefix: &[("/lines/", in_lines)], otherwise: elsewhere };

#[derive(Deserialize)]
struct Line {
    text: String,
}

async fn write(Authorized(grant): Authorized, Body(line): Body<Line>) -> HttpResponse {
    HttpResponse::Ok().body(format!("{} by {}", line.text, grant.user))
}

async fn panics(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Failure> {
    if request.query_string() == "on-a-thread" {
        state.bulkheads.read.run::<()>(|| panic!("on purpose")).await?;
    }
    panic!("on purpose")
}

async fn overloaded(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    Err(state.bulkheads.read.refuse())
}

async fn by_itself() -> HttpResponse {
    HttpResponse::BadRequest().body("as the handler wrote it")
}

fn endpoint(
    method: Method,
    path: &'static str,
    limit: Limit,
    access: Access,
    handle: fn(Route) -> Route,
) -> Endpoint {
    let body = if method == Method::Get { BodyPolicy::NONE } else { BodyPolicy::json(64) };
    let rate_limit_headers = RateLimitHeaders::Standard;
    Endpoint { method, path, limit, rate_limit_headers, access, body, render: in_lines, handle }
}

fn endpoints() -> Vec<Endpoint> {
    let (anyone, write_statuses) = (Access::Anyone, Access::Scopes(Scopes::of(&[Scope::WriteStatuses])));
    vec![
        endpoint(Method::Post, "/lines/write", Limit::Write, write_statuses, |route| route.to(write)),
        endpoint(Method::Delete, "/lines/write", Limit::Write, write_statuses, |route| route.to(write)),
        endpoint(Method::Put, "/lines/methods", Limit::Unlimited, anyone, |route| route.to(by_itself)),
        endpoint(Method::Patch, "/lines/methods", Limit::Unlimited, anyone, |route| route.to(by_itself)),
        endpoint(Method::Head, "/lines/methods", Limit::Unlimited, anyone, |route| route.to(by_itself)),
        endpoint(Method::Get, "/lines/panics", Limit::Unlimited, anyone, |route| route.to(panics)),
        endpoint(Method::Get, "/lines/overloaded", Limit::Unlimited, anyone, |route| route.to(overloaded)),
        endpoint(Method::Get, "/lines/by-itself", Limit::Unlimited, anyone, |route| route.to(by_itself)),
        endpoint(Method::Delete, "/open/delete", Limit::Unlimited, anyone, |route| route.to(by_itself)),
        // An address outside its prefix: the endpoint's own renderer counts.
        endpoint(Method::Get, "/limited", Limit::LogIn, anyone, |route| route.to(by_itself)),
        endpoint(Method::Get, "/lines/{any}", Limit::Unlimited, anyone, |route| route.to(by_itself)),
    ]
}

/// The state of the tests, where a token counts, and a token.
fn state_with_a_token() -> (State, String) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let quota = |calls| Quota::new(NonZeroU32::new(calls).unwrap(), Duration::from_hours(1)).unwrap();
    let quotas = Quotas { log_in: quota(1), sign_up: quota(1), write: quota(100), read: quota(100) };
    let tokens = Arc::new(Tokens::new(
        &TokenSecret::new([1; 32]).unwrap(),
        &[],
        Duration::from_mins(1),
        Arc::clone(&clock),
    ));
    let token = tokens.issue(UserId::new(7), TokenVersion::FIRST).unwrap();
    let mut sessions = MockSessionRepository::new();
    sessions.expect_cached_token_version().returning(|_| TokenVersion::FIRST);
    let mut freshness = MockFreshness::new();
    freshness.expect_check_now().returning(|| Some(Ok(())));
    let mut state = state();
    state.limits = Limits::new(quotas, &clock);
    state.services.sessions =
        Arc::new(Sessions::new(tokens, Arc::new(sessions), Arc::new(MockAccessTokenRepository::new())));
    state.services.freshness = Arc::new(freshness);
    (state, token)
}

struct Answer {
    status: u16,
    body: String,
    headers: HeaderMap,
}

async fn call<S, B>(app: &S, request: test::TestRequest) -> Answer
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    B: actix_web::body::MessageBody,
{
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let response = test::call_service(app, request.peer_addr(peer).to_request()).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
    Answer { status, body, headers }
}

#[actix_web::test]
async fn failures_of_every_kind_are_rendered_by_the_presentation_of_the_endpoint() {
    let (state, token) = state_with_a_token();
    let app =
        test::init_service(assemble(web::Data::new(state), endpoints(), RENDERERS, &["/open/"], &[])).await;
    let get = |path: &str| test::TestRequest::get().uri(path);
    let post = || test::TestRequest::post().uri("/lines/write");
    let json = ("content-type", "application/json");
    let bearer = ("authorization", format!("Bearer {token}"));

    let written =
        call(&app, post().insert_header(json).insert_header(bearer.clone()).set_payload(r#"{"text":"x"}"#));
    let written = written.await;
    assert_eq!((written.status, written.body.as_str()), (200, "x by 7"));

    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(64));
    for (what, request, status, body) in [
        ("an unknown path under its prefix", get("/lines/a/b"), 404, "lines: there is nothing here 32"),
        (
            "another method",
            test::TestRequest::put().uri("/lines/write"),
            405,
            "lines: the method is not allowed 32",
        ),
        ("no token", post(), 401, "lines: the access token is missing 32"),
        (
            "a bad token",
            post().insert_header(("authorization", "x")),
            401,
            "lines: the access token is invalid 32",
        ),
        (
            "a large body",
            post().insert_header(json).insert_header(bearer.clone()).set_payload(large),
            413,
            "lines: the body is too large 32",
        ),
        (
            "a malformed body",
            post().insert_header(json).insert_header(bearer.clone()).set_payload("{"),
            418,
            "lines: the body is malformed: EOF while parsing an object at line 1 column 1 32",
        ),
        (
            "another media type",
            post().insert_header(bearer.clone()).set_payload("text=x"),
            418,
            "lines: the media type is not supported 32",
        ),
        ("no permit", get("/lines/overloaded"), 503, "lines: overloaded 32"),
        ("a panic", get("/lines/panics"), 418, "lines: internal fault 32"),
        ("a panic on a thread", get("/lines/panics?on-a-thread"), 418, "lines: internal fault 32"),
        ("an answer of its own", get("/lines/by-itself"), 400, "as the handler wrote it"),
        ("an answer of its own below a pattern", get("/lines/x"), 400, "as the handler wrote it"),
        ("the first call", get("/limited"), 400, "as the handler wrote it"),
        ("the second call", get("/limited"), 429, "lines: the rate limit is exhausted 32"),
        ("an unknown path elsewhere", get("/lines"), 418, "elsewhere"),
        ("another one", get("/line/"), 418, "elsewhere"),
    ] {
        let answer = call(&app, request).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{what}");
        assert!(answer.headers.contains_key("x-request-id"), "{what}");
        match status {
            405 => assert_eq!(answer.headers.get(ALLOW).unwrap(), "POST, DELETE", "{what}"),
            429 => assert_eq!(answer.headers.get(RETRY_AFTER).unwrap(), "3600", "{what}"),
            503 => assert_eq!(answer.headers.get(RETRY_AFTER).unwrap(), "1", "{what}"),
            _ => assert!(!answer.headers.contains_key(RETRY_AFTER), "{what}"),
        }
    }
}

#[actix_web::test]
async fn cross_origin_pages_may_use_the_methods_of_the_endpoints_and_no_others() {
    let (state, _) = state_with_a_token();
    let app =
        test::init_service(assemble(web::Data::new(state), endpoints(), RENDERERS, &["/open/"], &[])).await;
    let preflight = |method: &'static str| {
        test::TestRequest::with_uri("/lines/write")
            .method(actix_web::http::Method::OPTIONS)
            .insert_header(("origin", "https://example.com"))
            .insert_header(("access-control-request-method", method))
    };
    let allowed = call(&app, preflight("DELETE")).await;
    assert_eq!(allowed.status, 200);
    let methods = allowed.headers.get("access-control-allow-methods").unwrap().to_str().unwrap();
    let mut methods: Vec<_> = methods.split(", ").collect();
    methods.sort_unstable();
    assert_eq!(methods, ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]);
    // What a library refuses is rendered by the presentation whose address it is.
    let refused = call(&app, preflight("TRACE")).await;
    assert_eq!((refused.status, refused.body.as_str()), (400, "lines: refused with 400 Bad Request 32"));
}

#[actix_web::test]
async fn below_an_open_path_any_page_may_call_whatever_the_setting_says() {
    let (mut state, _) = state_with_a_token();
    state.cors_origins = "https://only.example".parse().unwrap();
    let app =
        test::init_service(assemble(web::Data::new(state), endpoints(), RENDERERS, &["/open/"], &[])).await;
    let from_a_page = |method: &str, path: &str| {
        let method = actix_web::http::Method::from_bytes(method.as_bytes()).unwrap();
        test::TestRequest::with_uri(path).method(method).insert_header(("origin", "https://example.com"))
    };
    for (path, allowed) in [("/open/delete", Some("*")), ("/open/nothing", Some("*")), ("/lines/x", None)] {
        let answer = call(&app, from_a_page("GET", path)).await;
        let header = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(header, allowed, "{path}");
    }
    let preflight = from_a_page("OPTIONS", "/open/delete")
        .insert_header(("access-control-request-method", "DELETE"))
        .insert_header(("access-control-request-headers", "authorization,idempotency-key"));
    let answer = call(&app, preflight).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    for (name, part) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "DELETE"),
        ("access-control-allow-headers", "Idempotency-Key"),
    ] {
        assert!(answer.headers.get(name).unwrap().to_str().unwrap().contains(part), "{name}");
    }
    // An OPTIONS that asks for nothing is a method like any other.
    assert_eq!(call(&app, from_a_page("OPTIONS", "/open/nothing")).await.status, 418);
}
