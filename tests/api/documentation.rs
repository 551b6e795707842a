use serde_json::Value;

use miniter_test_support::app::TestApp;

#[test]
fn the_openapi_document_is_served() {
    let app = TestApp::start();
    let document = app.get("/openapi.json").send().ok();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "miniter");
    assert_eq!(document, serde_json::to_value(miniter_web::openapi()).unwrap());
}

#[test]
fn every_reference_in_the_openapi_document_resolves() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match (key.as_str(), member) {
                        ("$ref", Value::String(reference)) => found.push(reference.clone()),
                        _ => references(member, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = serde_json::to_value(miniter_web::openapi()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn the_documentation_page_and_all_it_loads_come_from_this_server() {
    let app = TestApp::start();
    let redirect = app.get("/docs").send();
    assert_eq!((redirect.status, redirect.header("location")), (308, "docs/"));

    let page = app.get("/docs/").send();
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let mut loaded = 0;
    for attribute in ["src=\"", "href=\""] {
        for target in page.body.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(!target.contains("//"), "{target} is elsewhere");
            assert_eq!(
                app.get(format!("/docs/{}", target.trim_start_matches("./"))).send().status,
                200,
                "{target}"
            );
            loaded += 1;
        }
    }
    assert!(loaded >= 4, "{}", page.body);
    let initializer = app.get("/docs/swagger-initializer.js").send().body;
    assert!(initializer.contains("../openapi.json"));
    assert!(initializer.contains(r#""validatorUrl": "none""#), "no validator on the internet: {initializer}");
}
