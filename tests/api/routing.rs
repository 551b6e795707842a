use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn an_unknown_path_is_not_found() {
    let app = TestApp::start();
    for path in [
        "/",
        "/nope",
        "/ping/",
        "/PING",
        "/tweet/1",
        "//ping",
        "/timeline//",
        "/docs/nope.js",
        "/docs/../ping",
    ] {
        app.get(path).send().problem(404, "not_found");
    }
    app.post("/nope", &json!({})).send().problem(404, "not_found");
}

#[test]
fn another_method_is_refused_with_the_methods_that_there_are() {
    let app = TestApp::start();
    for (path, allow) in [
        ("/ping", "GET, HEAD"),
        ("/sign-up", "POST"),
        ("/login", "POST"),
        ("/tweet", "POST"),
        ("/follow", "POST"),
        ("/unfollow", "POST"),
        ("/timeline", "GET, HEAD"),
        ("/timeline/1", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/docs", "GET, HEAD"),
        ("/docs/", "GET, HEAD"),
    ] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if allow.contains(method) {
                continue;
            }
            let answer = app.call(method, path).send();
            answer.problem(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
        }
    }
}

#[test]
fn head_answers_as_get_does_without_a_body() {
    let app = TestApp::start();
    let song = app.user("song");
    app.tweet(&song, "hello");
    for path in ["/ping", "/timeline", "/timeline/1", "/openapi.json"] {
        let (get, head) = (app.get(path).by(&song).send(), app.call("HEAD", path).by(&song).send());
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for name in ["content-type", "content-length", "link"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
    let missing = app.call("HEAD", "/timeline").send();
    assert_eq!((missing.status, missing.body.as_str()), (401, ""));
}

#[test]
fn an_error_text_is_korean_for_those_who_prefer_it() {
    let app = TestApp::start();
    for (accept, language, detail) in [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko", "그런 사용자가 없습니다."),
        ("en,ko;q=0.5", "en", "There is no such user."),
        ("fr", "en", "There is no such user."),
    ] {
        let answer = app.get("/timeline/9").header("accept-language", accept).send();
        assert_eq!(answer.problem(404, "user_not_found"), detail);
        assert_eq!(answer.header("content-language"), language);
        assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "Accept-Language"));
    }
}

#[test]
fn a_request_id_is_ours_and_differs_from_request_to_request() {
    let app = TestApp::start();
    let ids: Vec<_> = (0..3)
        .map(|_| app.get("/ping").header("x-request-id", "forged").send().header("x-request-id").to_owned())
        .collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && !ids.contains(&"forged".to_owned()), "{ids:?}");
}

#[test]
fn a_malformed_request_is_refused_and_the_connection_closed() {
    let app = TestApp::start();
    for request in [
        "nonsense\r\n\r\n",
        "GET /ping HTTP/1.1\r\n\r\n",
        "POST /tweet HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /tweet HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    ] {
        let answer = app.raw(request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    app.get("/ping").send();
}
