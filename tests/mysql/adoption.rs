//! Databases that the original server made, and what becomes of them.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use miniter_persistence::{OpenError, Store};
use serde_json::json;

use miniter_test_support::app::{TestApp, User};
use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::miniter_under;

pub const FIXTURES: [(&str, &str); 2] = [
    ("textbook", include_str!("../fixtures/textbook.sql")),
    ("crated_at", include_str!("../fixtures/crated_at.sql")),
];

/// A database with the original's tables in it.
pub fn original(fixture: &str) -> TestDatabase {
    original_on(TestDatabase::new(), fixture)
}

/// The same, in a database that is there.
pub fn original_on(database: TestDatabase, fixture: &str) -> TestDatabase {
    database.execute(fixture);
    database
}

/// Makes a new database ours.
fn migrate(database: &TestDatabase) {
    Store::migrate(&database.url(), &mut |_| ()).unwrap();
}

/// Adopts and returns what was reported.
fn adopt(database: &TestDatabase) -> Result<Vec<String>, OpenError> {
    let mut report = Vec::new();
    Store::adopt(&database.url(), &mut |line| report.push(line.to_owned())).map(|_| report)
}

/// A database that was the original's.
fn adopted(fixture: &str) -> TestDatabase {
    let database = original(fixture);
    adopt(&database).unwrap();
    database
}

/// The structure of our tables, as the server sees it.
fn structure(database: &TestDatabase) -> Vec<Option<String>> {
    let mut connection = database.connect();
    let mut structure = connection.texts(
        "SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_default, extra, \
         character_set_name, collation_name, generation_expression) AS value FROM information_schema.columns \
         WHERE table_schema = DATABASE() ORDER BY table_name, column_name",
    );
    structure.extend(connection.texts(
        "SELECT CONCAT_WS(' ', table_name, index_name, non_unique, seq_in_index, column_name) AS value \
         FROM information_schema.statistics WHERE table_schema = DATABASE() \
         ORDER BY table_name, index_name, seq_in_index",
    ));
    structure.extend(connection.texts(
        "SELECT CONCAT_WS(' ', constraint_name, table_name, column_name, referenced_column_name) AS value \
         FROM information_schema.key_column_usage WHERE table_schema = DATABASE() \
         AND referenced_table_name IS NOT NULL ORDER BY constraint_name",
    ));
    structure.extend(connection.texts(
        "SELECT CONCAT_WS(' ', constraint_name, table_name, referenced_table_name, delete_rule) AS value \
         FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() \
         ORDER BY constraint_name",
    ));
    structure.extend(connection.texts(
        "SELECT CONCAT_WS(' ', table_name, engine, table_collation) AS value FROM information_schema.tables \
         WHERE table_schema = DATABASE() ORDER BY table_name",
    ));
    structure.extend(connection.texts("SELECT version AS value FROM __diesel_schema_migrations"));
    structure
}

/// Every row of our tables, in UTC.
fn rows(database: &TestDatabase) -> Vec<Option<String>> {
    let mut connection = database.connect();
    connection.execute("SET time_zone = '+00:00'");
    let mut rows = connection.texts(
        "SELECT CONCAT_WS('|', id, name, email, hashed_password, profile, CAST(created_at AS DATETIME), \
         COALESCE(updated_at, 'NULL')) AS value FROM users ORDER BY id",
    );
    rows.extend(connection.texts(
        "SELECT CONCAT_WS('|', user_id, follow_user_id, CAST(created_at AS DATETIME)) AS value \
         FROM users_follow_list ORDER BY user_id, follow_user_id",
    ));
    rows.extend(connection.texts(
        "SELECT CONCAT_WS('|', id, user_id, tweet, CAST(created_at AS DATETIME)) AS value FROM tweets ORDER BY id",
    ));
    rows
}

#[test]
fn an_adopted_database_has_the_structure_of_a_new_one() {
    let new = TestDatabase::new();
    migrate(&new);
    for (name, fixture) in FIXTURES {
        let database = original(fixture);
        adopt(&database).unwrap();
        assert_eq!(structure(&database), structure(&new), "{name}");
        assert_eq!(adopt(&database).unwrap(), Vec::<String>::new(), "{name}: a second run has nothing to do");
    }
}

