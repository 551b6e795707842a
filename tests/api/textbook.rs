//! The flow of the textbook's own tests and of its front end, whole bodies compared.

use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn the_classic_clients_work_unchanged() {
    let app = TestApp::start();

    let pong = app.get("/ping").send();
    assert_eq!((pong.status, pong.body.as_str()), (200, "pong"));
    assert!(pong.header("content-type").starts_with("text/plain"));

    let song = app
        .post(
            "/sign-up",
            &json!({"id": 0, "name": "송은우", "email": "songew@gmail.com", "password": "test password",
                "profile": "test profile"}),
        )
        .send();
    assert_eq!(
        song.ok(),
        json!({"id": 1, "name": "송은우", "email": "songew@gmail.com", "profile": "test profile"})
    );
    let kim = app
        .post("/sign-up", &json!({"name": "김철수", "email": "tet@gmail.com", "password": "test password"}))
        .send();
    assert_eq!(kim.ok(), json!({"id": 2, "name": "김철수", "email": "tet@gmail.com", "profile": ""}));

    let login = app.log_in("songew@gmail.com", "test password").ok();
    assert_eq!(login["user_id"], 1);
    assert_eq!(login.as_object().unwrap().len(), 2);
    let token = login["access_token"].as_str().unwrap();
    let kims_login = app.log_in("tet@gmail.com", "test password").ok();
    let kims_token = kims_login["access_token"].as_str().unwrap();

    let tweet = app.post("/tweet", &json!({"tweet": "Hello World!"})).token(kims_token).send().ok();
    assert_eq!((&tweet["user_id"], &tweet["tweet"]), (&json!(2), &json!("Hello World!")));

    let before = app.get("/timeline/1").token(token).send();
    assert_eq!(before.ok(), json!({"user_id": 1, "timeline": []}));

    // The textbook's page sends the id as a string.
    app.post("/follow", &json!({"follow": "2"})).token(token).send().empty();
    let after = app.get("/timeline/1").token(token).send();
    assert_eq!(after.ok(), json!({"user_id": 1, "timeline": [{"user_id": 2, "tweet": "Hello World!"}]}));

    app.post("/unfollow", &json!({"unfollow": 2})).token(token).send().empty();
    let own = app.get("/timeline").token(token).send();
    assert_eq!(own.ok(), json!({"user_id": 1, "timeline": []}));
}

#[test]
fn an_old_database_tool_can_write_beside_the_server() {
    let app = TestApp::start();
    let song = app.user("song");
    let hash = bcrypt_hash();
    app.execute(&format!(
        "INSERT INTO users (name, email, profile, hashed_password) VALUES ('김철수', 'Kim@Example.com', '', '{hash}')"
    ));
    let kim = app.log_in("kim@example.com", "old").ok();
    app.execute(&format!(
        "INSERT INTO tweets (user_id, tweet) VALUES ({}, 'by other means')",
        kim["user_id"]
    ));
    app.execute(&format!(
        "INSERT INTO users_follow_list (user_id, follow_user_id) VALUES ({}, {})",
        song.id, kim["user_id"]
    ));
    if app.database.is_sqlite() {
        assert_eq!(app.timeline(&song), ["by other means"]);
    }
    // Where nodes share a database, what stands there already is brought by following once more.
    app.post("/follow", &json!({"follow": kim["user_id"]})).by(&song).send().empty();
    assert_eq!(app.timeline(&song), ["by other means"]);
    app.tweet(&song, "and ours after it");
    assert_eq!(app.timeline(&song), ["by other means", "and ours after it"]);
}

/// bcrypt of "old" at cost 4.
fn bcrypt_hash() -> &'static str {
    "$2b$04$nDoJ0uTaBYWBUih7kXW2l.ySPU3bsmr9D0O0DHxxSm2uHdjcgomVa"
}
