//! Starts that cannot succeed: one sentence each, and an exit code.

use std::thread;

use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::{Process, run};

const SECRET: (&str, &str) = ("MINITER_JWT_SECRET", "a secret in the environment, 32 bytes and more");

/// Starts on this URL and returns what is said.
fn refused(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["--bind", "127.0.0.1:0"], &[("MINITER_DATABASE_URL", url), SECRET]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{url}: {said}");
    let sentence = said.lines().find(|line| line.starts_with("miniter: ")).unwrap_or_default();
    assert!(!sentence.is_empty(), "{url}: {said}");
    sentence.to_owned()
}

/// The URL with these credentials in place of its own.
fn with_user(url: &str, credentials: &str) -> String {
    format!("mysql://{credentials}@{}", url.split_once('@').unwrap().1)
}

#[test]
fn a_server_that_cannot_be_used_is_refused_with_what_to_do() {
    let database = TestDatabase::new();
    let url = database.url_text();
    let (server, _) = url.rsplit_once('/').unwrap();
    for (url, says) in [
        (with_user(&url, "nobody:hunter2"), "check the user and the password"),
        (format!("{server}/no_such_database"), "create it"),
        ("mysql://root@127.0.0.1:9/miniter".to_owned(), "make sure that the server runs"),
        ("mysql://root@no-such-host.invalid/miniter".to_owned(), "check the host"),
    ] {
        let sentence = refused(&url);
        assert!(sentence.contains(says), "{url}: {sentence}");
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn a_port_leads_to_that_port_also_on_localhost() {
    let database = TestDatabase::new();
    let name = database.url_text().rsplit('/').next().unwrap().to_owned();
    let url = format!("mysql://root@localhost:1/{name}");
    // The tests' server is on the client library's default socket.
    let socket = std::env::var("MINITER_TEST_MYSQL_SOCKET").unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let variables = [("MINITER_DATABASE_URL", url.as_str()), ("MYSQL_UNIX_PORT", &socket)];
    let output = run(folder.path(), &["migrate"], &variables);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("cannot use the database"), "{said}");
    assert_eq!(count_tables(&database), 0);
}

#[test]
fn a_user_who_may_not_write_is_refused() {
    let database = TestDatabase::new();
    let url = database.url_text();
    let name = url.rsplit('/').next().unwrap();
    let user = format!("u{:08x}", fastrand::u32(..));
    database.execute(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON {name}.* TO {user}@'%'"
    ));
    let weak = with_user(&url, &format!("{user}:pw"));
    // On an empty database it may not create, on a finished one not insert.
    assert!(refused(&weak).contains("grant the user all privileges"));
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &url)]).status.success());
    database.execute(&format!("GRANT CREATE ON {name}.* TO {user}@'%'"));
    assert!(refused(&weak).contains("grant the user all privileges"));
    database.execute(&format!("DROP USER {user}@'%'"));
}

#[test]
fn a_server_needs_a_token_secret_that_all_nodes_share() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve"], &[("MINITER_DATABASE_URL", &database.url_text())]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("MINITER_JWT_SECRET") && said.contains("every node"),
        "{said}"
    );
}

#[test]
fn a_schema_from_the_future_is_good_as_long_as_it_leaves_this_program_working() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_text();
    let migrate = || run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &url)]);
    assert!(migrate().status.success());
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    let output = migrate();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    database.execute("INSERT INTO minimum_migration (version) VALUES ('29991231000000')");
    assert!(refused(&url).contains("29991231000000"));
}

#[test]
fn encryption_that_is_asked_for_is_not_done_without() {
    let database = TestDatabase::new();
    let url = format!("{}?ssl_ca=/etc/ssl/certs/ca-certificates.crt", database.url_text());
    // The tests' own server has no certificate; one that has may still say that it does not trust this one.
    let sentence = refused(&url);
    assert!(
        sentence.contains("not encrypted") || sentence.contains("SSL") || sentence.contains("TLS"),
        "{sentence}"
    );
}

#[test]
fn several_that_start_at_once_on_a_new_database_take_turns() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_text();
    thread::scope(|scope| {
        let starts: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &url)])))
            .collect();
        for start in starts {
            let output = start.join().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

/// What migrations wait for: a row as another miniter has it that is at it, or has died there.
fn take_the_turn(database: &TestDatabase, seconds: u32) {
    database.execute(include_str!("../../migrations/mysql/2026-11-23-000003_create_leases/up.sql"));
    database.execute(&format!(
        "INSERT INTO leases VALUES ('migrations', 'another', UTC_TIMESTAMP(6) + INTERVAL {seconds} SECOND)"
    ));
}

fn count_tables(database: &TestDatabase) -> i64 {
    let query = "SELECT COUNT(*) AS value FROM information_schema.tables WHERE table_schema = DATABASE()";
    database.connect().number(query)
}

#[test]
fn a_turn_that_was_taken_while_the_servers_clock_was_ahead_holds_nobody_up() {
    let database = TestDatabase::new();
    // Ten years.
    take_the_turn(&database, 315_576_000);
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &database.url_text())]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_start_waits_for_another_miniter_that_changes_the_database() {
    let database = TestDatabase::new();
    take_the_turn(&database, 120);
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_text();
    let variables = [("MINITER_DATABASE_URL", url.as_str()), SECRET];
    let _process = Process::start_while(folder.path(), "127.0.0.1:0", &variables, |wait_for| {
        wait_for("waiting for it to finish");
        assert_eq!(count_tables(&database), 1, "nothing was done without the migration lock");
        database.execute("DELETE FROM leases");
    });
    let left = "SELECT COUNT(*) AS value FROM leases WHERE name = 'migrations'";
    assert_eq!(database.connect().number(left), 0, "it has given the lock back");
}

#[test]
fn a_turn_that_nobody_renews_expires() {
    let database = TestDatabase::new();
    take_the_turn(&database, 1);
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_text();
    let output = run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &url)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(count_tables(&database) > 1);
}

#[test]
fn a_password_in_the_environment_is_not_shown_by_help() {
    let folder = tempfile::tempdir().unwrap();
    let url = "mysql://miniter:hunter2@db.example/miniter";
    let help = run(folder.path(), &["--help"], &[("MINITER_DATABASE_URL", url)]).stdout;
    assert!(!String::from_utf8(help).unwrap().contains("hunter2"));
}

#[test]
fn a_first_migration_that_was_cut_off_is_made_anew() {
    let up = include_str!("../../migrations/mysql/2026-11-22-000000_create_classic_tables/up.sql");
    let (first, _) = up.split_once("-- The primary key answers").unwrap();
    // In the middle, and before it was recorded.
    for done in [first, up] {
        let database = TestDatabase::new();
        database.execute(done);
        let folder = tempfile::tempdir().unwrap();
        let url = database.url_text();
        let output = run(folder.path(), &["migrate"], &[("MINITER_DATABASE_URL", &url)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
