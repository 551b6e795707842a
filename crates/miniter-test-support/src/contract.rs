//! Holds every answer that a test gets against the OpenAPI documents: nothing may come back that is not promised there.

use std::sync::LazyLock;

use serde_json::Value;

use crate::answer::Answer;

static CLASSIC: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(miniter_web::openapi()).unwrap());

static MASTODON: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(miniter_web::mastodon_openapi()).unwrap());

/// The operations of a path.
fn find_operations<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let paths = document["paths"].as_object().unwrap();
    paths.get(path).or_else(|| {
        paths.iter().find(|(template, _)| matches(template, path)).map(|(_, operations)| operations)
    })
}

/// Fails unless a document lists the status and, for a problem, its code.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    if let Some(operations) = find_operations(&MASTODON, path) {
        let method = if method == "HEAD" { "get" } else { &method.to_lowercase() };
        let is_promised = operations[method]["responses"][answer.status.to_string()].is_object();
        // What is not built is 404; and a preflight is answered for all paths.
        let is_preflight = (method, answer.status) == ("options", 200);
        assert!(is_promised || answer.status == 404 || is_preflight, "{method} {path}: {answer:?}");
        return;
    }
    let Some(operations) = find_operations(&CLASSIC, path) else {
        if method == "OPTIONS" && answer.status == 200 {
            // CORS, which the documents are not about.
            return;
        }
        assert_eq!(answer.status, 404, "{path} is not documented, so it is not there");
        return;
    };
    if method == "OPTIONS" && answer.status != 405 {
        // CORS, which the document is not about.
        return;
    }
    let method = match (method, answer.status) {
        // What refuses a method is said at those that there are.
        (_, 405) => operations.as_object().unwrap().keys().next().unwrap().clone(),
        ("HEAD", _) => "get".to_owned(),
        _ => method.to_lowercase(),
    };
    let response = &operations[&method]["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{method} {path} does not document the status of {answer:?}");
    if answer.header("content-type") == "application/problem+json" && !answer.body.is_empty() {
        let schema = &response["content"]["application/problem+json"]["schema"];
        let codes = schema["allOf"][1]["properties"]["code"]["enum"].as_array().unwrap();
        assert!(
            codes.contains(&answer.json()["code"]),
            "{method} {path} does not document the code of {answer:?}"
        );
    }
}

/// Whether a path is one of a template, whose parameters are segments or, as in `{id}.png`, their beginnings.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected == found => {}
            (Some(expected), Some(found)) if expected.starts_with('{') && !found.is_empty() => {
                let suffix = expected.split_once('}').map_or("", |(_, suffix)| suffix);
                if !found.ends_with(suffix) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}
