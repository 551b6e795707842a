//! Wrong passwords that others give keep nobody out of their account where that can be helped.

use std::thread;
use std::time::{Duration, Instant};

use miniter::settings::Settings;
use serde_json::{Value, json};

use crate::limits::{generous, log_in_from, quota, seconds, trust_this_machine};
use miniter_test_support::answer::Answer;
use miniter_test_support::app::{PASSWORD, TestApp};
use miniter_test_support::process::{miniter, run};

const NEW: &str = "battery staple";

/// Three wrong passwords, and for a long time no other.
fn three(settings: &mut Settings) {
    generous(settings);
    trust_this_machine(settings);
    settings.log_in_failure_limit = quota(3, 3_600_000);
}

/// Three wrong passwords from addresses that the account has never been used from, and what comes then.
fn try_passwords(app: &TestApp, email: &str) -> Answer {
    for i in 1..=3 {
        log_in_from(app, &format!("6.6.6.{i}"), email, "wrong").problem(401, "invalid_credentials");
    }
    let refused = log_in_from(app, "6.6.6.9", email, "wrong");
    refused.problem(429, "too_many_failures");
    refused
}

fn change_from(app: &TestApp, address: &str, token: &str, old: &str, new: &str) -> Answer {
    app.post("/password", &json!({"old_password": old, "new_password": new}))
        .header("x-forwarded-for", address)
        .token(token)
        .send()
}

fn token_of(session: &Value) -> String {
    session["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn an_address_that_the_account_was_used_from_is_not_locked_out_by_those_who_try_from_elsewhere() {
    let app = TestApp::start_with(three);
    let song = app.user("song");
    log_in_from(&app, "1.1.1.1", &song.email, PASSWORD).ok();
    log_in_from(&app, "2001:db8:1:1::1", &song.email, PASSWORD).ok();
    try_passwords(&app, &song.email);
    log_in_from(&app, "1.1.1.1", "SONG@example.com", PASSWORD).ok();
    log_in_from(&app, "2001:db8:1:1::2", &song.email, PASSWORD).ok();
    // A log-in from there makes no other address known.
    log_in_from(&app, "2.2.2.2", &song.email, PASSWORD).problem(429, "too_many_failures");
    // It has a count of its own, so that there, too, passwords cannot be tried in numbers.
    for _ in 0..3 {
        log_in_from(&app, "1.1.1.1", &song.email, "wrong").problem(401, "invalid_credentials");
    }
    log_in_from(&app, "1.1.1.1", &song.email, PASSWORD).problem(429, "too_many_failures");
    log_in_from(&app, "2001:db8:1:1::3", &song.email, PASSWORD).ok();
    // What Song has used is no matter of Kim's.
    let kim = app.user("kim");
    try_passwords(&app, &kim.email);
    log_in_from(&app, "1.1.1.1", &kim.email, PASSWORD).problem(429, "too_many_failures");
}

#[test]
fn who_holds_a_stolen_token_does_not_keep_the_owner_from_changing_the_password() {
    let app = TestApp::start_with(three);
    let song = app.user("song");
    let session = log_in_from(&app, "1.1.1.1", &song.email, PASSWORD).ok();
    let token = token_of(&session);
    for i in 1..=3 {
        change_from(&app, &format!("6.6.6.{i}"), &token, "wrong", NEW).problem(403, "wrong_password");
    }
    change_from(&app, "6.6.6.9", &token, PASSWORD, NEW).problem(429, "too_many_failures");
    // At the owner's address the same token is not refused.
    let session = change_from(&app, "1.1.1.1", &token, PASSWORD, NEW).ok();

    // One who uses it at the owner's own address, behind the same router, keeps nobody out who logs in again.
    let stolen = token_of(&session);
    for _ in 0..3 {
        change_from(&app, "1.1.1.1", &stolen, "wrong", PASSWORD).problem(403, "wrong_password");
    }
    change_from(&app, "1.1.1.1", &stolen, NEW, PASSWORD).problem(429, "too_many_failures");
    let begun = Instant::now();
    let fresh = loop {
        // A token is another one in another second.
        let fresh = token_of(&log_in_from(&app, "1.1.1.1", &song.email, NEW).ok());
        if fresh != stolen {
            break fresh;
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(50));
    };
    change_from(&app, "1.1.1.1", &fresh, NEW, PASSWORD).ok();
}

#[test]
fn a_moment_that_was_written_while_the_clock_was_ahead_locks_out_for_no_longer_than_is_told() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        trust_this_machine(settings);
        settings.log_in_failure_limit = quota(1, 2_000);
    });
    let song = app.user("song");
    log_in_from(&app, "6.6.6.6", &song.email, "wrong").problem(401, "invalid_credentials");
    // Ten years.
    app.execute("UPDATE log_in_failures SET tat = tat + 315576000000000");
    let refused = log_in_from(&app, "2.2.2.2", &song.email, PASSWORD);
    refused.problem(429, "too_many_failures");
    assert!((1..=2).contains(&seconds(&refused)), "{refused:?}");
    thread::sleep(Duration::from_secs(seconds(&refused)));
    log_in_from(&app, "2.2.2.2", &song.email, PASSWORD).ok();
}

#[test]
fn whoever_runs_the_server_can_lift_a_lock_out_while_it_runs() {
    let app = TestApp::start_with(three);
    let (song, kim) = (app.user("song"), app.user("kim"));
    let folder = tempfile::tempdir().unwrap();
    let url = app.database.url_text();
    let variables = [("MINITER_DATABASE_URL", url.as_str())];
    let unlock = |email: &str| {
        let output = run(folder.path(), &["user", "unlock", email], &variables);
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    };
    try_passwords(&app, &song.email);
    try_passwords(&app, &kim.email);
    for _ in 0..3 {
        change_from(&app, "6.6.6.6", &song.token, "wrong", NEW).problem(403, "wrong_password");
    }
    let (succeeded, said) = unlock("SONG@example.com");
    assert!(succeeded && said.contains("user 1"), "{said}");
    log_in_from(&app, "2.2.2.2", &song.email, PASSWORD).ok();
    change_from(&app, "6.6.6.7", &song.token, PASSWORD, NEW).ok();
    log_in_from(&app, "2.2.2.2", &kim.email, PASSWORD).problem(429, "too_many_failures");
    let (succeeded, said) = unlock("nobody@example.com");
    assert!(!succeeded && said.contains("nobody@example.com"), "{said}");

    // Another password lifts it, too.
    let mut command = miniter(folder.path(), &["user", "set-password", &kim.email], &variables);
    let password = folder.path().join("password");
    std::fs::write(&password, NEW).unwrap();
    let output = command.stdin(std::fs::File::open(&password).unwrap()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    log_in_from(&app, "2.2.2.2", &kim.email, NEW).ok();
}
