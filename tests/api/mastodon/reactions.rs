//! What users do with statuses: boosts, favourites, bookmarks, pins, and mutes of threads.

use miniter_test_support::app::TestApp;
use serde_json::{Value, json};

use super::people::{FORM, act, ask, get, id, ids, post, publish, send, status};
use super::required;

const ACTIONS: [&str; 10] = [
    "favourite",
    "unfavourite",
    "reblog",
    "unreblog",
    "bookmark",
    "unbookmark",
    "mute",
    "unmute",
    "pin",
    "unpin",
];

#[test]
fn a_reaction_is_seen_by_who_made_it_counted_once_and_taken_back() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "one");
    for (action, undo, flag, count) in [
        ("favourite", "unfavourite", "favourited", Some("favourites_count")),
        ("reblog", "unreblog", "reblogged", Some("reblogs_count")),
        ("bookmark", "unbookmark", "bookmarked", None),
        ("mute", "unmute", "muted", None),
    ] {
        for _ in 0..2 {
            let done = act(&app, &kim, &first, action);
            let original = if action == "reblog" { &done["reblog"] } else { &done };
            assert_eq!((&original["id"], &original[flag]), (&json!(first), &json!(true)), "{action}");
            let path = format!("/api/v1/statuses/{first}");
            let (theirs, own) = (get(&app, &kim, &path), get(&app, &song, &path));
            assert_eq!((&theirs[flag], &own[flag]), (&json!(true), &json!(false)), "{action}");
            if let Some(count) = count {
                assert_eq!(
                    (&original[count], &theirs[count], &own[count]),
                    (&json!(1), &json!(1), &json!(1))
                );
            }
        }
        for _ in 0..2 {
            let undone = act(&app, &kim, &first, undo);
            assert_eq!((&undone["id"], &undone[flag]), (&json!(first), &json!(false)), "{undo}");
            if let Some(count) = count {
                assert_eq!(undone[count], 0);
            }
        }
    }
}

#[test]
fn what_is_done_to_a_boost_is_done_to_its_original() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    let first = post(&app, &song, "public", "one");
    let boost = id(&act(&app, &kim, &first, "reblog"));
    for action in ["favourite", "bookmark", "mute", "unmute", "unbookmark", "unfavourite"] {
        assert_eq!(id(&act(&app, &lee, &boost, action)), first, "{action}");
    }
    assert_eq!(id(&act(&app, &song, &boost, "pin")), first);
    assert_eq!(id(&act(&app, &lee, &boost, "reblog")["reblog"]), first);
    assert_eq!(get(&app, &song, &format!("/api/v1/statuses/{first}"))["reblogs_count"], 2);
    assert_eq!(id(&act(&app, &lee, &boost, "unreblog")), first);
    assert_eq!(id(&act(&app, &kim, &boost, "unreblog")), first);
    app.get(format!("/api/v1/statuses/{boost}")).send().error(404, "Record not found");
}

#[test]
fn what_one_may_not_see_is_not_found_nor_is_what_there_is_not() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let (private, direct) = (post(&app, &song, "private", "one"), post(&app, &song, "direct", "two"));
    for action in ACTIONS {
        for id in [
            private.as_str(),
            &direct,
            "999",
            "0",
            "x",
            "-1",
            "9223372036854775808",
            "%00",
            &kim.id.to_string(),
        ] {
            let answer = ask(&app, &kim, id, action);
            answer.error(404, "Record not found");
        }
    }
    ask(&app, &kim, &private, "translate").error(404, "Record not found");
    let shown = get(&app, &song, &format!("/api/v1/statuses/{private}"));
    assert_eq!((&shown["favourites_count"], &shown["reblogs_count"]), (&json!(0), &json!(0)));
}

#[test]
fn a_boost_is_no_wider_than_what_it_boosts() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&kim, &song);
    let private = post(&app, &song, "private", "private");
    let direct = publish(&app, &song, &json!({"status": format!("@user{}", kim.id), "visibility": "direct"}));
    ask(&app, &kim, &private, "reblog").error(403, "This action is not allowed");
    ask(&app, &kim, &id(&direct), "reblog").error(403, "This action is not allowed");
    ask(&app, &song, &id(&direct), "reblog").error(403, "This action is not allowed");
    let boost = send(
        &app,
        &song,
        "POST",
        &format!("/api/v1/statuses/{private}/reblog"),
        &json!({"visibility": "public"}),
    );
    assert_eq!(status(&boost)["visibility"], "private");
    for (wanted, given) in
        [("public", "public"), ("unlisted", "unlisted"), ("private", "private"), ("", "public")]
    {
        let original = post(&app, &song, "public", "text");
        let call = app.call("POST", format!("/api/v1/statuses/{original}/reblog")).by(&kim);
        let boost = status(&call.header("content-type", FORM).body(format!("visibility={wanted}")).send());
        assert_eq!((&boost["visibility"], &boost["reblog"]["visibility"]), (&json!(given), &json!("public")));
    }
    let original = post(&app, &song, "public", "one");
    let wrong =
        send(&app, &kim, "POST", &format!("/api/v1/statuses/{original}/reblog"), &json!({"visibility": "x"}));
    wrong.error(422, "Validation failed: Visibility must be public, unlisted, private or direct");
}

