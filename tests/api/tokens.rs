use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use miniter_domain::{Clock, SystemClock};
use serde_json::{Value, json};

use miniter_test_support::app::{SECRET, TestApp};

fn sign(algorithm: Algorithm, claims: &Value, secret: &str) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn now() -> i64 {
    SystemClock.now().timestamp()
}

#[test]
fn a_token_may_be_bare_or_behind_bearer() {
    let app = TestApp::start();
    let song = app.user("song");
    for value in [song.token.clone(), format!("Bearer {}", song.token), format!("bearer {}", song.token)] {
        app.get("/timeline").header("authorization", &value).send().ok();
    }
}

#[test]
fn without_a_good_token_every_route_that_needs_one_answers_401() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let good = json!({"user_id": song.id, "exp": now() + 60, "iat": now()});
    let parts: Vec<_> = song.token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    for (what, token, code) in [
        ("none", None, "token_missing"),
        ("an empty one", Some(String::new()), "token_missing"),
        ("an empty one behind Bearer", Some("Bearer ".to_owned()), "token_missing"),
        ("garbage", Some("garbage".to_owned()), "token_invalid"),
        ("another scheme", Some(format!("Basic {}", song.token)), "token_invalid"),
        (
            "expired",
            Some(sign(Algorithm::HS256, &json!({"user_id": song.id, "exp": now() - 6}), SECRET)),
            "token_expired",
        ),
        ("alg none", Some(format!("{none}.{}.", parts[1])), "token_invalid"),
        ("alg none with a signature", Some(format!("{none}.{}.{}", parts[1], parts[2])), "token_invalid"),
        (
            "another key",
            Some(sign(Algorithm::HS256, &good, "another secret of 32 bytes or more")),
            "token_invalid",
        ),
        ("an empty key", Some(sign(Algorithm::HS256, &good, "")), "token_invalid"),
        ("another algorithm", Some(sign(Algorithm::HS384, &good, SECRET)), "token_invalid"),
        ("no exp", Some(sign(Algorithm::HS256, &json!({"user_id": song.id}), SECRET)), "token_invalid"),
        (
            "nobody",
            Some(sign(Algorithm::HS256, &json!({"user_id": 99, "exp": now() + 60}), SECRET)),
            "token_invalid",
        ),
        (
            "a negative user",
            Some(sign(Algorithm::HS256, &json!({"user_id": -1, "exp": now() + 60}), SECRET)),
            "token_invalid",
        ),
    ] {
        for call in [
            app.get("/timeline"),
            app.post("/tweet", &json!({"tweet": "hello"})),
            app.post("/follow", &json!({"follow": kim.id})),
            app.post("/unfollow", &json!({"unfollow": kim.id})),
        ] {
            let call = match &token {
                Some(token) => call.token(token),
                None => call,
            };
            let detail = call.send().problem(401, code);
            assert!(!detail.is_empty(), "{what}");
        }
    }
    assert!(app.timeline(&song).is_empty(), "nothing was written");
    app.get("/timeline").token(&sign(Algorithm::HS256, &good, SECRET)).send().ok();
}

#[test]
fn a_token_is_looked_at_before_the_body() {
    let app = TestApp::start();
    let answer = app.call("POST", "/tweet").header("content-type", "text/plain").body("not JSON").send();
    answer.problem(401, "token_missing");
}

#[test]
fn the_token_of_a_deleted_user_is_refused_everywhere() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&song, &kim);
    app.execute(&format!("DELETE FROM users WHERE id = {}", song.id));
    app.get("/timeline").by(&song).send().problem(401, "token_invalid");
    app.post("/tweet", &json!({"tweet": "hello"})).by(&song).send().problem(401, "token_invalid");
    app.post("/follow", &json!({"follow": kim.id})).by(&song).send().problem(401, "token_invalid");
    app.post("/unfollow", &json!({"unfollow": kim.id})).by(&song).send().problem(401, "token_invalid");
    app.post("/follow", &json!({"follow": song.id})).by(&song).send().problem(401, "token_invalid");
    app.post("/unfollow", &json!({"unfollow": song.id})).by(&song).send().problem(401, "token_invalid");
    let heir = app.user("heir");
    assert_ne!(heir.id, song.id, "no token may speak for somebody new");
}

#[test]
fn a_token_expires_after_the_lifetime_that_is_set() {
    let app = TestApp::start_with(|settings| settings.token_lifetime = 1);
    let song = app.user("song");
    // Whole seconds: it is void at the latest two seconds from now.
    std::thread::sleep(Duration::from_secs(2));
    app.get("/timeline").by(&song).send().problem(401, "token_expired");
}

#[test]
fn a_secret_can_be_changed_without_logging_anyone_out() {
    let app = TestApp::start_with(|settings| {
        settings.jwt_secret = Some("the new secret, which has 32 bytes".into());
        settings.jwt_previous_secrets = vec![SECRET.into()];
    });
    let song = app.user("song");
    let old = sign(Algorithm::HS256, &json!({"user_id": song.id, "exp": now() + 60}), SECRET);
    app.get("/timeline").token(&old).send().ok();
    app.get("/timeline").by(&song).send().ok();
}
