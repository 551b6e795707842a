//! Requests that nobody sends by accident.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use miniter_test_support::app::{PASSWORD, TestApp, User};

/// The status of each answer to bytes that are sent as they stand, until the server closes.
fn statuses(app: &TestApp, request: &str) -> Vec<u16> {
    let answer = app.raw(request.as_bytes());
    answer.split("HTTP/1.1 ").skip(1).map(|part| part[..3].parse().unwrap()).collect()
}

fn tweet(song: &User, headers: &str, body: &str) -> String {
    format!(
        "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}",
        song.token
    )
}

#[test]
fn a_request_whose_end_can_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let app = TestApp::start();
    let song = app.user("song");
    let body = r#"{"tweet":"x"}"#;
    let smuggled = tweet(&song, "Content-Length: 13", body);
    for headers in [
        "Content-Length: 13\r\nContent-Length: 14",
        "Content-Length: 13\r\nContent-Length: 13",
        "Content-Length: 13, 13",
        "Content-Length: +13",
        "Content-Length: 0x0d",
        "Content-Length: -1",
        "Content-Length: 13\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 13",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Content-Length : 13",
        " Content-Length: 13",
    ] {
        let answered = statuses(&app, &(tweet(&song, headers, body) + &smuggled));
        assert!(matches!(answered[..], [400..=499]), "{headers:?}: {answered:?}");
    }
    for chunks in ["d;\u{0}\r\n", "0xd\r\n", "-d\r\n", "d \n", "fffffffffffffffff\r\n"] {
        let request = tweet(&song, "Transfer-Encoding: chunked", &format!("{chunks}{body}\r\n0\r\n\r\n"));
        let answered = statuses(&app, &(request + &smuggled));
        assert!(matches!(answered[..], [400..=499]), "{chunks:?}: {answered:?}");
    }
    assert!(app.timeline(&song).is_empty(), "nothing was written");
}

#[test]
fn requests_that_come_at_once_on_one_connection_are_answered_in_their_order() {
    let app = TestApp::start();
    let song = app.user("song");
    let mut requests = String::new();
    for i in 0..20 {
        let body = json!({"tweet": i.to_string()}).to_string();
        requests += &tweet(&song, &format!("Content-Length: {}", body.len()), &body);
        requests += "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    let answered = statuses(&app, &requests);
    assert_eq!(answered, [200, 404].repeat(20));
    let expected: Vec<String> = (0..20).map(|i| i.to_string()).collect();
    assert_eq!(app.timeline(&song), expected);
}

#[test]
fn heads_are_bounded_in_number_and_size() {
    let app = TestApp::start();
    let head = |headers: &str| format!("GET /ping HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let many = "X-Many: y\r\n".repeat(200);
    let large = format!("X-Large: {}\r\n", "y".repeat(300_000));
    let long = format!("GET /ping?{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(300_000));
    for request in [head(&many), head(&large), long] {
        let answered = statuses(&app, &request);
        assert!(matches!(answered[..], [400..=499]), "{}…: {answered:?}", &request[..60]);
    }
    let many = "X-Many: y\r\n".repeat(50);
    assert_eq!(statuses(&app, &head(&many)), [200]);
}

/// Sends `start` and then a byte at a time, until the server closes. Returns what it says and how long it took.
fn drip(app: &TestApp, start: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(250))).unwrap();
    let begun = Instant::now();
    stream.write_all(start.as_bytes()).unwrap();
    let mut answer = Vec::new();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(20), "{start:?} is still listened to");
        let mut buffer = [0; 4_096];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            // Nothing came: one more byte, which may find the connection closed.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stream.write_all(b"y").is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
}

