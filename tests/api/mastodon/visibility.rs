//! Who sees what, on every route that can show a status: six kinds of readers and four visibilities.

use miniter_test_support::app::{TestApp, User};
use serde_json::{Value, json};

use super::people::{act, get, id, publish, send};

/// A word that is in the texts alone.
const SECRET: &str = "xylophone";

const VISIBILITIES: [&str; 4] = ["public", "unlisted", "private", "direct"];

/// The author, those who may see more or less of their statuses, and the statuses, one of each visibility.
struct World {
    app: TestApp,
    author: User,
    readers: Vec<(&'static str, Option<User>)>,
    posts: Vec<String>,
}

impl World {
    fn new() -> Self {
        let app = TestApp::start();
        let [author, follower, mentioned, stranger, blocked, fan] =
            ["author", "follower", "mentioned", "stranger", "blocked", "fan"].map(|name| app.user(name));
        for user in [&follower, &blocked, &fan] {
            app.follow(user, &author);
        }
        let posts: Vec<String> = VISIBILITIES
            .iter()
            .map(|visibility| {
                let text = format!("{SECRET} {visibility} @user{} @user{}", mentioned.id, blocked.id);
                id(&publish(&app, &author, &json!({"status": text, "visibility": visibility})))
            })
            .collect();
        for (post, visibility) in posts.iter().zip(VISIBILITIES) {
            let edited = format!("{SECRET} edited {visibility} @user{} @user{}", mentioned.id, blocked.id);
            send(&app, &author, "PUT", &format!("/api/v1/statuses/{post}"), &json!({"status": edited})).ok();
            act(&app, &author, post, "favourite");
            act(&app, &author, post, "bookmark");
            for reader in [&follower, &mentioned, &blocked, &stranger] {
                for action in ["favourite", "bookmark", "reblog"] {
                    // Refused where it may not be.
                    app.call("POST", format!("/api/v1/statuses/{post}/{action}")).by(reader).send();
                }
            }
        }
        app.call("POST", format!("/api/v1/accounts/{}/block", blocked.id)).by(&author).send().ok();
        // The fan boosts what may be boosted, and others follow the fan.
        for post in &posts[..2] {
            act(&app, &fan, post, "reblog");
        }
        for reader in [&stranger, &blocked, &mentioned] {
            app.follow(reader, &fan);
        }
        let readers = vec![
            ("author", Some(author_again(&app))),
            ("follower", Some(follower)),
            ("mentioned", Some(mentioned)),
            ("stranger", Some(stranger)),
            ("blocked", Some(blocked)),
            ("anybody", None),
        ];
        Self { app, author, readers, posts }
    }

