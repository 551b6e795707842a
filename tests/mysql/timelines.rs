//! Home timelines in tables: what two transactions do to each other, what an interruption leaves behind, and how it is
//! found and mended.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::app::{TestApp, User};
use crate::support::database::TestDatabase;
use crate::support::process::run;

/// Waits until it is so.
#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came about");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Runs `miniter timelines …` and gives whether it succeeded and what it said.
fn timelines(database: &TestDatabase, command: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(folder.path(), &["timelines", command], &[("MINITER_DATABASE_URL", &database.url_text())]);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[track_caller]
fn assert_sound(app: &TestApp) {
    let (is_sound, said) = timelines(&app.database, "check");
    assert!(is_sound && said.contains("no difference"), "{said}");
}

fn entries(app: &TestApp, reader: &User) -> i64 {
    app.database
        .connect()
        .number(&format!("SELECT COUNT(*) AS value FROM home_timelines WHERE user_id = {}", reader.id))
}

#[test]
fn a_follow_waits_for_a_tweet_that_is_under_way_on_another_node_and_brings_it() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    // As another node does it, up to its commit.
    let mut other = app.database.connect();
    other.execute(&format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION; \
         INSERT INTO tweets (id, user_id, tweet) VALUES (1, {kim}, 'under way'); \
         INSERT INTO home_timelines SELECT {kim}, 1, {kim} UNION ALL \
         SELECT user_id, 1, {kim} FROM users_follow_list WHERE follow_user_id = {kim}",
        kim = kim.id
    ));
    thread::scope(|scope| {
        let follow = scope.spawn(|| app.follow(&song, &kim));
        thread::sleep(Duration::from_millis(300));
        assert!(!follow.is_finished(), "the author's row is locked");
        other.execute("COMMIT");
        follow.join().unwrap();
    });
    assert_eq!(app.timeline(&song), ["under way"]);
    assert_sound(&app);
}

#[test]
fn the_tweets_of_a_prolific_author_come_and_go_in_batches() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    let mut other = app.database.connect();
    for thousand in 0..10 {
        let rows: Vec<_> = (1..=1_000).map(|i| format!("({}, 'tweet {thousand}.{i}')", kim.id)).collect();
        other.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES {}", rows.join(", ")));
    }
    app.tweet(&lee, "by another");
    app.follow(&song, &lee);
    app.follow(&song, &kim);
    assert_eq!(entries(&app, &song), 10_001);
    assert_eq!(other.number("SELECT COUNT(*) AS value FROM home_repairs"), 0);
    app.post("/unfollow", &json!({"unfollow": kim.id})).by(&song).send().empty();
    assert_eq!(app.timeline(&song), ["by another"]);
    assert_eq!(entries(&app, &song), 1);
}

#[test]
fn what_a_process_that_died_has_left_is_done_by_whoever_comes() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    app.tweet(&kim, "of kim");
    app.tweet(&lee, "of lee");
    app.follow(&song, &lee);
    // A follow and an unfollow that were committed, and nothing after them.
    let max = i64::MAX;
    app.execute(&format!(
        "START TRANSACTION; INSERT INTO users_follow_list (user_id, follow_user_id) VALUES ({song}, {kim}); \
         DELETE FROM users_follow_list WHERE user_id = {song} AND follow_user_id = {lee}; \
         INSERT INTO home_repairs VALUES ({song}, {kim}, {max}), ({song}, {lee}, {max}); COMMIT",
        song = song.id,
        kim = kim.id,
        lee = lee.id
    ));
    wait_until(|| app.timeline(&song) == ["of kim"]);
    assert_sound(&app);
}

#[test]
fn somebody_whom_other_sql_has_made_is_filled_when_they_read() {
    let app = TestApp::start();
    let kim = app.user("kim");
    app.tweet(&kim, "of kim");
    app.execute(&format!(
        "START TRANSACTION; \
         INSERT INTO users (id, name, email, profile, hashed_password) VALUES (77, '', 'a@b', '', ''); \
         INSERT INTO users_follow_list (user_id, follow_user_id) VALUES (77, {}); \
         INSERT INTO tweets (id, user_id, tweet) VALUES (1, 77, 'their own'); COMMIT",
        kim.id
    ));
    // What is delivered before does not make it whole, also where the tweets were read lately.
    app.tweet(&kim, "of kim again");
    assert_eq!(app.timeline(&kim), ["of kim", "of kim again"]);
    assert_eq!(app.get("/timeline/77").send().tweets(), ["their own", "of kim", "of kim again"]);
    assert_sound(&app);
}