#[test]
fn what_has_our_names_or_another_shape_becomes_ours_too() {
    let new = TestDatabase::new();
    migrate(&new);
    for change in [
        // Indexes of our names on other columns.
        "CREATE INDEX tweets_author ON tweets (user_id)",
        "ALTER TABLE users DROP INDEX email, ADD UNIQUE INDEX users_email_canonical (email)",
        "CREATE INDEX users_follow_list_followee ON users_follow_list (follow_user_id)",
        // Our columns under other names of index.
        "CREATE INDEX mine ON tweets (user_id, id)",
        // Columns in capitals.
        "ALTER TABLE users CHANGE email Email VARCHAR(255) NOT NULL, CHANGE name NAME VARCHAR(255) NOT NULL",
        // Formats and engines of old servers.
        "ALTER TABLE tweets ROW_FORMAT = COMPACT",
        "SET FOREIGN_KEY_CHECKS = 0; ALTER TABLE tweets DROP FOREIGN KEY tweets_user_id_fkey; ALTER TABLE tweets ENGINE = MyISAM",
        // An id that a strict AUTO_INCREMENT would renumber.
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO users (id, name, email, hashed_password, profile) \
         VALUES (0, 'zero', 'zero@example.com', '', '')",
    ] {
        let database = original(FIXTURES[0].1);
        database.execute(change);
        let ids = "SELECT CAST(id AS CHAR(20)) AS value FROM users ORDER BY id";
        let before = database.connect().texts(ids);
        adopt(&database).unwrap_or_else(|error| panic!("{change}: {error}"));
        assert_eq!(structure(&database), structure(&new), "{change}");
        assert_eq!(database.connect().texts(ids), before, "{change}");
    }
}

#[test]
fn the_known_misspellings_of_a_column_are_mended() {
    let new = TestDatabase::new();
    migrate(&new);
    for (created, updated) in
        [("crated_at", "updated_at"), ("create_at", "update_at"), ("created_at", "update_at")]
    {
        let fixture = FIXTURES[0].1.replace("created_at", created).replace("updated_at", updated);
        let database = original(&fixture);
        adopt(&database).unwrap_or_else(|error| panic!("{created}, {updated}: {error}"));
        assert_eq!(structure(&database), structure(&new), "{created}, {updated}");
        let updated_at = "SELECT CAST(updated_at AS CHAR(19)) AS value FROM users WHERE id = 2";
        assert_eq!(database.connect().text(updated_at), "2020-02-29 23:59:59");
    }
}

#[test]
fn what_another_program_has_added_stays() {
    let database = original(FIXTURES[0].1);
    database.execute(
        "ALTER TABLE users ADD COLUMN profile_picture VARCHAR(200) NULL, ADD COLUMN is_admin TINYINT NOT NULL DEFAULT 0, \
         ADD COLUMN name_length INT AS (CHAR_LENGTH(name)) VIRTUAL, ADD INDEX by_picture (profile_picture), \
         ADD COLUMN crated_at TIMESTAMP NULL; \
         CREATE TABLE likes (user_id INT NOT NULL, tweet_id INT NULL DEFAULT NULL COMMENT 'it''s liked', \
         CONSTRAINT likes_user FOREIGN KEY (user_id) REFERENCES users (id), \
         CONSTRAINT likes_tweet FOREIGN KEY (tweet_id) REFERENCES tweets (id) ON DELETE SET NULL); \
         UPDATE users SET profile_picture = 'a.png' WHERE id = 1; INSERT INTO likes VALUES (1, 9), (2, NULL); \
         CREATE VIEW names AS SELECT name FROM users",
    );
    let references = "SELECT CONCAT_WS(' ', constraint_name, referenced_table_name, delete_rule) AS value \
                      FROM information_schema.referential_constraints \
                      WHERE constraint_schema = DATABASE() AND table_name = 'likes' ORDER BY 1";
    let before = database.connect().texts(references);
    let report = adopt(&database).unwrap();
    assert!(report.iter().any(|line| line.contains("likes") && line.contains("BIGINT")), "{report:?}");
    let app = TestApp::start_on(database, |_| ());
    let mut connection = app.database.connect();
    assert_eq!(connection.texts(references), before);
    assert_eq!(
        connection.texts(
            "SELECT CONCAT_WS(' ', column_type, is_nullable, column_comment) AS value FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = 'likes' ORDER BY ordinal_position"
        ),
        [Some("bigint(20) NO ".into()), Some("bigint(20) YES it's liked".into())]
    );
    assert_eq!(connection.number("SELECT COUNT(*) AS value FROM likes"), 2);
    assert_eq!(connection.text("SELECT profile_picture AS value FROM users WHERE id = 1"), "a.png");
    assert_eq!(connection.number("SELECT COUNT(*) AS value FROM names"), 3);
    let lee = app.user("lee");
    let tweet = app.tweet(&lee, "new")["id"].as_str().unwrap().to_owned();
    connection.execute(&format!("INSERT INTO likes VALUES ({}, {tweet})", lee.id));
    assert_eq!(
        connection.number("SELECT is_admin + name_length AS value FROM users ORDER BY id DESC LIMIT 1"),
        3
    );
}

