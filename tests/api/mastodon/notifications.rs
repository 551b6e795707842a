//! What users are told of.

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{TestApp, User};
use serde_json::{Value, json};

use super::people::{act, get, id, ids, post, publish, send};
use super::required;

fn list(app: &TestApp, user: &User, query: &str) -> Value {
    let list = get(app, user, &format!("/api/v1/notifications{query}"));
    required::check_all("Notification", &list);
    list
}

/// Kinds, and whose doing each is.
fn news(list: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|one| (text(&one["type"]), text(&one["account"]["id"]))).collect()
}

fn account(app: &TestApp, user: &User, other: &User, action: &str) -> Answer {
    app.call("POST", format!("/api/v1/accounts/{}/{action}", other.id)).by(user).send()
}

#[test]
fn each_act_is_told_with_the_account_and_the_status() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "one");
    account(&app, &kim, &song, "follow").ok();
    act(&app, &kim, &first, "favourite");
    act(&app, &kim, &first, "reblog");
    let reply =
        json!({"status": format!("@user{} hello", song.id), "in_reply_to_id": first, "visibility": "direct"});
    let reply = id(&publish(&app, &kim, &reply));
    send(&app, &song, "PUT", &format!("/api/v1/statuses/{first}"), &json!({"status": "two"})).ok();
    let told = list(&app, &song, "");
    let by_kim = |kinds: &[&str]| -> Vec<(String, String)> {
        kinds.iter().map(|kind| ((*kind).to_owned(), kim.id.to_string())).collect()
    };
    assert_eq!(news(&told), by_kim(&["mention", "reblog", "favourite", "follow"]));
    assert_eq!(
        (&told[0]["status"]["id"], &told[0]["status"]["visibility"]),
        (&json!(reply), &json!("direct"))
    );
    for told in [&told[1], &told[2]] {
        let status = &told["status"];
        assert_eq!((&status["id"], &status["favourites_count"]), (&json!(first), &json!(1)));
        assert_eq!((&status["content"], &status["pinned"]), (&json!("<p>two</p>"), &json!(false)));
    }
    assert!(told[3].get("status").is_none());
    let updated = list(&app, &kim, "");
    assert_eq!(news(&updated), [("update".to_owned(), song.id.to_string())]);
    assert_eq!(
        (&updated[0]["status"]["favourited"], &updated[0]["status"]["reblogged"]),
        (&json!(true), &json!(true))
    );
    account(&app, &song, &kim, "follow?notify=true").ok();
    let news_of = post(&app, &kim, "public", "news");
    let told = list(&app, &song, "?limit=1");
    assert_eq!((news(&told), &told[0]["status"]["id"]), (by_kim(&["status"]), &json!(news_of)));
}

#[test]
fn an_act_that_is_taken_back_is_told_no_more() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "one");
    act(&app, &kim, &first, "favourite");
    act(&app, &kim, &first, "reblog");
    account(&app, &kim, &song, "follow").ok();
    let mention = post(&app, &kim, "public", &format!("@user{}", song.id));
    assert_eq!(list(&app, &song, "").as_array().unwrap().len(), 4);
    act(&app, &kim, &first, "unfavourite");
    act(&app, &kim, &first, "unreblog");
    account(&app, &kim, &song, "unfollow").ok();
    app.call("DELETE", format!("/api/v1/statuses/{mention}")).by(&kim).send().ok();
    assert_eq!(list(&app, &song, ""), json!([]));
}

#[test]
fn one_is_chosen_by_its_id_and_many_by_types_and_account() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    let first = post(&app, &song, "public", "one");
    for user in [&kim, &lee] {
        act(&app, user, &first, "favourite");
        act(&app, user, &first, "reblog");
    }
    let kinds =
        |query: &str| news(&list(&app, &song, query)).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(""), ["reblog", "favourite", "reblog", "favourite"]);
    for query in [
        "?types[]=favourite",
        "?types=favourite",
        "?types[]=favourite&types[]=poll",
        "?exclude_types[]=reblog",
    ] {
        assert_eq!(kinds(query), ["favourite", "favourite"], "{query}");
    }
    assert_eq!(kinds("?types[]=favourite&types[]=reblog&exclude_types[]=favourite"), ["reblog", "reblog"]);
    assert_eq!(kinds("?types[]=admin.report"), [""; 0]);
    assert_eq!(
        news(&list(&app, &song, &format!("?account_id={}&types[]=reblog", lee.id))),
        [("reblog".into(), lee.id.to_string())]
    );
    assert_eq!(kinds("?account_id=999"), [""; 0]);
    assert_eq!(app.get("/api/v1/notifications?account_id=x").by(&song).send().status, 422);
    let all = list(&app, &song, "");
    for one in all.as_array().unwrap() {
        let path = format!("/api/v1/notifications/{}", id(one));
        assert_eq!(get(&app, &song, &path), *one);
        app.get(&path).by(&kim).send().error(404, "Record not found");
    }
    for none in ["999", "x", "-1", "9223372036854775808"] {
        let answer = app.get(format!("/api/v1/notifications/{none}")).by(&song).send();
        answer.error(404, "Record not found");
    }
}

