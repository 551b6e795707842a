use serde_json::json;

use miniter_test_support::app::{TestApp, User};

#[test]
fn a_timeline_has_each_tweet_once_oldest_first_with_two_keys_an_entry() {
    let app = TestApp::start();
    let [song, kim, lee] = ["song", "kim", "lee"].map(|name| app.user(name));
    app.follow(&song, &kim);
    app.follow(&song, &lee);
    app.tweet(&song, "1");
    app.tweet(&kim, "2");
    app.tweet(&lee, "3");
    let expected = json!({"user_id": song.id, "timeline": [
        {"user_id": song.id, "tweet": "1"}, {"user_id": kim.id, "tweet": "2"}, {"user_id": lee.id, "tweet": "3"}]});
    assert_eq!(app.get("/timeline").by(&song).send().ok(), expected);
    assert_eq!(app.get(format!("/timeline/{}", song.id)).send().ok(), expected, "public");
}

#[test]
fn a_timeline_of_nobody_is_not_found() {
    let app = TestApp::start();
    app.user("song");
    for id in
        ["0", "2", "-1", "+1", "1.0", "1e3", "abc", "2147483648", "9223372036854775808", "%31%20", "１", "1;"]
    {
        app.get(format!("/timeline/{}", id.replace('１', "%EF%BC%91"))).send().problem(404, "user_not_found");
    }
    app.get("/timeline/").send().problem(404, "not_found");
    app.get("/timeline/1/2").send().problem(404, "not_found");
}

/// Somebody whose timeline is "0" to "9".
fn ten_tweets(app: &TestApp) -> User {
    let song = app.user("song");
    for digit in 0..10 {
        app.tweet(&song, &digit.to_string());
    }
    song
}

#[test]
fn following_the_next_links_leads_through_the_whole_timeline() {
    let app = TestApp::start();
    let song = ten_tweets(&app);
    for start in ["/timeline?limit=3".to_owned(), format!("/timeline/{}?limit=3", song.id)] {
        let (mut path, mut pages) = (Some(start), Vec::new());
        while let Some(next) = path {
            let answer = app.get(next).by(&song).send();
            pages.push(answer.tweets().concat());
            assert!(pages.len() <= 4, "the pages have no end: {pages:?}");
            path = answer.link("next");
            assert!(
                path.is_none() || answer.header("link").starts_with(&format!("<{}>", path.as_ref().unwrap()))
            );
        }
        assert_eq!(pages, ["789", "456", "123", "0"]);
    }
}

#[test]
fn following_the_prev_links_leads_back_up_and_on_to_what_is_new() {
    let app = TestApp::start();
    let song = ten_tweets(&app);
    let mut answer = app.get("/timeline?limit=4&min_id=0").by(&song).send();
    let mut pages = vec![answer.tweets().concat()];
    assert_eq!(answer.link("next"), None, "nothing is older than the oldest");
    loop {
        let prev = answer.link("prev").unwrap();
        let newer = app.get(&prev).by(&song).send();
        if newer.tweets().is_empty() {
            assert_eq!(newer.header("link"), "");
            app.tweet(&song, "new");
            assert_eq!(app.get(&prev).by(&song).send().tweets(), ["new"]);
            break;
        }
        pages.push(newer.tweets().concat());
        assert!(pages.len() <= 3, "the pages have no end: {pages:?}");
        answer = newer;
    }
    assert_eq!(pages, ["0123", "4567", "89"]);
}

#[test]
fn since_id_gives_the_newest_and_min_id_the_oldest_of_what_is_newer() {
    let app = TestApp::start();
    let song = app.user("song");
    let ids: Vec<String> = (0..10)
        .map(|digit| app.tweet(&song, &digit.to_string())["id"].as_str().unwrap().to_owned())
        .collect();
    let read = |query: String| app.get(format!("/timeline?limit=3&{query}")).by(&song).send();
    assert_eq!(read(format!("since_id={}", ids[2])).tweets().concat(), "789");
    assert_eq!(read(format!("min_id={}", ids[2])).tweets().concat(), "345");
    assert_eq!(read(format!("max_id={}", ids[5])).tweets().concat(), "234");
    let since = read(format!("since_id={}", ids[4]));
    assert_eq!(since.tweets().concat(), "789");
    let older = app.get(since.link("next").unwrap()).by(&song).send();
    assert_eq!((older.tweets().concat().as_str(), older.link("next")), ("56", None), "down to the bound");
}

#[test]
fn a_bad_limit_or_cursor_is_refused() {
    let app = TestApp::start();
    let song = app.user("song");
    for (query, code) in [
        ("limit=0", "invalid_limit"),
        ("limit=-1", "invalid_limit"),
        ("limit=abc", "invalid_limit"),
        ("limit=", "invalid_limit"),
        ("limit=1.5", "invalid_limit"),
        ("max_id=abc", "invalid_cursor"),
        ("max_id=-1", "invalid_cursor"),
        ("since_id=", "invalid_cursor"),
        ("min_id=9223372036854775808", "invalid_cursor"),
        ("limit=1&limit=2", "invalid_query"),
    ] {
        app.get(format!("/timeline?{query}")).by(&song).send().problem(400, code);
        app.get(format!("/timeline/{}?{query}", song.id)).send().problem(400, code);
    }
    assert!(app.get("/timeline?unknown=1&limit=99999999999999999999").by(&song).send().tweets().is_empty());
}

#[test]
fn without_a_limit_the_newest_entries_up_to_the_cap_are_answered_and_the_rest_is_linked() {
    let app = TestApp::start_with(|settings| settings.timeline_limit = 4.try_into().unwrap());
    let song = ten_tweets(&app);
    for path in ["/timeline", "/timeline?limit=5000"] {
        let answer = app.get(path).by(&song).send();
        assert_eq!(answer.tweets().concat(), "6789", "{path}");
        let next = app.get(answer.link("next").unwrap()).by(&song).send();
        assert_eq!(next.tweets().concat(), "2345", "{path}");
    }
}

#[test]
fn the_default_cap_is_a_thousand() {
    let app = TestApp::start();
    let song = app.user("song");
    let rows: Vec<_> = (1..=1_001).map(|i| format!("({}, 'tweet {i}')", song.id)).collect();
    app.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES {}", rows.join(", ")));
    let answer = app.get("/timeline").by(&song).send();
    let tweets = answer.tweets();
    assert_eq!((tweets.len(), tweets[0].as_str()), (1_000, "tweet 2"));
    let next = app.get(answer.link("next").unwrap()).by(&song).send();
    assert_eq!((next.tweets(), next.link("next")), (vec!["tweet 1".to_owned()], None));
}