    fn get(&self, reader: Option<&User>, path: &str) -> miniter_test_support::answer::Answer {
        let call = self.app.get(path);
        match reader {
            Some(reader) => call.by(reader).send(),
            None => call.send(),
        }
    }
}

/// Another log-in of the author.
fn author_again(app: &TestApp) -> User {
    let login = app.log_in("author@example.com", miniter_test_support::app::PASSWORD).ok();
    let token = login["access_token"].as_str().unwrap().to_owned();
    let me = app.get("/api/v1/accounts/verify_credentials").token(&token).send().ok();
    User { id: id(&me).parse().unwrap(), email: "author@example.com".into(), token }
}

/// Which of the four a kind of reader may see.
fn seen_by(kind: &str) -> [bool; 4] {
    match kind {
        "follower" => [true, true, true, false],
        // A mention opens what is for followers, too.
        "author" | "mentioned" => [true; 4],
        "stranger" | "anybody" => [true, true, false, false],
        "blocked" => [false; 4],
        other => panic!("{other}"),
    }
}

/// Which visibilities' texts are in an answer.
fn leaked(body: &str) -> [bool; 4] {
    VISIBILITIES.map(|visibility| {
        body.contains(&format!("{SECRET} edited {visibility}"))
            || body.contains(&format!("{SECRET} {visibility}"))
    })
}

#[test]
fn a_status_is_there_for_those_who_may_see_it_and_404_for_the_others() {
    let world = World::new();
    for (kind, reader) in &world.readers {
        let reader = reader.as_ref();
        for (post, is_seen) in world.posts.iter().zip(seen_by(kind)) {
            let path = format!("/api/v1/statuses/{post}");
            for part in ["", "/context", "/history", "/source", "/reblogged_by", "/favourited_by"] {
                if part == "/source" && reader.is_none() {
                    continue;
                }
                let answer = world.get(reader, &format!("{path}{part}"));
                if is_seen {
                    answer.ok();
                } else {
                    answer.error(404, "Record not found");
                }
            }
            if let (false, Some(reader)) = (is_seen, reader) {
                for action in [
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
                ] {
                    let answer = world.app.call("POST", format!("{path}/{action}")).by(reader).send();
                    answer.error(404, "Record not found");
                }
                let reply = json!({"status": "reply", "in_reply_to_id": post});
                assert_eq!(send(&world.app, reader, "POST", "/api/v1/statuses", &reply).status, 404);
                assert_eq!(send(&world.app, reader, "PUT", &path, &json!({"status": "x"})).status, 404);
                assert_eq!(world.app.call("DELETE", &path).by(reader).send().status, 404);
            }
        }
    }
}

#[test]
fn no_list_shows_what_its_reader_may_not_see() {
    let world = World::new();
    let ids: Vec<String> = world.posts.iter().map(|post| format!("id[]={post}")).collect();
    let author = world.author.id;
    let host = world.app.address;
    for (kind, reader) in &world.readers {
        let seen = seen_by(kind);
        let reader = reader.as_ref();
        let mut paths = vec![
            format!("/api/v1/statuses?{}", ids.join("&")),
            "/api/v1/timelines/public".to_owned(),
            format!("/api/v1/accounts/{author}/statuses"),
            format!("/timeline/{author}"),
        ];
        for other in world.readers.iter().filter_map(|(_, reader)| reader.as_ref()) {
            paths.push(format!("/timeline/{}", other.id));
            paths.push(format!("/api/v1/accounts/{}/statuses", other.id));
        }
        for post in &world.posts {
            paths.push(format!("/api/v2/search?q=http://{host}/@user{author}/{post}"));
        }
        if reader.is_some() {
            paths.extend(
                [
                    "/api/v1/timelines/home",
                    "/api/v1/notifications",
                    "/api/v1/favourites",
                    "/api/v1/bookmarks",
                    "/timeline",
                ]
                .map(str::to_owned),
            );
        }
        // Twice: the second time from memory.
        for path in paths.iter().chain(&paths) {
            let answer = world.get(reader, path);
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            for (visibility, (is_there, may_be)) in
                VISIBILITIES.iter().zip(leaked(&answer.body).into_iter().zip(seen))
            {
                assert!(!is_there || may_be, "{kind} sees what is {visibility} at {path}: {}", answer.body);
            }
        }
        // What they may see is where it belongs.
        let of_author = |path: &str| leaked(&world.get(reader, path).body);
        assert_eq!(of_author(&paths[0]), seen, "{kind}");
        assert_eq!(of_author(&paths[2]), seen, "{kind}");
        assert_eq!(of_author(&paths[1]), [seen[0], false, false, false], "{kind}");
        if let Some(reader) = reader {
            let home = leaked(&world.get(Some(reader), "/api/v1/timelines/home").body);
            let expected = match *kind {
                // What is direct is not in home; the stranger and the mentioned one follow the fan, who has boosted two.
                "author" | "follower" => [true, true, true, false],
                "mentioned" | "stranger" => [true, true, false, false],
                _ => [false; 4],
            };
            assert_eq!(home, expected, "{kind}");
            let told = leaked(&world.get(Some(reader), "/api/v1/notifications").body);
            match *kind {
                "mentioned" => assert_eq!(told, [true; 4]),
                "blocked" => assert_eq!(told, [false; 4]),
                _ => {}
            }
            let kept = leaked(&world.get(Some(reader), "/api/v1/bookmarks").body);
            assert_eq!(kept, seen, "{kind}");
        }
    }
}

#[test]
fn after_a_follow_ends_what_was_for_followers_is_gone_from_every_list() {
    let world = World::new();
    let (_, follower) = &world.readers[1];
    let follower = follower.as_ref().unwrap();
    for path in ["/api/v1/timelines/home", "/api/v1/favourites", "/timeline"] {
        assert!(leaked(&world.get(Some(follower), path).body)[2], "{path}");
    }
    world.app.call("POST", format!("/api/v1/accounts/{}/unfollow", world.author.id)).by(follower).send().ok();
    for path in [
        "/api/v1/timelines/home",
        "/api/v1/favourites",
        "/api/v1/bookmarks",
        "/api/v1/notifications",
        "/timeline",
    ] {
        assert!(!leaked(&world.get(Some(follower), path).body)[2], "{path}");
    }
    let listed: Value = get(&world.app, follower, &format!("/api/v1/accounts/{}/statuses", world.author.id));
    assert_eq!(listed.as_array().unwrap().len(), 2);
}
