//! Publishing, editing and deleting statuses.

use miniter_test_support::app::TestApp;
use serde_json::{Value, json};

use super::people::{FORM, ask, get, id, ids, post, publish, send, status};
use super::required;
use crate::oauth;

#[test]
fn a_status_is_published_from_every_kind_of_body() {
    let app = TestApp::start_with(|settings| {
        settings.public_url = Some("https://example.com".parse().unwrap());
    });
    let song = app.user("song");
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\nhello #World\r\n\
        --b\r\nContent-Disposition: form-data; name=\"visibility\"\r\n\r\nunlisted\r\n\
        --b\r\nContent-Disposition: form-data; name=\"sensitive\"\r\n\r\n1\r\n\
        --b\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nko\r\n--b--\r\n";
    let json = json!({"status": "hello #World", "visibility": "unlisted", "sensitive": true, "language": "ko",
        "in_reply_to_id": null, "media_ids": [], "poll": null, "scheduled_at": null, "unknown": {"a": [1]}});
    let form = "status=hello+%23World&visibility=unlisted&sensitive=true&language=ko&media_ids[]=&poll=";
    for (query, media_type, body) in [
        ("", "application/json", json.to_string().as_str()),
        ("", FORM, form),
        ("", "multipart/form-data; boundary=b", multipart),
        (&format!("?{form}"), FORM, ""),
    ] {
        let call = app.call("POST", format!("/api/v1/statuses{query}")).by(&song);
        let published = status(&call.header("content-type", media_type).body(body).send());
        assert_eq!(published["visibility"], "unlisted", "{media_type}");
        assert_eq!((&published["sensitive"], &published["language"]), (&json!(true), &json!("ko")));
        assert_eq!(published["tags"], json!([{"name": "world", "url": "https://example.com/tags/world"}]));
        let content = published["content"].as_str().unwrap();
        assert!(content.contains("href=\"https://example.com/tags/world\""), "{content}");
        assert_eq!(published["url"], format!("https://example.com/@user{}/{}", song.id, id(&published)));
        assert_eq!((&published["favourited"], &published["pinned"]), (&json!(false), &json!(false)));
        assert_eq!(get(&app, &song, &format!("/api/v1/statuses/{}", id(&published))), published);
    }
    let account = get(&app, &song, "/api/v1/accounts/verify_credentials");
    assert_eq!(account["statuses_count"], 4);
}

#[test]
fn what_is_not_said_is_as_the_account_has_it() {
    let app = TestApp::start();
    let song = app.user("song");
    let plain = publish(&app, &song, &json!({"status": "plain"}));
    assert_eq!(
        (&plain["visibility"], &plain["sensitive"], &plain["language"]),
        (&json!("public"), &json!(false), &Value::Null)
    );
    let source = json!({"source": {"privacy": "private", "sensitive": true, "language": "ko"}});
    send(&app, &song, "PATCH", "/api/v1/accounts/update_credentials", &source).ok();
    let as_set = publish(&app, &song, &json!({"status": "as set", "visibility": "", "language": ""}));
    assert_eq!(
        (&as_set["visibility"], &as_set["sensitive"], &as_set["language"]),
        (&json!("private"), &json!(true), &json!("ko"))
    );
    let said = json!({"status": "said", "visibility": "direct", "sensitive": false, "language": "en"});
    let said = publish(&app, &song, &said);
    assert_eq!(
        (&said["visibility"], &said["sensitive"], &said["language"]),
        (&json!("direct"), &json!(false), &json!("en"))
    );
}

#[test]
fn a_warning_hides_the_text_and_is_the_text_if_there_is_none() {
    let app = TestApp::start();
    let song = app.user("song");
    let warned = publish(&app, &song, &json!({"status": "text", "spoiler_text": "careful"}));
    assert_eq!((&warned["spoiler_text"], &warned["sensitive"]), (&json!("careful"), &json!(true)));
    assert_eq!(warned["content"], "<p>text</p>");
    let bare = publish(&app, &song, &json!({"status": " ", "spoiler_text": "careful"}));
    assert_eq!((&bare["spoiler_text"], &bare["content"]), (&json!(""), &json!("<p>careful</p>")));
    assert_eq!(bare["sensitive"], false);
}

