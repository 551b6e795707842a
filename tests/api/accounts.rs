use std::time::Instant;

use serde_json::{Value, json};

use miniter_test_support::app::{PASSWORD, TestApp};
use miniter_test_support::figures::median;

fn account(changes: &Value) -> Value {
    let mut account =
        json!({"name": "송은우", "email": "song@example.com", "password": PASSWORD, "profile": "hi"});
    for (key, value) in changes.as_object().unwrap() {
        account[key] = value.clone();
    }
    account
}

#[test]
fn a_sign_up_that_breaks_a_rule_is_refused_and_stores_nothing() {
    let app = TestApp::start();
    let long_email = format!("{}@example.com", "a".repeat(244));
    for (changes, code) in [
        (json!({"name": ""}), "invalid_name"),
        (json!({"name": "  "}), "invalid_name"),
        (json!({"name": "\u{3164}\u{200b}\u{2800}"}), "invalid_name"),
        (json!({"name": "가".repeat(256)}), "invalid_name"),
        (json!({"email": "song"}), "invalid_email"),
        (json!({"email": ""}), "invalid_email"),
        (json!({"email": "@example.com"}), "invalid_email"),
        (json!({"email": "a@b@c"}), "invalid_email"),
        (json!({"email": "song @example.com"}), "invalid_email"),
        (json!({"email": "song\u{7}@example.com"}), "invalid_email"),
        (json!({"email": "송@example.com"}), "invalid_email"),
        (json!({"email": long_email}), "invalid_email"),
        (json!({"password": "1234567"}), "password_too_short"),
        (json!({"password": "🔑".repeat(129)}), "password_too_long"),
        (json!({"profile": "x".repeat(2_001)}), "profile_too_long"),
        (json!({"profile": null}), "invalid_body"),
        (json!({"name": 5}), "invalid_body"),
    ] {
        app.post("/sign-up", &account(&changes)).send().problem(400, code);
    }
    app.get("/timeline/1").send().problem(404, "user_not_found");
    assert_eq!(app.post("/sign-up", &account(&json!({}))).send().ok()["id"], 1, "no number was used up");
}

#[test]
fn the_limits_of_a_sign_up_are_inclusive() {
    let app = TestApp::start();
    let widest = account(&json!({
        "name": "🍣".repeat(255),
        "email": format!("{}@example.com", "a".repeat(243)),
        "password": "🔑".repeat(128),
        "profile": "가".repeat(2_000),
    }));
    let answer = app.post("/sign-up", &widest).send().ok();
    for key in ["name", "email", "profile"] {
        assert_eq!(answer[key], widest[key], "{key}");
    }
    app.log_in(widest["email"].as_str().unwrap(), &"🔑".repeat(128)).ok();
    app.log_in(widest["email"].as_str().unwrap(), &"🔑".repeat(127)).problem(401, "invalid_credentials");
}

#[test]
fn a_taken_email_is_a_conflict_in_any_case_of_its_letters() {
    let app = TestApp::start();
    app.post("/sign-up", &account(&json!({}))).send().ok();
    app.post("/sign-up", &account(&json!({"email": "SONG@Example.com"}))).send().problem(409, "email_taken");
}

#[test]
fn what_a_sign_up_may_not_choose_is_ignored() {
    let app = TestApp::start();
    let eager =
        account(&json!({"id": 99, "user_id": 99, "hashed_password": "x", "created_at": "1970-01-01"}));
    assert_eq!(app.post("/sign-up", &eager).send().ok()["id"], 1);
    app.log_in("song@example.com", PASSWORD).ok();
}

#[test]
fn a_wrong_password_and_an_unknown_email_are_told_apart_by_nothing() {
    let app = TestApp::start();
    app.user("song");
    let [known, unknown] = ["song@example.com", "kim@example.com"].map(|email| {
        let answer = app.log_in(email, "wrong horse");
        answer.problem(401, "invalid_credentials");
        let mut body = answer.json();
        body["request_id"] = json!("");
        body
    });
    assert_eq!(known, unknown);
}

#[test]
fn an_unknown_email_costs_a_password_comparison() {
    // Not a timing test: a comparison takes 19 MiB and two passes, the rest of a log-in next to nothing. The unknown
    // address must be on the side of the comparison, by an order of magnitude either way.
    let app = TestApp::start();
    let time = |email: &str| {
        let started = Instant::now();
        app.log_in(email, "wrong horse").problem(401, "invalid_credentials");
        started.elapsed()
    };
    app.user("song");
    // In turn, so that both meet the same machine.
    let rounds: Vec<_> = (0..9).map(|_| (time("song@example.com"), time("kim@example.com"))).collect();
    let known = median(rounds.iter().map(|(known, _)| *known));
    let unknown = median(rounds.iter().map(|(_, unknown)| *unknown));
    assert!(unknown * 4 > known && known * 4 > unknown, "known and unknown: {rounds:?}");
}

#[test]
fn a_log_in_has_no_rules_of_form() {
    let app = TestApp::start();
    for (email, password) in [("", ""), ("no address", "short"), ("é@example.com", &*"x".repeat(10_000))] {
        app.log_in(email, password).problem(401, "invalid_credentials");
    }
}

fn stored_hash(app: &TestApp) -> String {
    app.database.connect().text("SELECT hashed_password AS value FROM users WHERE id = 1")
}

fn store_hash(app: &TestApp, hash: &str) {
    app.execute(&format!("UPDATE users SET hashed_password = '{hash}' WHERE id = 1"));
}

#[test]
fn a_bcrypt_hash_is_accepted_once_and_then_replaced_before_the_answer() {
    let app = TestApp::start();
    app.user("song");
    // Of "비밀번호123", made by Python's bcrypt.
    store_hash(&app, "$2b$04$wV74RwIS3bd38my9ALjjcOw4LDYnQe7PVqV3BuEnQWEw2qkrkO0pG");
    app.log_in("song@example.com", "비밀번호124").problem(401, "invalid_credentials");
    assert!(stored_hash(&app).starts_with("$2b$"), "a wrong password replaces nothing");
    app.log_in("song@example.com", "비밀번호123").ok();
    assert!(stored_hash(&app).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    app.log_in("song@example.com", "비밀번호123").ok();
}

#[test]
fn a_stored_hash_that_cannot_be_read_is_a_wrong_password() {
    let app = TestApp::start();
    app.user("song");
    for hash in ["", "plain text", "$2b$12$short", "$argon2id$v=19$m=99999999999$"] {
        store_hash(&app, hash);
        app.log_in("song@example.com", PASSWORD).problem(401, "invalid_credentials");
        assert_eq!(stored_hash(&app), hash);
    }
}
