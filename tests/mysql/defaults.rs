//! Servers whose defaults are none of ours.

use miniter_persistence::Store;

use crate::adoption::{FIXTURES, original_on};
use crate::server::Server;
use miniter_test_support::app::TestApp;
use miniter_test_support::database::TestDatabase;

/// What a server may have set for all sessions, at its worst.
const HOSTILE: &[&str] = &[
    "innodb_default_row_format = 'compact'",
    "default_storage_engine = 'MyISAM'",
    "autocommit = 0",
    "completion_type = 'RELEASE'",
    "sql_select_limit = 1",
    "max_join_size = 1",
    "sql_big_selects = 0",
    "sql_safe_updates = 1",
    "tx_read_only = 1",
    "tx_isolation = 'SERIALIZABLE'",
    "sql_auto_is_null = 1",
    "foreign_key_checks = 0",
    "unique_checks = 0",
    "lc_messages = 'de_DE'",
    "sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,IGNORE_SPACE'",
    "character_set_server = 'latin1'",
    "time_zone = '-11:00'",
];

#[test]
fn no_default_of_a_server_matters() {
    let server = Server::start(HOSTILE, &[]);
    let app = TestApp::start_on(TestDatabase::on_server(server.url.clone()), |_| ());
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&song, &kim);
    for text in ["one", "two", "three"] {
        app.tweet(&kim, text);
    }
    assert_eq!(app.timeline(&song), ["one", "two", "three"]);
    app.post("/unfollow", &serde_json::json!({"unfollow": kim.id})).by(&song).send().empty();
    assert!(app.timeline(&song).is_empty());
    // Another node finds what was acknowledged.
    let other = app.another_node(|_| ());
    assert_eq!(other.log_in(&kim.email, miniter_test_support::app::PASSWORD).status, 200);
    app.post(
        "/sign-up",
        &serde_json::json!({"name": "kim", "email": kim.email, "password": "a password", "profile": ""}),
    )
    .send()
    .problem(409, "email_taken");
    assert_every_table_is_stated(&app.database);
}

#[test]
fn no_default_of_a_server_hinders_an_adoption() {
    // A fixture is made by sessions that have its defaults; with these it can be.
    let hostile: Vec<&str> = HOSTILE
        .iter()
        .copied()
        .filter(|global| {
            !["autocommit", "tx_read_only", "innodb_default", "sql_mode"]
                .iter()
                .any(|part| global.starts_with(part))
        })
        .collect();
    let server = Server::start(&hostile, &[]);
    let database = original_on(TestDatabase::on_server(server.url.clone()), FIXTURES[0].1);
    database.execute(
        "SET GLOBAL innodb_default_row_format = 'compact', GLOBAL tx_read_only = 1, GLOBAL autocommit = 0",
    );
    Store::adopt(&database.url(), &mut |_| ()).unwrap();
    assert_every_table_is_stated(&database);
}

fn assert_every_table_is_stated(database: &TestDatabase) {
    let mut connection = database.connect();
    connection.execute("SET max_join_size = 18446744073709551615, sql_big_selects = 1");
    let others = connection.number(
        "SELECT COUNT(*) AS value FROM information_schema.tables WHERE table_schema = DATABASE() \
         AND NOT (engine = 'InnoDB' AND row_format = 'Dynamic')",
    );
    assert_eq!(others, 0, "an engine or a row format was left to the server");
}

#[test]
fn a_server_that_has_a_setting_in_our_way_is_refused() {
    for (setting, options) in [
        ("binlog_format", &["--log-bin", "--binlog-format=STATEMENT"][..]),
        ("innodb_rollback_on_timeout", &["--innodb-rollback-on-timeout=ON"]),
    ] {
        let server = Server::start(&[], options);
        let database = TestDatabase::on_server(server.url.clone());
        let refused = Store::migrate(&database.url(), &mut |_| ()).unwrap_err().to_string();
        assert!(refused.contains(setting), "{refused}");
    }
}