#[test]
fn a_reply_names_what_it_replies_to() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "first");
    let boost = id(&status(&ask(&app, &kim, &first, "reblog")));
    // A reply to a boost is one to the original; JSON may have a number for an id.
    for to in [json!(first), json!(first.parse::<i64>().unwrap()), json!(boost)] {
        let reply = publish(&app, &kim, &json!({"status": "reply", "in_reply_to_id": to}));
        assert_eq!(reply["in_reply_to_id"], *first, "{to}");
        assert_eq!(reply["in_reply_to_account_id"], song.id.to_string());
    }
    assert_eq!(get(&app, &song, &format!("/api/v1/statuses/{first}"))["replies_count"], 3);
    let hidden = post(&app, &song, "private", "hidden");
    for to in [hidden.as_str(), "999", "x", "-1", "9223372036854775808", "1.5"] {
        let refused = json!({"status": "reply", "in_reply_to_id": to});
        let answer = send(&app, &kim, "POST", "/api/v1/statuses", &refused);
        answer.error(404, "The post you are trying to reply to does not appear to exist.");
    }
    assert_eq!(get(&app, &kim, "/api/v1/accounts/verify_credentials")["statuses_count"], 4);
}

#[test]
fn a_status_that_breaks_a_rule_is_refused_and_nothing_is_published() {
    let app = TestApp::start();
    let song = app.user("song");
    for (body, error) in [
        (json!({}), "Text can't be blank"),
        (json!({"status": " \u{200b}\n"}), "Text can't be blank"),
        (json!({"status": "x".repeat(301)}), "Text character limit of 300 exceeded"),
        (
            json!({"status": "x".repeat(200), "spoiler_text": "y".repeat(101)}),
            "Text character limit of 300 exceeded",
        ),
        (
            json!({"status": "x", "visibility": "secret"}),
            "Visibility must be public, unlisted, private or direct",
        ),
        (json!({"status": "x", "media_ids": ["1"]}), "Media attachments are not supported"),
        (json!({"status": "x", "media_ids": 1}), "Media attachments are not supported"),
        (
            json!({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 60}}),
            "Polls are not supported",
        ),
        (
            json!({"status": "x", "scheduled_at": "2030-01-01T00:00:00.000Z"}),
            "Scheduled statuses are not supported",
        ),
    ] {
        let answer = send(&app, &song, "POST", "/api/v1/statuses", &body);
        answer.error(422, &format!("Validation failed: {error}"));
    }
    for (body, form) in [
        ("status=x&poll[options][]=a&poll[options][]=b&poll[expires_in]=60", true),
        (r#"{"status": ["x"]}"#, false),
        (r#"{"status": {"a": 1}}"#, false),
        (r#"{"status": "x", "sensitive": []}"#, false),
        (r#"{"status": "x", "in_reply_to_id": ["1"]}"#, false),
        (r#"{"status": "x", "media_ids": {"a": "1"}}"#, false),
    ] {
        let media_type = if form { FORM } else { "application/json" };
        let call = app.call("POST", "/api/v1/statuses").by(&song).header("content-type", media_type);
        assert_eq!(call.body(body).send().status, 422, "{body}");
    }
    let deep_form = format!("status=x&a{}=1", "[b]".repeat(5_000));
    let deep_json = format!("{{\"status\":\"x\",\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for (media_type, body, refused) in [
        ("text/plain", "status=x", 415),
        ("application/xml", "<status/>", 415),
        ("application/json; charset=latin1x", "{", 400),
        ("application/json", "{", 400),
        ("application/json", r#"{"status":"a\u0000b"}"#, 400),
        ("application/json", "[]", 400),
        ("application/json", "\"x\"", 400),
        (FORM, "status=%ff", 400),
        ("multipart/form-data", "status=x", 400),
        (FORM, deep_form.as_str(), 400),
        ("application/json", deep_json.as_str(), 400),
        (FORM, &format!("status={}", "x".repeat(70_000)), 413),
    ] {
        let call = app.call("POST", "/api/v1/statuses").by(&song).header("content-type", media_type);
        let answer = call.body(body).send();
        assert_eq!(answer.status, refused, "{media_type} {}: {answer:?}", &body[..body.len().min(40)]);
        required::check("Error", &answer.json());
    }
    assert_eq!(get(&app, &song, "/api/v1/accounts/verify_credentials")["statuses_count"], 0);
}

#[test]
fn the_length_is_counted_as_clients_count_it() {
    let app = TestApp::start();
    let song = app.user("song");
    let url = format!("https://example.com/{}", "x".repeat(100));
    let family = "👨‍👩‍👧‍👦".repeat(270);
    for text in ["x".repeat(300), format!("{} {url}", "x".repeat(276)), format!("{family} {url}")] {
        publish(&app, &song, &json!({"status": text}));
    }
    let names: Vec<String> = (0..300).map(|number| format!("@name{number}")).collect();
    let answer = send(&app, &song, "POST", "/api/v1/statuses", &json!({"status": names.join(" ")}));
    answer.error(422, "Validation failed: Text character limit of 300 exceeded");
    let same = vec!["@a"; 100].join(" ");
    assert_eq!(publish(&app, &song, &json!({"status": same}))["mentions"], json!([]));
}

#[test]
fn a_key_publishes_once() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let call = |user, key: &str, body: &Value| {
        app.post("/api/v1/statuses", body).by(user).header("idempotency-key", key).send()
    };
    let body = json!({"status": "once", "spoiler_text": "careful", "visibility": "unlisted"});
    let first = status(&call(&song, "a key", &body));
    assert_eq!(status(&call(&song, "a key", &body)), first);
    let form = app.call("POST", "/api/v1/statuses").by(&song).header("idempotency-key", "a key");
    let form = form.header("content-type", FORM).body("status=once&spoiler_text=careful&visibility=unlisted");
    assert_eq!(status(&form.send()), first, "the encoding does not matter");
    for (name, value) in [
        ("status", "twice"),
        ("spoiler_text", "danger"),
        ("visibility", "public"),
        ("sensitive", "true"),
        ("language", "ko"),
        ("in_reply_to_id", first["id"].as_str().unwrap()),
    ] {
        let mut other = body.clone();
        other[name] = json!(value);
        let refused = call(&song, "a key", &other);
        refused.error(422, "Validation failed: This Idempotency-Key came with another request before");
    }
    assert_ne!(id(&status(&call(&kim, "a key", &body))), id(&first), "keys are the user's own");
    for key in ["", &"k".repeat(256)] {
        let refused = call(&song, key, &body);
        refused.error(422, "Validation failed: Idempotency-Key must have 1 to 255 characters");
    }
    assert_eq!(get(&app, &song, "/api/v1/accounts/verify_credentials")["statuses_count"], 1);
}

#[test]
fn an_edit_changes_what_is_said_and_keeps_what_was() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = publish(&app, &song, &json!({"status": "one #a", "language": "ko"}));
    let path = format!("/api/v1/statuses/{}", id(&first));
    let name = format!("user{}", kim.id);
    let body = json!({"status": format!("two #b @{name}"), "spoiler_text": "careful"});
    let edited = status(&send(&app, &song, "PUT", &path, &body));
    assert!(edited["edited_at"].is_string());
    assert_eq!((&edited["id"], &edited["created_at"]), (&first["id"], &first["created_at"]));
    assert_eq!((&edited["language"], &edited["sensitive"]), (&json!("ko"), &json!(true)));
    assert_eq!((&edited["tags"][0]["name"], &edited["mentions"][0]["acct"]), (&json!("b"), &json!(name)));
    assert_eq!(get(&app, &kim, &path)["content"], edited["content"]);
    let history = get(&app, &kim, &format!("{path}/history"));
    let versions = required::check_all("StatusEdit", &history);
    assert_eq!(versions.len(), 2);
    assert!(versions[0]["content"].as_str().unwrap().contains("one"), "{history}");
    assert_eq!(versions[0]["created_at"], first["created_at"]);
    assert_eq!(
        (&versions[1]["spoiler_text"], &versions[1]["content"]),
        (&json!("careful"), &edited["content"])
    );
    let source = get(&app, &song, &format!("{path}/source"));
    assert_eq!(source, json!({"id": first["id"], "text": body["status"], "spoiler_text": "careful"}));
    let form = app.call("PUT", &path).by(&song).header("content-type", FORM).body("status=three").send();
    assert_eq!(
        (&status(&form)["spoiler_text"], &status(&form)["content"]),
        (&json!(""), &json!("<p>three</p>"))
    );

    let boost = id(&status(&ask(&app, &song, &id(&first), "reblog")));
    let text = json!({"status": "other"});
    send(&app, &kim, "PUT", &path, &text).error(404, "Record not found");
    for other in [boost.as_str(), "999", "x"] {
        let answer = send(&app, &song, "PUT", &format!("/api/v1/statuses/{other}"), &text);
        answer.error(404, "Record not found");
    }
    for (body, error) in [
        (json!({}), "Text can't be blank"),
        (json!({"status": "x".repeat(301)}), "Text character limit of 300 exceeded"),
        (json!({"status": "x", "media_ids": ["1"]}), "Media attachments are not supported"),
        (json!({"status": "x", "poll": {"options": ["a", "b"]}}), "Polls are not supported"),
    ] {
        send(&app, &song, "PUT", &path, &body).error(422, &format!("Validation failed: {error}"));
    }
    assert_eq!(get(&app, &song, &path)["content"], "<p>three</p>");
}

#[test]
fn a_deleted_status_is_answered_with_its_source_and_is_nowhere() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&kim, &song);
    let first = publish(&app, &song, &json!({"status": "one @user2 & more", "spoiler_text": "careful"}));
    let path = format!("/api/v1/statuses/{}", id(&first));
    let boost = id(&status(&ask(&app, &kim, &id(&first), "reblog")));
    ask(&app, &kim, &id(&first), "favourite").ok();
    let reply = id(&publish(&app, &kim, &json!({"status": "reply", "in_reply_to_id": first["id"]})));
    assert_eq!(ids(&get(&app, &kim, "/api/v1/timelines/home")).len(), 3);
    send(&app, &kim, "DELETE", &path, &json!({})).error(404, "Record not found");
    let deleted = status(&app.call("DELETE", &path).by(&song).send());
    assert_eq!((&deleted["text"], &deleted["id"]), (&json!("one @user2 & more"), &first["id"]));
    assert_eq!(deleted["spoiler_text"], "careful");
    for reader in [&song, &kim] {
        for gone in [id(&first), boost.clone()] {
            app.get(format!("/api/v1/statuses/{gone}")).by(reader).send().error(404, "Record not found");
        }
    }
    app.call("DELETE", &path).by(&song).send().error(404, "Record not found");
    app.call("DELETE", "/api/v1/statuses/x").by(&song).send().error(404, "Record not found");
    assert_eq!(ids(&get(&app, &kim, "/api/v1/timelines/home")), [reply.as_str()]);
    let orphan = get(&app, &kim, &format!("/api/v1/statuses/{reply}"));
    assert_eq!((&orphan["in_reply_to_id"], &orphan["in_reply_to_account_id"]), (&Value::Null, &Value::Null));
    assert_eq!(get(&app, &song, "/api/v1/accounts/verify_credentials")["statuses_count"], 0);
    assert_eq!(get(&app, &kim, "/api/v1/accounts/verify_credentials")["statuses_count"], 1);
}

#[test]
fn a_boost_is_deleted_by_its_own_id() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let first = post(&app, &song, "public", "one");
    let boost = id(&status(&ask(&app, &kim, &first, "reblog")));
    let deleted = status(&app.call("DELETE", format!("/api/v1/statuses/{boost}")).by(&kim).send());
    assert_eq!((id(&deleted), id(&deleted["reblog"])), (boost, first.clone()));
    let original = get(&app, &kim, &format!("/api/v1/statuses/{first}"));
    assert_eq!((&original["reblogs_count"], &original["reblogged"]), (&json!(0), &json!(false)));
}

