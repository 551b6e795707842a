use miniter_web::CorsOrigins;

use miniter_test_support::app::TestApp;

#[test]
fn any_page_may_call_by_default_also_when_it_fails() {
    let app = TestApp::start();
    for path in ["/ping", "/timeline", "/nope"] {
        let answer = app.get(path).header("origin", "https://example.com").send();
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let exposed = answer.header("access-control-expose-headers");
        for name in ["link", "x-request-id", "retry-after"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    let preflight = app
        .call("OPTIONS", "/tweet")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send();
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "*"));
    assert!(preflight.header("access-control-allow-methods").contains("POST"));
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
}

#[test]
fn an_origin_is_known_however_it_is_written_in_the_settings() {
    let app = TestApp::start_with(|settings| {
        settings.cors_origins = "https://App.Example.com,http://b.example:80".parse().unwrap();
    });
    for origin in ["https://app.example.com", "http://b.example"] {
        let answer = app.get("/ping").header("origin", origin).send();
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
}

#[test]
fn with_an_allow_list_only_its_pages_may_call() {
    let app = TestApp::start_with(|settings| {
        settings.cors_origins = CorsOrigins::Only(vec!["https://example.com".to_owned()]);
    });
    let allowed = |origin: &str| {
        app.get("/ping").header("origin", origin).send().header("access-control-allow-origin").to_owned()
    };
    assert_eq!(allowed("https://example.com"), "https://example.com");
    for origin in ["https://evil.example", "http://example.com", "https://example.com.evil.example", "null"] {
        assert_eq!(allowed(origin), "", "{origin}");
    }
    let preflight = app
        .call("OPTIONS", "/tweet")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .send();
    preflight.problem(400, "bad_request");
}
