//! Where databases like to disagree: one table of cases, the same bytes from each of them.

use insta::assert_snapshot;
use serde_json::json;

use miniter_test_support::app::{PASSWORD, TestApp};

/// The bytes of an answer, with what differs from run to run cut out: the id at its beginning or its end.
fn bytes(status: u16, body: &str) -> String {
    let body = match (body.split_once(r#""request_id":"#), body.strip_prefix(r#"{"id":"#)) {
        (Some((before, _)), _) => before,
        (None, Some(rest)) => rest.split_once(',').unwrap().1,
        (None, None) => body,
    };
    format!("{status} {body}")
}

#[test]
fn sign_ups_get_the_same_verdict_everywhere() {
    let app = TestApp::start();
    // An address that only other SQL can have stored.
    app.execute(
        "INSERT INTO users (id, name, email, profile, hashed_password) VALUES (10, 'É', 'É@example.com', '', ''), \
         (11, 'strasse', 'straße@example.com', '', '')",
    );
    // Without the number: a refused insert uses one up on MySQL, and none on SQLite.
    let verdicts: Vec<String> = [
        ("🍣", "a@example.com"),
        // What a _ci collation calls equal.
        ("🍺", "A@EXAMPLE.com"),
        ("🍺", "b@example.com"),
        ("é", "c@example.com"),
        ("e", "d@example.com"),
        ("e ", "e@example.com"),
        // Not the É of the row above, and not its plain letter either.
        ("x", "E@example.com"),
        ("x", "strasse@example.com"),
        ("x", "a@example.com "),
        ("x", " a@example.com"),
        ("x", "é@example.com"),
        ("x", "a@example.com\u{a0}"),
        ("", "f@example.com"),
        (" ", "f@example.com"),
        (" f ", "f@example.com"),
        ("%_\\'\"", "g%_@example.com"),
        ("x", "gab@example.com"),
    ]
    .into_iter()
    .map(|(name, email)| {
        let answer =
            app.post("/sign-up", &json!({"name": name, "email": email, "password": PASSWORD})).send();
        format!("{name:?} {email:?}\n  {}", bytes(answer.status, &answer.body))
    })
    .collect();
    assert_snapshot!(verdicts.join("\n"), @r#"
    "🍣" "a@example.com"
      200 "name":"🍣","email":"a@example.com","profile":""}
    "🍺" "A@EXAMPLE.com"
      409 {"type":"about:blank","title":"Conflict","status":409,"detail":"There is an account with this e-mail address already.","code":"email_taken",
    "🍺" "b@example.com"
      200 "name":"🍺","email":"b@example.com","profile":""}
    "é" "c@example.com"
      200 "name":"é","email":"c@example.com","profile":""}
    "e" "d@example.com"
      200 "name":"e","email":"d@example.com","profile":""}
    "e " "e@example.com"
      200 "name":"e ","email":"e@example.com","profile":""}
    "x" "E@example.com"
      409 {"type":"about:blank","title":"Conflict","status":409,"detail":"There is an account with this e-mail address already.","code":"email_taken",
    "x" "strasse@example.com"
      200 "name":"x","email":"strasse@example.com","profile":""}
    "x" "a@example.com "
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"An e-mail address has at most 255 ASCII characters, no white space, and one @ between non-empty parts.","code":"invalid_email",
    "x" " a@example.com"
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"An e-mail address has at most 255 ASCII characters, no white space, and one @ between non-empty parts.","code":"invalid_email",
    "x" "é@example.com"
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"An e-mail address has at most 255 ASCII characters, no white space, and one @ between non-empty parts.","code":"invalid_email",
    "x" "a@example.com\u{a0}"
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"An e-mail address has at most 255 ASCII characters, no white space, and one @ between non-empty parts.","code":"invalid_email",
    "" "f@example.com"
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"A name has 1 to 255 characters, at least one of them visible.","code":"invalid_name",
    " " "f@example.com"
      400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"A name has 1 to 255 characters, at least one of them visible.","code":"invalid_name",
    " f " "f@example.com"
      200 "name":" f ","email":"f@example.com","profile":""}
    "%_\\'\"" "g%_@example.com"
      200 "name":"%_\\'\"","email":"g%_@example.com","profile":""}
    "x" "gab@example.com"
      200 "name":"x","email":"gab@example.com","profile":""}
    "#);
    for (email, status) in [
        ("A@EXAMPLE.COM", 200),
        ("a@example.com ", 401),
        ("a@example.com\u{0}", 400),
        ("á@example.com", 401),
        ("é@example.com", 401),
        ("e@EXAMPLE.com", 200),
        ("STRASSE@example.com", 200),
        ("g_b@example.com", 401),
    ] {
        assert_eq!(app.log_in(email, PASSWORD).status, status, "{email:?}");
    }
}

#[test]
fn a_timeline_is_the_same_bytes_everywhere() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&song, &kim);
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    let texts = [
        "🍣".to_owned(),
        "🍺".to_owned(),
        "é".to_owned(),
        "e\u{301}".to_owned(),
        "e".to_owned(),
        "e ".to_owned(),
        "E".to_owned(),
        "가".to_owned(),
        "\u{1100}\u{1161}".to_owned(),
        "10".to_owned(),
        "9".to_owned(),
        "Z".to_owned(),
        "a".to_owned(),
        "🍺".repeat(300),
        family.repeat(42),
        "\u{10ffff}\u{fffd}\u{feff}".to_owned(),
        "'; DROP TABLE tweets; -- \\".to_owned(),
    ];
    for (i, text) in texts.iter().enumerate() {
        app.tweet(if i % 2 == 0 { &song } else { &kim }, text);
    }
    for (text, code) in [
        (family.repeat(43), "tweet_too_long"),
        ("🍺".repeat(301), "tweet_too_long"),
        ("a\0b".to_owned(), "invalid_json"),
        ("\u{2003} \u{3000}".to_owned(), "tweet_empty"),
    ] {
        app.post("/tweet", &json!({"tweet": text})).by(&song).send().problem(400, code);
    }
    let entries: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| {
            let author = if i % 2 == 0 { song.id } else { kim.id };
            format!(r#"{{"user_id":{author},"tweet":{}}}"#, json!(text))
        })
        .collect();
    let expected = format!(r#"{{"user_id":{},"timeline":[{}]}}"#, song.id, entries.join(","));
    assert_eq!(
        app.get("/timeline").by(&song).send().body,
        expected,
        "in the order of writing, each text as it was"
    );
}
