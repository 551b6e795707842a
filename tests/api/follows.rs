use serde_json::json;

use miniter_test_support::app::TestApp;

#[test]
fn following_and_unfollowing_can_be_repeated() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&kim, "hello");
    for _ in 0..2 {
        app.follow(&song, &kim);
        assert_eq!(app.timeline(&song), ["hello"]);
    }
    for _ in 0..2 {
        app.post("/unfollow", &json!({"unfollow": kim.id})).by(&song).send().empty();
        assert!(app.timeline(&song).is_empty());
    }
}

#[test]
fn a_user_id_may_be_a_number_or_a_string_of_digits_and_nothing_else() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    for id in [json!(kim.id), json!(kim.id.to_string()), json!(format!("00{}", kim.id))] {
        for key in ["follow", "unfollow"] {
            app.post(format!("/{key}"), &json!({ key: id })).by(&song).send().empty();
        }
    }
    for (id, status, code) in [
        (json!(-1), 400, "invalid_user_id"),
        (json!("-1"), 400, "invalid_user_id"),
        (json!("+2"), 400, "invalid_user_id"),
        (json!(" 2"), 400, "invalid_user_id"),
        (json!("2.0"), 400, "invalid_user_id"),
        (json!("1e3"), 400, "invalid_user_id"),
        (json!("abc"), 400, "invalid_user_id"),
        (json!(""), 400, "invalid_user_id"),
        (json!("２"), 400, "invalid_user_id"),
        (json!(9_223_372_036_854_775_808_u64), 400, "invalid_user_id"),
        (json!("99999999999999999999999"), 400, "invalid_user_id"),
        (json!(2.0), 400, "invalid_body"),
        (json!(1e3), 400, "invalid_body"),
        (json!(true), 400, "invalid_body"),
        (json!(null), 400, "invalid_body"),
        (json!([2]), 400, "invalid_body"),
        (json!(0), 404, "user_not_found"),
        (json!(99), 404, "user_not_found"),
        (json!(2_147_483_648_u32), 404, "user_not_found"),
        (json!(i64::MAX), 404, "user_not_found"),
    ] {
        for key in ["follow", "unfollow"] {
            app.post(format!("/{key}"), &json!({ key: id })).by(&song).send().problem(status, code);
        }
    }
}

#[test]
fn nobody_can_follow_themselves() {
    let app = TestApp::start();
    let song = app.user("song");
    app.post("/follow", &json!({"follow": song.id})).by(&song).send().problem(400, "follow_self");
    app.post("/unfollow", &json!({"unfollow": song.id})).by(&song).send().empty();
}