#[test]
fn whoever_sends_a_byte_now_and_then_is_cut_off_wherever_it_goes() {
    let app = TestApp::start();
    let song = app.user("song");
    let body = "Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{";
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{";
    let starts = [
        "GET /ping HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned(),
        "G".to_owned(),
        format!("POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{body}", song.token),
        format!("POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{chunked}", song.token),
        format!("POST /login HTTP/1.1\r\nHost: x\r\n{body}"),
        // Where the body is not read at all.
        format!("POST /tweet HTTP/1.1\r\nHost: x\r\n{body}"),
        format!("POST /nope HTTP/1.1\r\nHost: x\r\n{body}"),
        format!("GET /ping HTTP/1.1\r\nHost: x\r\n{body}"),
        format!("GET /ping HTTP/1.1\r\nHost: x\r\n{chunked}"),
        // Behind a request that has been answered.
        "GET /ping HTTP/1.1\r\nHost: x\r\n\r\nGET /ping HTTP/1.1\r\nX-Slow: ".to_owned(),
    ];
    thread::scope(|scope| {
        for start in &starts {
            let app = &app;
            scope.spawn(move || {
                let (answer, took) = drip(app, start);
                assert!(took < Duration::from_secs(15), "{start:?}: {took:?} {answer}");
            });
        }
        // Meanwhile everybody else is served.
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(app.get("/ping").send().status, 200);
            assert!(begun.elapsed() < Duration::from_secs(2));
            thread::sleep(Duration::from_millis(100));
        }
    });
}

#[test]
fn answers_say_what_they_are_and_what_the_page_may_do() {
    let app = TestApp::start();
    let song = app.user("song");
    for path in ["/ping", "/timeline", "/nope", "/docs/", "/openapi.json", "/metrics"] {
        assert_eq!(app.get(path).by(&song).send().header("x-content-type-options"), "nosniff", "{path}");
    }
    let policy = app.get("/docs/").send().header("content-security-policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(
        !policy.contains("script-src 'self' 'unsafe-inline'") && !policy.contains("unsafe-eval"),
        "{policy}"
    );
    let login = app.log_in(&song.email, PASSWORD);
    assert_eq!(login.header("cache-control"), "no-store", "it holds a token");
}

/// What there is of a user, as the database has it.
fn everything(app: &TestApp) -> Vec<Option<String>> {
    let mut connection = app.database.connect();
    [
        "SELECT CONCAT_WS('|', id, name, email, hashed_password, profile, created_at, updated_at) AS value FROM users",
        "SELECT CONCAT_WS('|', id, user_id, tweet, created_at) AS value FROM tweets",
        "SELECT CONCAT_WS('|', user_id, follow_user_id, created_at) AS value FROM users_follow_list",
        "SELECT CONCAT_WS('|', user_id, version) AS value FROM token_versions",
    ]
    .into_iter()
    .flat_map(|query| connection.texts(&format!("{query} ORDER BY 1")))
    .collect()
}

/// Bodies in which Kim names Song and Song's things wherever a key might be believed. The address is spelt in capitals, which is
/// the same address: so what shows it as Song has it is no echo.
fn bodies(song: &User, tweet: &str) -> Vec<Value> {
    let claims = json!({
        "id": song.id, "user_id": song.id, "actor": song.id, "author": song.id, "user": song.id, "_id": song.id,
        "follower": song.id, "created_at": "2001-01-01", "updated_at": "2001-01-01", "hashed_password": "stolen",
        "password": "stolen password", "token_version": 99, "version": 99, "ver": 99, "email": song.email.to_uppercase(),
        "name": "stolen", "profile": "stolen", "is_admin": true, "tweet_id": tweet,
    });
    let with = |own: Value| {
        let mut body = claims.clone();
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        body
    };
    vec![
        with(json!({})),
        with(json!({"tweet": "by Kim"})),
        with(json!({"follow": song.id})),
        with(json!({"unfollow": song.id})),
        with(json!({"old_password": PASSWORD, "new_password": "stolen password"})),
        with(json!({"old_password": "wrong password", "new_password": "stolen password"})),
        json!([song.id]),
        json!(song.id),
        Value::Null,
    ]
}