#[test]
fn pages_are_walked_by_their_links_and_keep_the_parameters() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    for number in 0..7 {
        let status = post(&app, &song, "public", &number.to_string());
        act(&app, &kim, &status, "favourite");
        act(&app, &kim, &status, "reblog");
    }
    let all = ids(&list(&app, &song, "?types[]=favourite&limit=1000"));
    assert_eq!(all.len(), 7);
    let base = format!("http://{}", app.address);
    let (mut path, mut walked) = ("/api/v1/notifications?types[]=favourite&limit=3".to_owned(), Vec::new());
    let mut last = String::new();
    loop {
        let answer = app.get(&path).by(&song).send();
        let page = ids(&answer.ok());
        assert!(page.len() <= 3);
        walked.extend(page);
        let Some(next) = answer.link("next") else { break };
        last = answer.link("prev").unwrap();
        path = next.strip_prefix(&base).unwrap().to_owned();
        assert!(path.contains("types%5B%5D=favourite") && path.contains("limit=3"), "{path}");
    }
    assert_eq!(walked, all);
    assert_eq!(ids(&get(&app, &song, last.strip_prefix(&base).unwrap())), all[..3]);
    let end =
        app.get(format!("/api/v1/notifications?max_id={}", id(&list(&app, &song, "")[13]))).by(&song).send();
    assert_eq!((end.ok(), end.header("link")), (json!([]), ""));
}

#[test]
fn a_request_to_follow_is_told_until_it_is_decided() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    send(&app, &song, "PATCH", "/api/v1/accounts/update_credentials", &json!({"locked": true})).ok();
    let told = |user| news(&list(&app, user, "")).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    let decide = |verb: &str| {
        app.call("POST", format!("/api/v1/follow_requests/{}/{verb}", kim.id)).by(&song).send().ok();
    };
    for (end, after) in [("unfollow", [""; 0].as_slice()), ("reject", &[]), ("authorize", &["follow"])] {
        account(&app, &kim, &song, "follow").ok();
        account(&app, &kim, &song, "follow").ok();
        assert_eq!(told(&song), ["follow_request"], "{end}");
        if end == "unfollow" {
            account(&app, &kim, &song, end).ok();
        } else {
            decide(end);
        }
        assert_eq!(told(&song), after, "{end}");
    }
    account(&app, &song, &kim, "remove_from_followers").ok();
    account(&app, &kim, &song, "follow").ok();
    account(&app, &song, &kim, "block").ok();
    assert_eq!(told(&song), [""; 0]);
    assert_eq!(told(&kim), [""; 0]);
}

#[test]
fn nobody_is_told_of_what_they_have_muted() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    let first = post(&app, &song, "public", "one");
    act(&app, &song, &first, "mute");
    let reply = json!({"status": format!("@user{}", song.id), "in_reply_to_id": first});
    publish(&app, &kim, &reply);
    act(&app, &kim, &first, "favourite");
    assert_eq!(list(&app, &song, ""), json!([]));
    act(&app, &song, &first, "unmute");
    publish(&app, &kim, &json!({"status": format!("@user{}", song.id)}));
    assert_eq!(list(&app, &song, "").as_array().unwrap().len(), 1);
    account(&app, &song, &kim, "mute").ok();
    // Neither of what was told before.
    assert_eq!(list(&app, &song, ""), json!([]));
    publish(&app, &kim, &reply);
    assert_eq!(list(&app, &song, ""), json!([]));
    account(&app, &song, &lee, "mute?notifications=false").ok();
    publish(&app, &lee, &reply);
    assert_eq!(news(&list(&app, &song, "")), [("mention".to_owned(), lee.id.to_string())]);
}
