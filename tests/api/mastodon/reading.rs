//! Statuses and timelines, as clients of Mastodon read them.

use miniter_test_support::app::{TestApp, User};
use serde_json::Value;

use super::required;

/// People, and statuses of one of them with these ids: 1 public, 2 unlisted, 3 for followers, 4 for one who is mentioned.
struct World {
    app: TestApp,
    author: User,
    follower: User,
    mentioned: User,
    stranger: User,
}

impl World {
    fn new() -> Self {
        let app = TestApp::start_with(|settings| {
            settings.public_url = Some("https://example.com".parse().unwrap());
        });
        let [author, follower, mentioned, stranger] =
            ["author", "follower", "mentioned", "stranger"].map(|name| app.user(name));
        app.follow(&follower, &author);
        for id in 1..=4 {
            let name = format!("user{}", mentioned.id);
            app.execute(&format!(
                "INSERT INTO tweets (id, user_id, tweet, visibility, spoiler_text) \
                 VALUES ({id}, {}, 'hello @{name} #tag {id}', {}, 'careful')",
                author.id,
                id - 1
            ));
            app.execute(&format!("INSERT INTO status_tags (status_id, name) VALUES ({id}, 'tag')"));
        }
        app.execute(&format!("INSERT INTO mentions (status_id, account_id) VALUES (4, {})", mentioned.id));
        Self { app, author, follower, mentioned, stranger }
    }

    fn get(&self, reader: Option<&User>, path: &str) -> miniter_test_support::answer::Answer {
        let call = self.app.get(path);
        match reader {
            Some(reader) => call.by(reader).send(),
            None => call.send(),
        }
    }

    fn reply(&self, id: i64, author: &User, to: (i64, &User)) {
        self.app.execute(&format!(
            "INSERT INTO tweets (id, user_id, tweet, in_reply_to_id, in_reply_to_account_id, conversation_id) \
             VALUES ({id}, {}, 'reply {id}', {}, {}, 1)",
            author.id, to.0, to.1.id
        ));
    }

    fn boost(&self, id: i64, user: &User, original: i64) {
        self.app.execute(&format!(
            "INSERT INTO tweets (id, user_id, tweet, reblog_of_id) VALUES ({id}, {}, '', {original})",
            user.id
        ));
    }
}

