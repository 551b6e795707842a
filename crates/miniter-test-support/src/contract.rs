//! Holds every answer that a test gets against the OpenAPI document: nothing may come back that is not promised there.

use std::sync::LazyLock;

use serde_json::Value;

use crate::answer::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(miniter_web::openapi()).unwrap());

/// Fails unless the document lists the status and, for a problem, its code.
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let Some(operations) = paths.get(path).or_else(|| {
        paths.iter().find(|(template, _)| matches(template, path)).map(|(_, operations)| operations)
    }) else {
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

fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) if expected == found => {}
            (Some(expected), Some(found)) if expected.starts_with('{') && !found.is_empty() => {}
            _ => return false,
        }
    }
}
