//! How far a user has read, and what is unread.

use miniter_test_support::app::TestApp;
use serde_json::json;

use super::required;

#[test]
fn markers_are_kept_for_each_timeline_from_any_kind_of_body() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    assert_eq!(app.get("/api/v1/markers?timeline[]=home").by(&song).send().ok(), json!({}));
    let home = json!({"home": {"last_read_id": "103194548672408537"}});
    let moved = app.post("/api/v1/markers", &home).by(&song).send().ok();
    required::check("Marker", &moved["home"]);
    assert_eq!(moved["home"]["last_read_id"], "103194548672408537");
    assert_eq!((&moved["home"]["version"], moved.get("notifications")), (&json!(1), None));
    let form = "home[last_read_id]=5&notifications%5Blast_read_id%5D=6";
    let call =
        app.call("POST", "/api/v1/markers").header("content-type", "application/x-www-form-urlencoded");
    let moved = call.body(form).by(&song).send().ok();
    assert_eq!((&moved["home"]["version"], &moved["notifications"]["version"]), (&json!(2), &json!(1)));
    let both = app.get("/api/v1/markers?timeline[]=home&timeline[]=notifications&timeline[]=x").by(&song);
    assert_eq!(both.send().ok(), moved);
    let one = app.get("/api/v1/markers?timeline=notifications").by(&song).send().ok();
    assert_eq!(one, json!({"notifications": moved["notifications"]}));
    assert_eq!(app.get("/api/v1/markers?timeline[]=home").by(&kim).send().ok(), json!({}));
    assert_eq!(app.call("POST", "/api/v1/markers").body("").by(&song).send().ok(), json!({}));
    let malformed = app.call("POST", "/api/v1/markers?home[last_read_id]=x").body("").by(&song).send();
    assert_eq!(malformed.status, 422);
}

#[test]
fn a_mention_in_a_classic_tweet_is_unread_until_it_is_read_dismissed_or_cleared() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    for i in 0..3 {
        app.tweet(&kim, &format!("@user{} {i}", song.id));
    }
    let count = |query: &str| {
        app.get(format!("/api/v1/notifications/unread_count?{query}")).by(&song).send().ok()["count"].clone()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count("limit=2"), 2);
    assert_eq!(count("types[]=mention"), 3);
    assert_eq!(count("exclude_types[]=mention"), 0);
    assert_eq!(count(&format!("account_id={}", song.id)), 0);
    app.post("/api/v1/markers", &json!({"notifications": {"last_read_id": "1"}})).by(&song).send().ok();
    assert_eq!(count(""), 2);
    let dismiss = |id: &str| app.call("POST", format!("/api/v1/notifications/{id}/dismiss"));
    dismiss("2").by(&kim).send().error(404, "Record not found");
    assert_eq!(dismiss("2").by(&song).send().ok(), json!({}));
    dismiss("2").by(&song).send().error(404, "Record not found");
    dismiss("x").by(&song).send().error(404, "Record not found");
    assert_eq!(count(""), 1);
    assert_eq!(app.call("POST", "/api/v1/notifications/clear").by(&song).send().ok(), json!({}));
    assert_eq!(count(""), 0);
}