fn ids(statuses: &Value) -> Vec<i64> {
    let ids = statuses.as_array().unwrap().iter();
    ids.map(|status| status["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn each_reader_finds_what_they_may_see_and_the_rest_is_not_there() {
    let world = World::new();
    for (reader, seen) in [
        (None, vec![1, 2]),
        (Some(&world.stranger), vec![1, 2]),
        (Some(&world.follower), vec![1, 2, 3]),
        (Some(&world.mentioned), vec![1, 2, 4]),
        (Some(&world.author), vec![1, 2, 3, 4]),
    ] {
        for id in 1..=5 {
            let paths = ["", "/context", "/history", "/reblogged_by", "/favourited_by"];
            for path in paths {
                let answer = world.get(reader, &format!("/api/v1/statuses/{id}{path}"));
                if seen.contains(&id) {
                    answer.ok();
                } else {
                    answer.error(404, "Record not found");
                }
            }
            if reader.is_some() {
                let source = world.get(reader, &format!("/api/v1/statuses/{id}/source"));
                assert_eq!(source.status, if seen.contains(&id) { 200 } else { 404 });
            }
        }
        let many = world.get(reader, "/api/v1/statuses?id[]=4&id[]=2&id[]=x&id[]=1&id[]=3&id[]=9").ok();
        let expected: Vec<i64> = [4, 2, 1, 3].into_iter().filter(|id| seen.contains(id)).collect();
        assert_eq!(ids(&many), expected);
        let newest_first: Vec<i64> = seen.iter().rev().copied().collect();
        let account = format!("/api/v1/accounts/{}/statuses", world.author.id);
        assert_eq!(ids(&world.get(reader, &account).ok()), newest_first);
        assert_eq!(ids(&world.get(reader, "/api/v1/timelines/public").ok()), [1]);
    }
    assert_eq!(world.get(None, "/api/v1/timelines/home").status, 401);
    let nobody = world.get(None, "/api/v1/accounts/999/statuses");
    nobody.error(404, "Record not found");
}

#[test]
fn a_status_has_all_that_clients_require_and_the_readers_flags_only_for_a_reader() {
    let world = World::new();
    world.app.execute(&format!(
        "INSERT INTO favourites (user_id, status_id, created_at) VALUES ({}, 1, '2026-01-01 00:00:00')",
        world.follower.id
    ));
    world.boost(9, &world.stranger, 1);
    let status = world.get(None, "/api/v1/statuses/1").ok();
    required::check("Status", &status);
    assert!(status.get("favourited").is_none() && status.get("filtered").is_none());
    assert_eq!(status["url"], format!("https://example.com/@user{}/1", world.author.id));
    assert_eq!(status["tags"][0]["url"], "https://example.com/tags/tag");
    assert!(status["content"].as_str().unwrap().contains("class=\"mention hashtag\""), "{status}");

    let status = world.get(Some(&world.mentioned), "/api/v1/statuses/4").ok();
    required::check("Status", &status);
    let link = format!("https://example.com/@user{}", world.mentioned.id);
    assert_eq!(status["mentions"][0]["url"], link);
    assert!(status["content"].as_str().unwrap().contains(&format!("href=\"{link}\"")), "{status}");

    let status = world.get(Some(&world.follower), "/api/v1/statuses/9").ok();
    required::check("Status", &status);
    required::check("Status", &status["reblog"]);
    for status in [&status, &status["reblog"]] {
        assert_eq!((&status["favourited"], &status["reblogged"]), (&true.into(), &false.into()));
        assert!(status.get("pinned").is_none(), "it is not theirs");
    }
    let own = world.get(Some(&world.author), "/api/v1/statuses/1").ok();
    assert_eq!((&own["pinned"], &own["favourited"]), (&false.into(), &false.into()));

    let fans = world.get(None, "/api/v1/statuses/9/favourited_by").ok();
    assert_eq!(required::check_all("Account", &fans).len(), 1);
    let boosters = world.get(None, "/api/v1/statuses/1/reblogged_by").ok();
    assert_eq!(ids(&boosters), [world.stranger.id]);
    let source = world.get(Some(&world.stranger), "/api/v1/statuses/1/source").ok();
    required::check("StatusSource", &source);
    let history = world.get(None, "/api/v1/statuses/1/history").ok();
    assert_eq!(required::check_all("StatusEdit", &history).len(), 1);
}

#[test]
fn a_context_has_ancestors_in_order_and_descendants_depth_first() {
    let world = World::new();
    let World { author, follower, stranger, .. } = &world;
    world.reply(11, follower, (1, author));
    world.reply(12, author, (1, author));
    world.reply(13, stranger, (11, follower));
    let context = world.get(None, "/api/v1/statuses/1/context").ok();
    required::check("Context", &context);
    // What the author added comes first.
    assert_eq!((ids(&context["ancestors"]), ids(&context["descendants"])), (vec![], vec![12, 11, 13]));
    let context = world.get(None, "/api/v1/statuses/13/context").ok();
    assert_eq!((ids(&context["ancestors"]), ids(&context["descendants"])), (vec![1, 11], vec![]));
}

#[test]
fn home_has_pages_with_absolute_links_and_what_the_reader_wants() {
    let world = World::new();
    let World { author, follower, stranger, .. } = &world;
    world.reply(11, author, (1, author));
    world.reply(12, author, (1, stranger));
    world.boost(13, author, 1);
    let home = |query: &str| world.get(Some(follower), &format!("/api/v1/timelines/home{query}"));
    let all = home("").ok();
    assert_eq!(ids(&all), [13, 11, 3, 2, 1]);
    required::check_all("Status", &all);
    let first = home("?limit=2");
    assert_eq!(ids(&first.ok()), [13, 11]);
    let base = "https://example.com/api/v1/timelines/home?limit=2";
    assert_eq!(
        first.header("link"),
        format!("<{base}&max_id=11>; rel=\"next\", <{base}&min_id=13>; rel=\"prev\"")
    );
    assert_eq!(ids(&home("?limit=2&max_id=11").ok()), [3, 2]);
    assert_eq!(ids(&home("?limit=2&min_id=1").ok()), [3, 2]);
    let end = home("?max_id=1");
    assert_eq!((ids(&end.ok()), end.header("link")), (vec![], ""));
    // Again, from memory.
    assert_eq!(home("").ok(), all);
    let classic = world.app.get("/timeline").by(follower).send();
    assert_eq!(
        classic.tweets().first().unwrap(),
        &format!("careful\n\nhello @user{} #tag 1", world.mentioned.id)
    );
    let shown = |path: &str| world.get(None, path).tweets().len();
    assert_eq!(shown(&format!("/timeline/{}", follower.id)), 4, "of others what anybody may see");
    assert_eq!(world.get(Some(follower), &format!("/timeline/{}", follower.id)).tweets().len(), 5);
}

#[test]
fn an_accounts_statuses_are_chosen_by_parameters() {
    let world = World::new();
    let World { author, stranger, .. } = &world;
    world.reply(12, author, (1, stranger));
    world.boost(13, author, 1);
    world.app.execute(&format!(
        "INSERT INTO pins (user_id, status_id, created_at) VALUES ({}, 2, '2026-01-01 00:00:00')",
        author.id
    ));
    for (query, expected) in [
        ("", vec![13, 12, 2, 1]),
        ("?exclude_replies=true", vec![13, 2, 1]),
        ("?exclude_reblogs=1", vec![12, 2, 1]),
        ("?exclude_replies=true&exclude_reblogs=true&limit=1", vec![2]),
        ("?pinned=true", vec![2]),
        ("?tagged=TAG", vec![2, 1]),
        ("?tagged=%20", vec![]),
        ("?only_media=true", vec![]),
    ] {
        let found = world.get(None, &format!("/api/v1/accounts/{}/statuses{query}", author.id)).ok();
        assert_eq!(ids(&found), expected, "{query}");
    }
}
