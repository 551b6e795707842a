use miniter_domain::{Clock, SystemClock};
use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn a_tweet_is_answered_with_its_id_as_a_string_and_its_time_in_utc() {
    let app = TestApp::start();
    let song = app.user("song");
    let tweet = app.tweet(&song, "안녕 🍺");
    assert!(tweet["id"].as_str().unwrap().parse::<i64>().unwrap() > 1 << 53);
    assert_eq!((&tweet["user_id"], &tweet["tweet"]), (&json!(song.id), &json!("안녕 🍺")));
    let created_at = tweet["created_at"].as_str().unwrap();
    let age = SystemClock.now() - chrono::DateTime::parse_from_rfc3339(created_at).unwrap().to_utc();
    assert!(created_at.ends_with('Z') && age.num_seconds().abs() < 60, "{created_at}");
    assert_eq!(tweet.as_object().unwrap().len(), 4);
}

#[test]
fn a_tweet_has_1_to_300_code_points() {
    let app = TestApp::start();
    let song = app.user("song");
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    for (text, code) in [
        (String::new(), "tweet_empty"),
        (" \n\t\u{3000}".to_owned(), "tweet_empty"),
        ("\u{3164}\u{200b}\u{2800}\u{feff}\u{ad}".to_owned(), "tweet_empty"),
        ("🍺".repeat(301), "tweet_too_long"),
        (" ".repeat(301), "tweet_too_long"),
        // 43 visible characters.
        (family.repeat(43), "tweet_too_long"),
    ] {
        app.post("/tweet", &json!({"tweet": text})).by(&song).send().problem(400, code);
    }
    for text in ["🍺".repeat(300), family.repeat(42), "x".to_owned(), " x ".to_owned()] {
        assert_eq!(app.tweet(&song, &text)["tweet"], text);
    }
    assert_eq!(app.timeline(&song).len(), 4);
}

#[test]
fn a_tweet_comes_back_byte_for_byte() {
    let app = TestApp::start();
    let song = app.user("song");
    let texts = [
        "é",
        "e\u{301}",
        "trailing ",
        "\u{feff}bom",
        "\u{202e}rtl",
        "'; DROP TABLE tweets; --",
        "\\ \" </script>",
        "\u{1}\u{7f}",
    ];
    for text in texts {
        app.tweet(&song, text);
    }
    assert_eq!(app.timeline(&song), texts);
}

#[test]
fn the_same_request_under_one_key_is_answered_alike_by_every_node_and_published_once() {
    let app = TestApp::start();
    let other = app.another_node(|_| ());
    let (song, kim) = (app.user("song"), app.user("kim"));
    let body = json!({"tweet": "hello"});
    let first = app.post("/tweet", &body).by(&song).header("Idempotency-Key", "\"a b\"").send().ok();
    // Other keys of the object and its spelling are no other tweet.
    let respelt = r#"{"x": 1, "tweet": "h\u0065llo"}"#;
    for node in [&app, &other] {
        for body in [body.to_string(), respelt.to_owned()] {
            let again = node.post("/tweet", &json!({})).body(body).by(&song);
            assert_eq!(again.header("idempotency-key", "\"a b\"").send().ok(), first);
        }
    }
    let changed = json!({"tweet": "hello!"});
    other
        .post("/tweet", &changed)
        .by(&song)
        .header("Idempotency-Key", "\"a b\"")
        .send()
        .problem(422, "idempotency_key_reused");
    let of_kim = app.post("/tweet", &changed).by(&kim).header("Idempotency-Key", "\"a b\"").send().ok();
    assert_ne!(of_kim["id"], first["id"]);
    assert_eq!(app.timeline(&song), ["hello"]);
}

#[test]
fn an_idempotency_key_has_1_to_255_characters_of_any_kind_and_comes_once() {
    let app = TestApp::start();
    let song = app.user("song");
    let post = || app.post("/tweet", &json!({"tweet": "hello"})).by(&song);
    for key in ["", &"x".repeat(256), &"키".repeat(256)] {
        post().header("Idempotency-Key", key).send().problem(400, "invalid_idempotency_key");
    }
    post()
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "a")
        .send()
        .problem(400, "invalid_idempotency_key");
    assert_eq!(app.timeline(&song).len(), 0);
    for key in ["x", &"x".repeat(255), &"키".repeat(255)] {
        let first = post().header("Idempotency-Key", key).send().ok();
        assert_eq!(post().header("Idempotency-Key", key).send().ok(), first, "{key}");
    }
    assert_eq!(app.timeline(&song).len(), 3);
}