#[test]
fn five_own_statuses_are_pinned_and_none_that_is_not_shown_to_all_who_look() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let posts: Vec<String> = (0..6).map(|number| post(&app, &song, "public", &number.to_string())).collect();
    for pinned in &posts[..5] {
        assert_eq!(act(&app, &song, pinned, "pin")["pinned"], true);
    }
    act(&app, &song, &posts[0], "pin");
    let refused = ask(&app, &song, &posts[5], "pin");
    refused.error(422, "Validation failed: You have already pinned the maximum number of posts");
    let pins =
        |reader| ids(&get(&app, reader, &format!("/api/v1/accounts/{}/statuses?pinned=true", song.id)));
    assert_eq!(pins(&kim).len(), 5);
    assert_eq!(act(&app, &song, &posts[0], "unpin")["pinned"], false);
    act(&app, &song, &posts[5], "pin");
    let refused = ask(&app, &kim, &posts[0], "pin");
    refused.error(422, "Validation failed: Only your own posts that are not direct can be pinned");
    act(&app, &song, &posts[1], "unpin");
    let direct = post(&app, &song, "direct", "to nobody");
    let refused = ask(&app, &song, &direct, "pin");
    refused.error(422, "Validation failed: Only your own posts that are not direct can be pinned");
    let private = post(&app, &song, "private", "to followers");
    assert_eq!(act(&app, &song, &private, "pin")["pinned"], true);
    assert_eq!((pins(&kim).len(), pins(&song).len()), (4, 5));
}

#[test]
fn home_tells_each_reader_what_they_have_done() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    for reader in [&kim, &lee] {
        app.follow(reader, &song);
    }
    let first = post(&app, &song, "public", "one");
    let flags = |reader, expected: (bool, u64)| {
        // Twice: the second time from memory.
        for _ in 0..2 {
            let home = get(&app, reader, "/api/v1/timelines/home");
            required::check_all("Status", &home);
            let status = &home[0];
            assert_eq!((&status["id"], &status["favourited"]), (&json!(first), &json!(expected.0)));
            assert_eq!(status["favourites_count"], expected.1);
        }
    };
    flags(&kim, (false, 0));
    flags(&lee, (false, 0));
    act(&app, &kim, &first, "favourite");
    flags(&kim, (true, 1));
    flags(&lee, (false, 1));
    flags(&song, (false, 1));
    act(&app, &lee, &first, "favourite");
    act(&app, &kim, &first, "unfavourite");
    flags(&kim, (false, 1));
    flags(&lee, (true, 1));
}

#[test]
fn what_was_done_before_a_block_can_be_taken_back() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "one");
    act(&app, &kim, &first, "favourite");
    act(&app, &kim, &first, "reblog");
    app.call("POST", format!("/api/v1/accounts/{}/block", kim.id)).by(&song).send().ok();
    for action in ["favourite", "unfavourite", "unreblog", "bookmark"] {
        ask(&app, &kim, &first, action).error(404, "Record not found");
    }
    let shown = get(&app, &song, &format!("/api/v1/statuses/{first}"));
    assert_eq!((&shown["favourites_count"], &shown["reblogs_count"]), (&json!(0), &json!(0)));
}

#[test]
fn a_body_that_a_reaction_does_not_need_does_not_matter() {
    let app = TestApp::start();
    let song = app.user("song");
    let first = post(&app, &song, "public", "one");
    for (media_type, body) in [("application/json", "{}"), (FORM, "a=b"), ("application/json", "")] {
        for action in ACTIONS {
            let call = app.call("POST", format!("/api/v1/statuses/{first}/{action}")).by(&song);
            status(&call.header("content-type", media_type).body(body).send());
        }
    }
    let call = app.call("POST", format!("/api/v1/statuses/{first}/reblog")).by(&song);
    assert_eq!(call.header("content-type", "text/plain").body("x").send().status, 415);
    let shown: Value = get(&app, &song, &format!("/api/v1/statuses/{first}"));
    assert_eq!((&shown["favourites_count"], &shown["reblogs_count"]), (&json!(0), &json!(0)));
}