#[test]
fn every_row_of_the_textbooks_database_stays_but_the_follows_of_oneself() {
    let database = original(FIXTURES[0].1);
    let mut before = rows(&database);
    let report = adopt(&database).unwrap();
    before.retain(|row| row.as_deref() != Some("2|2|2019-03-04 00:00:03"));
    // What was a TIMESTAMP is printed to the microsecond now.
    let before: Vec<_> =
        before.into_iter().map(|row| row.map(|row| row.replace("23:59:59", "23:59:59.000000"))).collect();
    assert_eq!(rows(&database), before);
    for line in [
        "before: 3 users, 4 follows, 4 tweets",
        "removed 1 follows of oneself",
        "after: 3 users, 3 follows, 4 tweets",
    ] {
        assert!(report.iter().any(|reported| reported == line), "{line}: {report:?}");
    }
}

#[test]
fn latin1_becomes_utf8mb4_and_zero_dates_are_emptied() {
    let database = original(FIXTURES[1].1);
    adopt(&database).unwrap();
    let mut connection = database.connect();
    assert_eq!(
        connection.texts("SELECT name AS value FROM users ORDER BY id"),
        [Some("José".into()), Some("Zoë".into())]
    );
    assert_eq!(
        connection.texts("SELECT CAST(created_at AS CHAR(19)) AS value FROM users ORDER BY id"),
        [Some("2018-01-01 00:00:00".into()), Some("2018-01-02 00:00:00".into())]
    );
    assert_eq!(
        connection.texts("SELECT CAST(updated_at AS CHAR(19)) AS value FROM users ORDER BY id"),
        [None, Some("2018-06-01 00:00:00".into())]
    );
}

