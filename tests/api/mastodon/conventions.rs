//! What holds for every route: failures, tokens, limits, and calls from web pages.

use chrono::DateTime;
use miniter_test_support::app::TestApp;
use serde_json::{Value, json};

use crate::limits::{generous, quota};

/// Routes that answer with an empty list to anybody.
const OPEN_LISTS: &[&str] = &[
    "/api/v1/instance/peers",
    "/api/v1/instance/rules",
    "/api/v1/custom_emojis",
    "/api/v1/trends",
    "/api/v1/trends/tags",
    "/api/v1/trends/statuses",
    "/api/v1/trends/links",
];

/// Those that need a token.
const LISTS: &[&str] = &[
    "/api/v1/announcements",
    "/api/v1/filters",
    "/api/v2/filters",
    "/api/v1/lists",
    "/api/v1/followed_tags",
    "/api/v1/conversations",
    "/api/v1/suggestions",
    "/api/v2/suggestions",
];

#[test]
fn what_there_is_none_of_is_an_empty_list() {
    let app = TestApp::start();
    let song = app.user("song");
    for path in OPEN_LISTS {
        assert_eq!(app.get(path).send().ok(), json!([]), "{path}");
    }
    for path in LISTS {
        app.get(path).send().error(401, "The access token is invalid");
        app.get(path).token("nonsense").send().error(401, "The access token is invalid");
        let bearer = format!("Bearer {}", song.token);
        assert_eq!(app.get(path).header("authorization", &bearer).send().ok(), json!([]), "{path}");
    }
}

#[test]
fn what_is_not_built_is_404_whatever_the_method_is() {
    let app = TestApp::start();
    let song = app.user("song");
    for (method, path) in [
        ("GET", "/api/v1/nope"),
        ("GET", "/api/"),
        ("GET", "/api/v9/instance"),
        ("POST", "/oauth/nope"),
        ("GET", "/.well-known/nope"),
        ("GET", "/nodeinfo/1.0"),
        ("GET", "/api/v1/push/subscription"),
        ("POST", "/api/v1/push/subscription"),
        ("DELETE", "/api/v1/push/subscription"),
        ("POST", "/api/v2/instance"),
        ("DELETE", "/api/v1/custom_emojis"),
        ("PATCH", "/nodeinfo/2.0"),
        ("OPTIONS", "/api/v1/instance"),
        ("PROPFIND", "/api/v1/instance"),
    ] {
        let answer = app.call(method, path).by(&song).send();
        answer.error(404, "Record not found");
        assert_eq!(answer.header("allow"), "", "{method} {path}");
    }
    assert_eq!(app.call("HEAD", "/api/v1/instance").send().status, 200);
}

#[test]
fn every_answer_tells_what_is_left() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.read_limit = quota(3, 3_000_000);
    });
    for (path, status, left) in
        [("/api/v1/instance", 200, "2"), ("/api/v1/lists", 401, "1"), ("/api/v1/custom_emojis", 200, "0")]
    {
        let answer = app.get(path).send();
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("x-ratelimit-limit"), "3");
        assert_eq!(answer.header("x-ratelimit-remaining"), left);
        DateTime::parse_from_rfc3339(answer.header("x-ratelimit-reset")).unwrap();
        assert_eq!(answer.header("ratelimit"), "", "one form is enough");
    }
    let refused = app.get("/api/v1/instance").send();
    refused.error(429, "Too many requests");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    DateTime::parse_from_rfc3339(refused.header("x-ratelimit-reset")).unwrap();
}

#[test]
fn any_page_may_call_whatever_the_setting_of_the_classic_api_is() {
    let app = TestApp::start_with(|settings| settings.cors_origins = "https://only.example".parse().unwrap());
    let origin = ("origin", "https://elsewhere.example");
    for path in [
        "/api/v1/instance",
        "/api/v1/lists",
        "/api/v1/nope",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.0",
        "/oauth/token",
    ] {
        let answer = app.get(path).header(origin.0, origin.1).send();
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for name in
            ["link", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id"]
        {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    for path in ["/ping", "/oauth/authorize"] {
        let answer = app.get(path).header(origin.0, origin.1).send_unchecked();
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let preflight = app
            .call("OPTIONS", "/api/v1/statuses")
            .header(origin.0, origin.1)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,content-type,idempotency-key")
            .send();
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"));
        assert!(preflight.header("access-control-allow-methods").contains(method));
        for name in ["authorization", "content-type", "idempotency-key"] {
            assert!(preflight.header("access-control-allow-headers").to_lowercase().contains(name));
        }
    }
}

#[test]
fn the_openapi_document_is_served_and_all_its_references_resolve() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, member)| match (key.as_str(), member) {
                ("$ref", Value::String(reference)) => found.push(reference.clone()),
                _ => references(member, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let app = TestApp::start();
    let document = app.get("/openapi/mastodon.json").send().ok();
    assert_eq!(document, serde_json::to_value(miniter_web::mastodon_openapi()).unwrap());
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    let page = app.get("/docs/swagger-initializer.js").send().body;
    assert!(page.contains("../openapi/mastodon.json") && page.contains("../openapi.json"), "{page}");
}
