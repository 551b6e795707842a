//! A server that goes away, hangs and comes back, under a miniter that goes on.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::proxy::Proxy;
use crate::server::Server;
use miniter_test_support::app::{PASSWORD, TestApp, User};
use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::Process;

fn server() -> String {
    std::env::var("MINITER_TEST_MYSQL_URL").unwrap()
}

/// A miniter that reaches its database through a proxy.
fn app_behind(proxy: &Proxy) -> TestApp {
    let database = TestDatabase::new();
    let url = proxy.url(&database.url_text()).parse().unwrap();
    TestApp::start_on(database, |settings| settings.database_url = url)
}

/// Every kind of request is refused in time, and what needs no database is answered.
fn assert_refuses(app: &TestApp, song: &User) {
    for _ in 0..3 {
        for call in [
            app.get("/timeline").by(song),
            app.get(format!("/timeline/{}", song.id)),
            app.post("/tweet", &json!({"tweet": "hello"})).by(song),
            app.post("/login", &json!({"email": song.email, "password": PASSWORD})),
        ] {
            let started = Instant::now();
            call.send().problem(503, "unavailable");
            assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        }
        assert_eq!(app.get("/ping").send().status, 200);
    }
}

/// Awaits the recovery, which must come within 5 seconds.
fn assert_recovers(app: &TestApp, song: &User) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while app.get("/timeline").by(song).send().status != 200 {
        assert!(Instant::now() < deadline, "it does not recover");
        thread::sleep(Duration::from_millis(20));
    }
    app.tweet(song, "back");
    assert!(app.timeline(song).contains(&"back".to_owned()));
}

#[test]
fn a_server_that_goes_away_is_answered_with_503_and_is_found_again() {
    let proxy = Proxy::before(&server());
    let app = app_behind(&proxy);
    let song = app.user("song");
    proxy.cut();
    assert_refuses(&app, &song);
    proxy.open();
    assert_recovers(&app, &song);
}

#[test]
fn a_restart_between_two_requests_is_not_noticed() {
    let proxy = Proxy::before(&server());
    let app = app_behind(&proxy);
    let song = app.user("song");
    app.tweet(&song, "before");
    proxy.cut();
    proxy.open();
    // Every connection of the pool is lost; each request finds that out and takes another.
    for _ in 0..4 {
        app.get("/timeline").by(&song).send().ok();
        app.tweet(&song, "after");
    }
    assert_eq!(app.timeline(&song).len(), 5);
}

#[test]
fn a_server_that_hangs_delays_neither_the_answers_nor_the_recovery() {
    let proxy = Proxy::before(&server());
    let app = app_behind(&proxy);
    let song = app.user("song");
    proxy.block();
    assert_refuses(&app, &song);
    proxy.open();
    assert_recovers(&app, &song);
}

#[test]
fn connections_that_die_without_a_word_are_replaced() {
    let proxy = Proxy::before(&server());
    let app = app_behind(&proxy);
    let song = app.user("song");
    // Once more than there are connections, and twice: threads are stuck in the dead ones.
    for _ in 0..2 {
        proxy.silence();
        assert_recovers(&app, &song);
    }
}

#[test]
fn a_server_that_hangs_does_not_delay_the_exit() {
    let proxy = Proxy::before(&server());
    let database = TestDatabase::new();
    let url = proxy.url(&database.url_text());
    let folder = tempfile::tempdir().unwrap();
    let secret = "a secret in the environment, 32 bytes and more";
    let process =
        Process::start(folder.path(), &[("MINITER_DATABASE_URL", &url), ("MINITER_JWT_SECRET", secret)]);
    proxy.block();
    process.client.get("/timeline/1").send().problem(503, "unavailable");
    process.signal("-TERM");
    let (code, took) = process.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    proxy.open();
}

/// Makes new connections read-only, as those to a replica are, until it is dropped: of users without great rights. By a role,
/// since miniter states itself whether its transactions may write.
struct Replica<'a>(&'a TestDatabase);

impl<'a> Replica<'a> {
    fn begin(database: &'a TestDatabase) -> Self {
        database.execute("SET GLOBAL init_connect = 'SET ROLE reader'");
        Self(database)
    }
}

impl Drop for Replica<'_> {
    fn drop(&mut self) {
        self.0.execute("SET GLOBAL init_connect = ''");
    }
}

#[test]
fn a_connection_to_a_server_that_cannot_be_written_to_is_given_up() {
    // What a replica is in this test is so for all of a server's sessions.
    let server = Server::start(&[], &[]);
    let database = TestDatabase::on_server(server.url.clone());
    let url = database.url_text();
    let name = url.rsplit('/').next().unwrap();
    let user = format!("u{:08x}", fastrand::u32(..));
    database.execute(&format!(
        "CREATE ROLE writer; GRANT ALL PRIVILEGES ON {name}.* TO writer; \
         CREATE ROLE reader; GRANT SELECT ON {name}.* TO reader; \
         CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT writer TO {user}@'%'; GRANT reader TO {user}@'%'; \
         SET DEFAULT ROLE writer FOR {user}@'%'"
    ));
    let weak = format!("mysql://{user}:pw@{}", url.split_once('@').unwrap().1);
    let app = TestApp::start_on(TestDatabase::on_server(server.url.clone()), |settings| {
        settings.database_url = weak.parse().unwrap();
    });
    let song = app.user("song");
    app.tweet(&song, "before");
    let post = || app.post("/tweet", &json!({"tweet": "hello"})).by(&song).send();
    {
        // The server that is reached is another one from now on, and the old connections are gone.
        let _replica = Replica::begin(&database);
        database.execute(&format!("KILL CONNECTION USER {user}"));
        let deadline = Instant::now() + Duration::from_secs(5);
        while post().status == 200 {
            assert!(Instant::now() < deadline, "it is no replica");
        }
        for _ in 0..3 {
            post().problem(503, "unavailable");
        }
    }
    // One that a read has used meanwhile may be left.
    assert!((0..5).any(|_| post().status == 200), "it keeps the connections to the replica");
}

#[test]
fn a_user_who_has_used_up_what_the_server_grants_is_answered_with_503() {
    let database = TestDatabase::new();
    let url = database.url_text();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let user = format!("u{:08x}", fastrand::u32(..));
    let other = TestDatabase::new();
    other.execute(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'pw' WITH MAX_QUERIES_PER_HOUR 1000000; \
         GRANT ALL PRIVILEGES ON {name}.* TO {user}@'%'"
    ));
    let limited = format!("mysql://{user}:pw@{}", url.split_once('@').unwrap().1).parse().unwrap();
    let app = TestApp::start_on(database, |settings| settings.database_url = limited);
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&song, "before");
    let limit = |queries| {
        other.execute(&format!(
            "ALTER USER {user}@'%' WITH MAX_QUERIES_PER_HOUR {queries}; FLUSH PRIVILEGES; FLUSH USER_RESOURCES"
        ));
    };
    limit(1);
    // One is granted; what has come to be known is known for a moment.
    let deadline = Instant::now() + Duration::from_secs(20);
    while app.get("/readyz").send().status != 503 {
        assert!(Instant::now() < deadline, "/readyz stays 200");
        thread::sleep(Duration::from_millis(20));
    }
    // The server does not count prepared statements, of which a post alone consists; others have savepoints.
    app.post("/follow", &json!({"follow": kim.id})).by(&song).send().problem(503, "unavailable");
    limit(1_000_000);
    assert_recovers(&app, &song);
    drop(app);
    other.execute(&format!("DROP USER {user}@'%'"));
}