#[test]
fn each_route_wants_its_scope_and_a_user() {
    let app = TestApp::start();
    let song = app.user("song");
    let id = post(&app, &song, "public", "one");
    let routes: [(&str, &str, &str); 16] = [
        ("POST", "", "write:statuses"),
        ("PUT", "/ID", "write:statuses"),
        ("POST", "/ID/favourite", "write:favourites"),
        ("POST", "/ID/unfavourite", "write:favourites"),
        ("POST", "/ID/bookmark", "write:bookmarks"),
        ("POST", "/ID/unbookmark", "write:bookmarks"),
        ("POST", "/ID/pin", "write:accounts"),
        ("POST", "/ID/unpin", "write:accounts"),
        ("POST", "/ID/mute", "write:mutes"),
        ("POST", "/ID/unmute", "write:mutes"),
        ("POST", "/ID/reblog", "write:statuses"),
        ("POST", "/ID/unreblog", "write:statuses"),
        ("GET", "/ID/source", "read:statuses"),
        ("GET", "NOTIFICATIONS", "read:notifications"),
        ("GET", "HOME", "read:statuses"),
        ("DELETE", "/ID", "write:statuses"),
    ];
    let all = "read write follow push";
    let own = oauth::app_token(&app, all);
    for (method, path, scope) in routes {
        let path = match path {
            "NOTIFICATIONS" => "/api/v1/notifications".to_owned(),
            "HOME" => "/api/v1/timelines/home".to_owned(),
            path => format!("/api/v1/statuses{}", path.replace("ID", &id)),
        };
        let call = |token: Option<&str>| {
            let call = app.call(method, &path);
            let call = match token {
                Some(token) => call.header("authorization", &format!("Bearer {token}")),
                None => call,
            };
            if method == "GET" || method == "DELETE" {
                call.send()
            } else {
                call.header("content-type", FORM).body("status=two").send()
            }
        };
        call(None).error(401, "The access token is invalid");
        call(Some("nonsense")).error(401, "The access token is invalid");
        call(Some(&own)).error(422, "This method requires an authenticated user");
        let others: Vec<String> = [
            "read:statuses",
            "read:notifications",
            "write:statuses",
            "write:favourites",
            "write:bookmarks",
            "write:accounts",
            "write:mutes",
            "write:media",
            "follow",
            "push",
        ]
        .into_iter()
        .filter(|other| *other != scope && !(*other == "follow" && scope == "write:mutes"))
        .map(str::to_owned)
        .collect();
        let token = oauth::user_token(&app, &others.join(" "), &song);
        call(Some(&token)).error(403, "This action is outside the authorized scopes");
        let token = oauth::user_token(&app, scope, &song);
        call(Some(&token)).ok();
    }
}