fn log_in(app: &TestApp, email: &str) -> User {
    let login = app.log_in(email, "test password").ok();
    User {
        id: login["user_id"].as_i64().unwrap(),
        email: email.to_owned(),
        token: login["access_token"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn the_people_of_an_adopted_database_go_on_as_before() {
    let app = TestApp::start_on(adopted(FIXTURES[0].1), |_| ());
    let song = log_in(&app, "songew@gmail.com");
    let kim = log_in(&app, "TET@gmail.com");
    let jose = log_in(&app, "É@example.com");
    app.log_in("é@example.com", "test password").problem(401, "invalid_credentials");
    assert_eq!([song.id, kim.id, jose.id], [1, 2, 7]);
    let mut connection = app.database.connect();
    for hash in connection.texts("SELECT hashed_password AS value FROM users") {
        assert!(hash.unwrap().starts_with("$argon2id$"));
    }
    assert_eq!(
        app.get("/timeline").by(&song).send().ok()["timeline"],
        json!([
            {"user_id": 2, "tweet": "Hello World!"},
            {"user_id": 1, "tweet": "안녕하세요 🍣🍺"},
            {"user_id": 7, "tweet": "é e\u{301} trailing "},
            {"user_id": 2, "tweet": "두 번째"},
        ])
    );
    assert_eq!(
        app.timeline(&kim),
        ["Hello World!", "안녕하세요 🍣🍺", "두 번째"],
        "the follow of oneself is gone"
    );
    let id: i64 = app.tweet(&jose, "new")["id"].as_str().unwrap().parse().unwrap();
    assert!(id > i64::from(u32::MAX));
    assert_eq!(app.timeline(&song).last().unwrap(), "new");
    assert!(app.user("newcomer").id > 7);
}

#[test]
fn the_originals_own_statements_still_run() {
    let age = Duration::from_millis(200);
    let app = TestApp::start_on(adopted(FIXTURES[0].1), |settings| settings.foreign_writes = Some(age));
    let hash = bcrypt_hash();
    app.execute(&format!(
        "INSERT INTO users (name, email, profile, hashed_password) VALUES ('이영희', 'Lee@Example.com', '', '{hash}')"
    ));
    let lee = log_in(&app, "lee@example.com");
    app.execute(&format!("INSERT INTO tweets (user_id, tweet) VALUES ({}, '다른 길로')", lee.id));
    app.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES (100, {}, 'explicit')", lee.id));
    app.execute(&format!("INSERT INTO users_follow_list (user_id, follow_user_id) VALUES (1, {})", lee.id));
    let song = log_in(&app, "songew@gmail.com");
    let timeline = app.timeline(&song);
    assert!(timeline.contains(&"다른 길로".to_owned()) && timeline.contains(&"explicit".to_owned()));
    app.execute(&format!("DELETE FROM users_follow_list WHERE user_id = 1 AND follow_user_id = {}", lee.id));
    let begun = Instant::now();
    while app.timeline(&song).contains(&"explicit".to_owned()) {
        assert!(begun.elapsed() < age * 50, "it is still there");
    }
    app.execute(&format!("DELETE FROM users WHERE id = {}", lee.id));
    app.get("/timeline").by(&lee).send().problem(401, "token_invalid");

    app.execute(
        "SET FOREIGN_KEY_CHECKS = 0; TRUNCATE users; TRUNCATE tweets; TRUNCATE users_follow_list; \
         SET FOREIGN_KEY_CHECKS = 1",
    );
    app.get("/timeline").by(&song).send().problem(401, "token_invalid");
    app.execute(&format!(
        "INSERT INTO users (id, name, email, profile, hashed_password) VALUES (1, 'a', 'songew@gmail.com', '', '{hash}')"
    ));
    let song = log_in(&app, "songew@gmail.com");
    app.tweet(&song, "from the beginning");
    assert_eq!(app.timeline(&song), ["from the beginning"]);
}

/// bcrypt of "test password" at cost 4, from a fixture.
fn bcrypt_hash() -> &'static str {
    let fixture = FIXTURES[0].1;
    let start = fixture.find("$2b$").unwrap();
    &fixture[start..start + 60]
}

/// Every table of a database, with its definition and the number of its rows.
fn tables(database: &TestDatabase) -> Vec<Option<String>> {
    database.connect().texts(
        "SELECT CONCAT_WS(' ', table_name, column_name, column_type, \
         (SELECT CONCAT_WS(' ', COUNT(*), MAX(id)) FROM users), (SELECT COUNT(*) FROM users_follow_list), \
         (SELECT CONCAT_WS(' ', COUNT(*), MAX(id)) FROM tweets)) AS value FROM information_schema.columns \
         WHERE table_schema = DATABASE() ORDER BY table_name, column_name",
    )
}

/// Runs miniter with these arguments and this input on a database: whether it succeeded, and all that it said.
fn miniter_says(database: &TestDatabase, arguments: &[&str], input: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_text();
    let variables = [
        ("MINITER_DATABASE_URL", url.as_str()),
        ("MINITER_BIND", "127.0.0.1:0"),
        ("MINITER_JWT_SECRET", miniter_test_support::app::SECRET),
    ];
    let file = folder.path().join("input");
    std::fs::write(&file, input).unwrap();
    let bounded = ["/usr/bin/timeout", "--kill-after=5", "60"];
    let output = miniter_under(&bounded, folder.path(), arguments, &variables)
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    (output.status.success(), said)
}

#[test]
fn no_other_command_adopts_and_each_says_which_does() {
    let database = original(FIXTURES[0].1);
    let before = tables(&database);
    for arguments in [&["serve"][..], &["migrate"], &[], &["user", "unlock", "songew@gmail.com"]] {
        let (succeeded, said) = miniter_says(&database, arguments, "");
        assert!(!succeeded && said.contains("run `miniter adopt`"), "{arguments:?}: {said}");
        assert_eq!(tables(&database), before, "{arguments:?}");
    }
}

#[test]
fn adopt_shows_what_it_will_do_and_does_it_when_it_is_told_to() {
    let database = original(FIXTURES[1].1);
    let before = tables(&database);
    for answer in ["", "\n", "n\n", "nay\n"] {
        let (succeeded, said) = miniter_says(&database, &["adopt"], answer);
        assert!(!succeeded, "{answer:?}: {said}");
        for line in [
            "keep all of 2 users",
            "rename the column crated_at of users to created_at",
            "nothing was changed",
        ] {
            assert!(said.contains(line), "{answer:?} {line}: {said}");
        }
        assert_eq!(tables(&database), before, "{answer:?}");
    }
    let (succeeded, said) = miniter_says(&database, &["adopt"], "y\n");
    assert!(succeeded && said.contains("is adopted and up to date"), "{said}");
    let (succeeded, said) = miniter_says(&database, &["migrate"], "");
    assert!(succeeded, "{said}");
}

#[test]
fn adopt_does_not_ask_where_it_is_told_so_and_refuses_what_is_not_the_originals() {
    let database = original(FIXTURES[0].1);
    let (succeeded, said) = miniter_says(&database, &["adopt", "--yes"], "");
    assert!(
        succeeded && said.contains("but remove 1 follows of oneself") && !said.contains("[y/N]"),
        "{said}"
    );
    // Now it is ours, and a new one never was.
    for database in [database, TestDatabase::new()] {
        let names = "SELECT table_name AS value FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1";
        let before = database.connect().texts(names);
        let (succeeded, said) = miniter_says(&database, &["adopt", "--yes"], "");
        assert!(!succeeded && said.contains("is no database of the original"), "{said}");
        assert_eq!(database.connect().texts(names), before);
    }
}

#[test]
fn an_adoption_that_is_cut_off_at_any_point_is_finished_by_the_next_run() {
    let fixture = format!(
        "{} CREATE TABLE likes (user_id INT NOT NULL, CONSTRAINT likes_user FOREIGN KEY (user_id) REFERENCES users (id)); \
         INSERT INTO likes VALUES (1);",
        FIXTURES[0].1
    );
    let whole = original(&fixture);
    // What is told of the migrations that come after it is told when all is done.
    let is_step = |line: &String| !line.starts_with("applied the migration");
    let steps = adopt(&whole).unwrap().into_iter().filter(is_step).count();
    assert!(steps > 8, "{steps}");
    for cut in 0..steps {
        let database = original(&fixture);
        let reported = RefCell::new(Vec::new());
        let outcome = Store::adopt(&database.url(), &mut |line| {
            reported.borrow_mut().push(line.to_owned());
            if reported.borrow().len() == cut + 1 {
                // The server ends the connection before the step that was just announced.
                let mut other = database.connect();
                let sessions = other.texts(
                    "SELECT CAST(id AS CHAR(20)) AS value FROM information_schema.processlist \
                     WHERE db = DATABASE() AND id <> CONNECTION_ID()",
                );
                for id in sessions.into_iter().flatten() {
                    other.execute(&format!("KILL CONNECTION {id}"));
                }
            }
        });
        assert!(outcome.is_err() || cut + 1 == steps, "cut at {cut}: {:?}", reported.borrow());
        // The migration lock could not be given back. It would expire; to wait for that at each step takes minutes.
        database.execute("DELETE FROM leases");
        adopt(&database).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        assert_eq!(structure(&database), structure(&whole), "cut at {cut}: {:?}", reported.borrow());
        assert_eq!(rows(&database), rows(&whole), "cut at {cut}");
    }
}