#[test]
fn check_names_every_difference_and_rebuild_mends_it_while_the_server_serves() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    app.follow(&song, &kim);
    for i in 0..5 {
        app.tweet(&kim, &format!("of kim {i}"));
    }
    let strange = app.tweet(&lee, "of lee")["id"].as_str().unwrap().to_owned();
    assert_sound(&app);

    let mut other = app.database.connect();
    let lost = other.text("SELECT CAST(MIN(tweet_id) AS CHAR(20)) AS value FROM home_timelines");
    other.execute(&format!("DELETE FROM home_timelines WHERE user_id = {} AND tweet_id = {lost}", song.id));
    other.execute(&format!("INSERT INTO home_timelines VALUES ({}, {strange}, {})", song.id, lee.id));
    // Of a tweet that is gone, and of a reader who is gone.
    other.execute(&format!("INSERT INTO home_timelines VALUES ({}, 5, {})", song.id, kim.id));
    other.execute(&format!("INSERT INTO home_timelines VALUES (999, {strange}, {})", lee.id));
    // A tweet that nobody has delivered.
    other.execute(&format!(
        "INSERT INTO tweets (id, user_id, tweet) VALUES (6, {}, 'by other means')",
        kim.id
    ));

    let (is_sound, said) = timelines(&app.database, "check");
    assert!(!is_sound && said.contains("6 differences"), "{said}");
    let (song_id, kim_id, lee_id) = (song.id, kim.id, lee.id);
    for difference in [
        format!("the timeline of user {song_id} lacks tweet {lost} of user {kim_id}"),
        format!("the timeline of user {song_id} lacks tweet 6 of user {kim_id}"),
        format!("the timeline of user {kim_id} lacks tweet 6 of user {kim_id}"),
        format!("the timeline of user {song_id} has one too many: tweet {strange} of user {lee_id}"),
        format!("the timeline of user {song_id} has one too many: tweet 5 of user {kim_id}"),
        format!("the timeline of user 999 has one too many: tweet {strange} of user {lee_id}"),
    ] {
        assert!(said.contains(&difference), "{difference} is not in {said}");
    }

    let (succeeded, said) = timelines(&app.database, "rebuild");
    assert!(succeeded && said.contains("3 readers"), "{said}");
    assert_sound(&app);
    let of_kim: Vec<_> = (0..5).map(|i| format!("of kim {i}")).collect();
    assert_eq!(app.timeline(&song), [vec!["by other means".to_owned()], of_kim].concat());
}

#[test]
fn a_rebuild_goes_on_where_one_was_interrupted() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&song, "of song");
    app.tweet(&kim, "of kim");
    let mut other = app.database.connect();
    // One that has come to the first of the two.
    other.execute(&format!(
        "DELETE FROM home_timelines; INSERT INTO home_repairs VALUES (-1, -1, {})",
        song.id
    ));
    app.database.rebuild_timelines();
    assert_eq!((entries(&app, &song), entries(&app, &kim)), (0, 1));
    // The next one is a whole one.
    app.database.rebuild_timelines();
    assert_eq!((entries(&app, &song), entries(&app, &kim)), (1, 1));
}

#[test]
fn migrate_fills_the_timelines_also_when_the_diesel_tool_has_made_the_tables() {
    let database = TestDatabase::new();
    // Tables as a migration leaves them: nobody is filled.
    let folder = tempfile::tempdir().unwrap();
    let migrate = || {
        let output = run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &database.url_text())]);
        String::from_utf8(output.stdout).unwrap()
    };
    migrate();
    let mut other = database.connect();
    for id in 1..=3 {
        other.execute(&format!(
            "INSERT INTO users (id, name, email, profile, hashed_password) VALUES ({id}, '', '{id}@b', '', '')"
        ));
        other.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES ({id}0, {id}, 'text')"));
    }
    other.execute("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES (1, 2), (1, 3)");
    let (_, said) = timelines(&database, "check");
    assert!(said.contains("3 readers have yet to be filled"), "{said}");
    let said = migrate();
    assert!(said.contains("filled the home timelines of 3 readers"), "{said}");
    assert_eq!(other.number("SELECT COUNT(*) AS value FROM home_timelines"), 5);
    assert!(!migrate().contains("filled"));
}

#[test]
fn a_tweet_that_other_sql_deletes_or_an_entry_that_points_nowhere_leaves_no_gap_in_the_pages() {
    let app = TestApp::start();
    let song = app.user("song");
    let ids: Vec<_> =
        (0..6).map(|i| app.tweet(&song, &i.to_string())["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(app.get("/timeline?limit=3").by(&song).send().tweets().concat(), "345");
    app.execute(&format!("DELETE FROM tweets WHERE id IN ({}, {})", ids[3], ids[5]));
    // It may be shown for a few seconds more.
    wait_until(|| app.get("/timeline?limit=3").by(&song).send().tweets().concat() == "124");
    let page = app.get("/timeline?limit=3").by(&song).send();
    assert_eq!(app.get(page.link("next").unwrap()).by(&song).send().tweets().concat(), "0");
}

#[test]
fn a_fill_brings_everything_also_if_a_follow_has_been_noted_before() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    // Song as an adopted database has them, and in the middle of following lee.
    app.execute(&format!(
        "START TRANSACTION; \
         INSERT INTO users_follow_list (user_id, follow_user_id) VALUES ({song}, {kim}), ({song}, {lee}); \
         INSERT INTO tweets (id, user_id, tweet) VALUES (1, {song}, 'own'), (2, {kim}, 'kim'), (3, {lee}, 'lee'); \
         DELETE FROM home_readers WHERE user_id = {song}; \
         INSERT INTO home_repairs VALUES ({song}, {lee}, {max}); COMMIT",
        song = song.id,
        kim = kim.id,
        lee = lee.id,
        max = i64::MAX
    ));
    assert_eq!(app.timeline(&song), ["own", "kim", "lee"]);
}

#[test]
fn an_unfollow_whose_answer_was_lost_is_finished_by_the_next_one() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&kim, "of kim");
    app.follow(&song, &kim);
    app.execute(&format!(
        "START TRANSACTION; DELETE FROM users_follow_list; \
         INSERT INTO home_repairs VALUES ({}, {}, {}); COMMIT",
        song.id,
        kim.id,
        i64::MAX
    ));
    app.post("/unfollow", &json!({"unfollow": kim.id})).by(&song).send().empty();
    assert_eq!(app.timeline(&song), Vec::<String>::new());
}

#[test]
fn a_follow_begins_anew_where_an_earlier_one_was_interrupted() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&kim, "of kim");
    // It had come far; then an unfollow has taken out what it brought.
    app.execute(&format!("INSERT INTO home_repairs VALUES ({}, {}, 5)", song.id, kim.id));
    app.follow(&song, &kim);
    assert_eq!(app.timeline(&song), ["of kim"]);
}