#[test]
fn nothing_that_kim_does_on_any_route_by_any_method_changes_or_shows_what_is_songs() {
    let app = TestApp::start();
    // Their addresses are in no documentation.
    let (song, lee) = (app.user("song.7f3a"), app.user("lee.7f3a"));
    let tweet = app.tweet(&song, "by Song")["id"].as_str().unwrap().to_owned();
    app.follow(&song, &lee);
    let hashes: Vec<_> = app
        .database
        .connect()
        .texts("SELECT hashed_password AS value FROM users")
        .into_iter()
        .flatten()
        .collect();
    let kim = app.user("kim");
    let of_others = |app: &TestApp| -> Vec<_> {
        // All but Kim's rows, which begin with Kim's number or end in Kim's doings.
        let own = [format!("{}|", kim.id), format!("|{}|by Kim|", kim.id)];
        everything(app)
            .into_iter()
            .flatten()
            .filter(|row| !row.starts_with(&own[0]) && !row.contains(&own[1]))
            .collect()
    };
    let before = of_others(&app);
    assert_eq!(before.len(), 4, "two users, a tweet and a follow");

    let document = serde_json::to_value(miniter_web::openapi()).unwrap();
    let mut paths: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| path.replace("{user_id}", &song.id.to_string()).replace("{file}", "index.html"))
        .collect();
    paths.extend(
        [
            "/timeline/SONG.7F3A@EXAMPLE.COM",
            "/users/1",
            "/user/1",
            "/tweet/1",
            "/admin",
            "/timeline/1/",
            "/timeline/0",
        ]
        .map(str::to_owned),
    );
    paths.push(format!("/tweet/{tweet}"));
    paths.push(format!("/timeline?user_id={}", song.id));
    let mut answers = 0;
    let mut kims = kim.token.clone();
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            for body in bodies(&song, &tweet) {
                let call = app.call(method, path).token(&kims).header("content-type", "application/json");
                let call =
                    call.header("x-user-id", &song.id.to_string()).header("x-http-method-override", "DELETE");
                let answer = call.body(body.to_string()).send();
                assert!(answer.status < 500, "{method} {path} {body}: {answer:?}");
                for secret in hashes.iter().chain([&song.email, &lee.email, &song.token]) {
                    let is_shown = answer.body.contains(secret.as_str());
                    assert!(!is_shown, "{method} {path} {body} shows {secret}: {answer:?}");
                }
                answers += 1;
                // Kim may have changed Kim's own password.
                if answer.status == 200 && path == "/password" {
                    kims = answer.json()["access_token"].as_str().unwrap().to_owned();
                    assert_eq!(answer.json()["user_id"], kim.id);
                }
            }
        }
    }
    assert!(answers > 1_000, "{answers}");
    assert_eq!(of_others(&app), before);
    assert_eq!(app.timeline(&song), ["by Song"]);
    app.log_in(&song.email, PASSWORD).ok();
    let shown = app.get(format!("/timeline/{}", kim.id)).send();
    assert!(!shown.body.contains("@example.com") && !shown.body.contains("$argon2"), "{shown:?}");
}

#[test]
fn what_a_client_claims_of_the_new_rows_id_owner_time_or_hash_is_not_believed() {
    let app = TestApp::start();
    let claims = json!({
        "id": 987_654_321_012_345_i64, "user_id": 987_654_321_012_345_i64, "created_at": "2001-01-01T00:00:00Z", "updated_at": "2001-01-01T00:00:00Z",
        "hashed_password": "$2b$12$stolen", "email_canonical": "x", "token_version": 9,
    });
    let with = |own: Value| {
        let mut body = claims.clone();
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        body
    };
    let account =
        with(json!({"name": "Song", "email": "song@example.com", "password": PASSWORD, "profile": ""}));
    let id = app.post("/sign-up", &account).send().ok()["id"].as_i64().unwrap();
    assert_eq!(id, 1);
    let session =
        app.post("/login", &with(json!({"email": "song@example.com", "password": PASSWORD}))).send().ok();
    let token = session["access_token"].as_str().unwrap();
    let tweet = app.post("/tweet", &with(json!({"tweet": "hello"}))).token(token).send().ok();
    assert_eq!(tweet["user_id"], 1);
    assert_ne!(tweet["id"], "987654321012345");
    let rows: String = everything(&app).into_iter().flatten().collect();
    for claim in ["987654321012345", "2001-01-01", "$2b$12$stolen"] {
        assert!(!rows.contains(claim), "{claim}: {rows}");
    }
}
