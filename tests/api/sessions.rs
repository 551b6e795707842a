//! Changing a password, and with it logging out everywhere.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{PASSWORD, SECRET, TestApp, User};
use miniter_test_support::process::miniter;

const NEW: &str = "battery staple";

fn change(app: &TestApp, user: &User, old: &str, new: &str) -> Answer {
    app.post("/password", &json!({"old_password": old, "new_password": new})).by(user).send()
}

fn token_of(session: &Value) -> &str {
    session["access_token"].as_str().unwrap()
}

/// Waits until a token is refused; fails after a second.
fn await_refusal(app: &TestApp, user: &User) {
    let begun = Instant::now();
    loop {
        let answer = app.get("/timeline").by(user).send();
        if answer.status != 200 {
            answer.problem(401, "token_invalid");
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(1), "it is still good");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_changed_password_ends_every_session_and_opens_a_new_one() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let elsewhere = app.log_in(&song.email, PASSWORD).ok();
    let session = change(&app, &song, PASSWORD, NEW).ok();
    assert_eq!(session["user_id"], song.id);

    // At once, on the node that changed it.
    for token in [song.token.as_str(), token_of(&elsewhere)] {
        for call in [
            app.get("/timeline"),
            app.post("/tweet", &json!({"tweet": "hello"})),
            app.post("/follow", &json!({"follow": kim.id})),
            app.post("/unfollow", &json!({"unfollow": kim.id})),
            app.post("/password", &json!({"old_password": NEW, "new_password": PASSWORD})),
        ] {
            call.token(token).send().problem(401, "token_invalid");
        }
    }
    app.post("/tweet", &json!({"tweet": "hello"})).token(token_of(&session)).send().ok();
    app.tweet(&kim, "nobody else is logged out");
    app.log_in(&song.email, PASSWORD).problem(401, "invalid_credentials");
    let again = app.log_in(&song.email, NEW).ok();
    for token in [token_of(&session), token_of(&again)] {
        assert_eq!(app.get("/timeline").token(token).send().tweets(), ["hello"]);
    }
}

#[test]
fn a_change_needs_the_old_password_and_a_new_one_that_keeps_the_rules() {
    let app = TestApp::start();
    let song = app.user("song");
    change(&app, &song, "wrong horse", NEW).problem(403, "wrong_password");
    change(&app, &song, PASSWORD, "short").problem(400, "password_too_short");
    change(&app, &song, PASSWORD, &"x".repeat(129)).problem(400, "password_too_long");
    app.post("/password", &json!({"new_password": NEW})).by(&song).send().problem(400, "invalid_body");
    let body = json!({"old_password": PASSWORD, "new_password": NEW});
    app.post("/password", &body).send().problem(401, "token_missing");
    app.get("/timeline").by(&song).send().ok();
    app.log_in(&song.email, PASSWORD).ok();
}

#[test]
fn of_two_changes_at_once_one_succeeds() {
    let app = TestApp::start();
    let song = app.user("song");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let changes =
            [NEW, "another staple"].map(|new| scope.spawn(|| change(&app, &song, PASSWORD, new).status));
        changes.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 401, 403].contains(status)), "{statuses:?}");
}

#[test]
fn another_node_knows_within_a_second() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let other = app.another_node(|_| ());
    for round in 0..3 {
        let session = app.log_in(&song.email, if round % 2 == 0 { PASSWORD } else { NEW }).ok();
        let song = User { id: song.id, email: song.email.clone(), token: token_of(&session).to_owned() };
        other.get("/timeline").by(&song).send().ok();
        let (old, new) = if round % 2 == 0 { (PASSWORD, NEW) } else { (NEW, PASSWORD) };
        let session = change(&app, &song, old, new).ok();
        // The new one may be shown at once, also to a node that does not know it yet.
        other.get("/timeline").token(token_of(&session)).send().ok();
        await_refusal(&other, &song);
        // Nobody else was logged out.
        other.get("/timeline").by(&kim).send().ok();
    }
}

#[test]
fn whoever_runs_the_server_can_set_a_password_while_it_runs() {
    let app = TestApp::start();
    let song = app.user("song");
    app.get("/timeline").by(&song).send().ok();
    let folder = tempfile::tempdir().unwrap();
    let set = |email: &str, password: &str| {
        let variables = [("MINITER_DATABASE_URL", app.database.url_text())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut command = miniter(folder.path(), &["user", "set-password", email], &variables);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{password}\n").as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains(password), "{said}");
        (output.status.success(), said)
    };
    let (succeeded, said) = set("SONG@example.com", NEW);
    assert!(succeeded && said.contains("user 1 has a new password"), "{said}");
    await_refusal(&app, &song);
    app.log_in(&song.email, PASSWORD).problem(401, "invalid_credentials");
    app.log_in(&song.email, NEW).ok();

    let (succeeded, said) = set("kim@example.com", NEW);
    assert!(!succeeded && said.contains("kim@example.com"), "{said}");
    let (succeeded, said) = set("song@example.com", "tooshrt");
    assert!(!succeeded && said.contains('8'), "{said}");
}

#[test]
fn whoever_runs_the_server_can_create_an_account_while_it_runs() {
    let app = TestApp::start_with(|settings| settings.registration = miniter_service::Registration::Closed);
    let folder = tempfile::tempdir().unwrap();
    let create = |username: &str, email: &str, more: &[&str]| {
        let url = app.database.url_text();
        let arguments = [&["user", "create", username, "--email", email], more].concat();
        let mut command = miniter(folder.path(), &arguments, &[("MINITER_DATABASE_URL", url.as_str())]);
        let password = folder.path().join("password");
        std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        let output = command.stdin(std::fs::File::open(&password).unwrap()).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    };
    let (succeeded, said) = create("Song", "song@example.com", &["--name", "송은우"]);
    assert!(succeeded && said.contains("user 1 can log in"), "{said}");
    app.log_in("song@example.com", PASSWORD).ok();
    let account = app.get("/api/v1/accounts/lookup?acct=song").send().ok();
    assert_eq!(
        (account["username"].as_str(), account["display_name"].as_str()),
        (Some("Song"), Some("송은우"))
    );
    for (username, email, told) in [
        ("SONG", "kim@example.com", "another account has this username"),
        ("kim", "SONG@example.com", "another account has the e-mail address"),
        ("user7", "kim@example.com", "a username is not"),
    ] {
        let (succeeded, said) = create(username, email, &[]);
        assert!(!succeeded && said.contains(told), "{said}");
    }
}

#[test]
fn a_token_without_a_version_or_with_another_one_is_judged_by_the_version_of_the_user() {
    let app = TestApp::start();
    let song = app.user("song");
    let sign = |version: Option<Value>| {
        let mut claims = json!({"user_id": song.id, "exp": 4_102_444_800_i64});
        if let Some(version) = version {
            claims["ver"] = version;
        }
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
    };
    let show = |token: &str| app.get("/timeline").token(token).send().status;
    assert_eq!(show(&sign(None)), 200, "tokens of older servers");
    assert_eq!(show(&sign(Some(json!(0)))), 200);
    for version in [json!(1), json!(-1), json!("0"), json!(null), json!(0.5), json!([0])] {
        assert_eq!(show(&sign(Some(version.clone()))), 401, "{version}");
    }
    change(&app, &song, PASSWORD, NEW).ok();
    assert_eq!((show(&sign(None)), show(&sign(Some(json!(1))))), (401, 200));
}
