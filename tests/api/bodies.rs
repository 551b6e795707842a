use std::io::{Read, Write};

use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn a_body_that_is_not_one_strict_json_object_is_refused_and_writes_nothing() {
    let app = TestApp::start();
    let song = app.user("song");
    let deep = format!(r#"{{"tweet":"x","more":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let deep_objects = format!(r#"{{"tweet":"x","more":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    for (body, code) in [
        (&b""[..], "invalid_json"),
        (b"hello", "invalid_json"),
        (b"tweet=hello", "invalid_json"),
        (br#"{"tweet":"x""#, "invalid_json"),
        (br#"{"tweet":"x"}{}"#, "invalid_json"),
        (br#"{"tweet":"x"} x"#, "invalid_json"),
        (br#"["x"]"#, "invalid_json"),
        (br#""x""#, "invalid_json"),
        (b"null", "invalid_json"),
        (br#"{"tweet":"x","tweet":"y"}"#, "invalid_json"),
        (br#"{"tweet":"x","id":1,"id":2}"#, "invalid_json"),
        (br#"{"tweet":"\ud83c"}"#, "invalid_json"),
        (br#"{"tweet":"x","more":"\ud83c"}"#, "invalid_json"),
        (br#"{"tweet":"a\u0000b"}"#, "invalid_json"),
        (br#"{"tweet":"x","more":"a\u0000b"}"#, "invalid_json"),
        (b"{\"tweet\":\"\xff\xfe\"}", "invalid_json"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{\"tweet\":\"x\"}", "invalid_json"),
        (deep.as_bytes(), "invalid_json"),
        (deep_objects.as_bytes(), "invalid_json"),
        (b"{}", "invalid_body"),
        (br#"{"tweet":1}"#, "invalid_body"),
        (br#"{"tweet":null}"#, "invalid_body"),
        (br#"{"tweet":["x"]}"#, "invalid_body"),
        (br#"{"TWEET":"x"}"#, "invalid_body"),
    ] {
        let call = app.call("POST", "/tweet").header("content-type", "application/json").by(&song).body(body);
        call.send().problem(400, code);
    }
    assert!(app.timeline(&song).is_empty());
}

#[test]
fn a_nul_is_refused_in_every_string_of_every_route() {
    let app = TestApp::start();
    let song = app.user("song");
    for (path, body) in [
        ("/sign-up", json!({"name": "a\0b", "email": "a@b", "password": "12345678"})),
        ("/sign-up", json!({"name": "a", "email": "a@b\0", "password": "12345678"})),
        ("/sign-up", json!({"name": "a", "email": "a@b", "password": "12345678\0"})),
        ("/sign-up", json!({"name": "a", "email": "a@b", "password": "12345678", "profile": "\0"})),
        ("/login", json!({"email": "song@example.com\0", "password": "correct horse"})),
        ("/login", json!({"email": "song@example.com", "password": "correct horse\0"})),
        ("/follow", json!({"follow": "1\0"})),
        ("/unfollow", json!({"unfollow": "1\0"})),
    ] {
        app.post(path, &body).by(&song).send().problem(400, "invalid_json");
    }
}

#[test]
fn unknown_keys_are_ignored() {
    let app = TestApp::start();
    let song = app.user("song");
    let body =
        json!({"id": 1, "tweet": "hello", "extra": {"deep": [1, 2.5, null, true, "x"]}, "user_id": 99});
    assert_eq!(app.post("/tweet", &body).by(&song).send().ok()["user_id"], song.id);
}

#[test]
fn a_body_over_64_kib_is_too_large_whether_or_not_it_says_so_first() {
    let app = TestApp::start();
    let song = app.user("song");
    let fill = |bytes: usize| {
        let frame = json!({"tweet": "x", "fill": ""}).to_string().len();
        json!({"tweet": "x", "fill": "y".repeat(bytes - frame)}).to_string()
    };
    let send = |body: String| {
        app.call("POST", "/tweet").header("content-type", "application/json").by(&song).body(body).send()
    };
    send(fill(65_536)).ok();
    send(fill(65_537)).problem(413, "body_too_large");
    send(fill(1_000_000)).problem(413, "body_too_large");

    let mut chunked = format!(
        "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        song.token
    );
    let chunk = format!("400\r\n{}\r\n", "y".repeat(1_024));
    chunked.push_str(&chunk.repeat(80));
    let answer = app.raw((chunked + "0\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("body_too_large"), "{answer}");
}

#[test]
fn a_body_of_another_type_is_refused() {
    let app = TestApp::start();
    let song = app.user("song");
    let send = |headers: &[(&str, &str)]| {
        let call =
            headers.iter().fold(app.call("POST", "/tweet").by(&song), |call, (n, v)| call.header(n, v));
        call.body(r#"{"tweet":"x"}"#).send()
    };
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/jsonp", "json", ""]
    {
        send(&[("content-type", kind)]).problem(415, "unsupported_media_type");
    }
    send(&[]).problem(415, "unsupported_media_type");
    send(&[("content-type", "application/json"), ("content-encoding", "gzip")])
        .problem(415, "unsupported_media_type");
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
    ] {
        send(&[("content-type", kind)]).ok();
    }
}

#[test]
fn a_byte_order_mark_before_a_body_is_ignored() {
    let app = TestApp::start();
    let song = app.user("song");
    for (body, status) in
        [("\u{feff}{\"tweet\": \"hello\"}", 200), ("\u{feff}\u{feff}{\"tweet\": \"hello\"}", 400)]
    {
        let call = app.call("POST", "/tweet").by(&song).header("content-type", "application/json");
        assert_eq!(call.body(body).send().status, status);
    }
    assert_eq!(app.timeline(&song), ["hello"]);
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let app = TestApp::start();
    let song = app.user("song");
    let head = format!(
        "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 50\r\n\r\n{{",
        song.token
    );
    // The answer comes although the client neither goes on nor closes.
    let mut stream = std::net::TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 408");
}

#[test]
fn what_is_told_about_a_body_does_not_grow_with_it() {
    let app = TestApp::start();
    let song = app.user("song");
    let body = json!({"follow": ["\u{1f37a}".repeat(10_000)]}).to_string();
    let text = format!("\"{}\"", "\u{1f37a}".repeat(10_000));
    for body in [body, text] {
        let call =
            app.call("POST", "/follow").header("content-type", "application/json").by(&song).body(body);
        let answer = call.send();
        assert!(answer.status == 400 && answer.body.len() < 3_000, "{}", answer.body.len());
    }
}
