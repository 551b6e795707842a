//! Is it alive, is it ready, what is it doing, and how does it stop?

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use miniter::settings::Switch;
use miniter_domain::Quota;
use serde_json::{Value, json};

use miniter_test_support::app::{Client, PASSWORD, TestApp};
use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::Process;

const SECRET: (&str, &str) = ("MINITER_JWT_SECRET", "a secret in the environment, 32 bytes and more");

#[test]
fn a_server_that_can_read_its_tables_is_live_and_ready() {
    let app = TestApp::start();
    for (path, body) in [("/livez", "live"), ("/readyz", "ready")] {
        let answer = app.get(path).send();
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        assert!(answer.header("content-type").starts_with("text/plain"));
    }
}

/// Waits until `/readyz` has this status. What it said last may be shared for a moment.
fn await_readiness(app: &TestApp, status: u16) {
    let begun = Instant::now();
    while app.get("/readyz").send().status != status {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is not {status}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn files_that_are_removed_or_replaced_under_a_server_make_it_not_ready_and_its_writes_unavailable() {
    let database = TestDatabase::new();
    let Some(path) = database.url().sqlite_path().map(Path::to_owned) else { return };
    // By a link, as an operator may have it.
    let link = path.with_file_name("link.db");
    symlink(&path, &link).unwrap();
    let app = TestApp::start_on(database, |settings| {
        settings.database_url = format!("sqlite:{}", link.display()).parse().unwrap();
    });
    let song = app.user("song");
    let aside = path.with_file_name("aside");
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let refuse = |what: &str| {
        app.post("/tweet", &json!({"tweet": what})).by(&song).send().problem(503, "unavailable");
        await_readiness(&app, 503);
        app.get("/readyz").send().problem(503, "unavailable");
        assert_eq!(app.get("/livez").send().status, 200);
    };
    for name in [&path, &beside("-wal"), &beside("-shm"), &link] {
        app.tweet(&song, "before");
        fs::rename(name, &aside).unwrap();
        refuse("removed");
        fs::write(name, "").unwrap();
        refuse("replaced");
        fs::rename(&aside, name).unwrap();
        await_readiness(&app, 200);
    }
    app.tweet(&song, "after");
    assert_eq!(app.timeline(&song), ["before", "before", "before", "before", "after"]);
}

#[test]
fn a_table_that_cannot_be_read_or_a_schema_that_is_too_old_makes_it_live_and_not_ready() {
    let app = TestApp::start();
    app.execute("ALTER TABLE users RENAME TO gone");
    await_readiness(&app, 503);
    app.get("/readyz").send().problem(503, "unavailable");
    assert_eq!(app.get("/livez").send().status, 200);
    app.execute("ALTER TABLE gone RENAME TO users");
    await_readiness(&app, 200);

    app.execute("CREATE TABLE kept AS SELECT version, run_on FROM __diesel_schema_migrations");
    app.execute("DELETE FROM __diesel_schema_migrations WHERE version > '20261122000000'");
    await_readiness(&app, 503);
    app.get("/readyz").send().problem(503, "unavailable");
    app.execute("DELETE FROM __diesel_schema_migrations");
    app.execute("INSERT INTO __diesel_schema_migrations (version, run_on) SELECT version, run_on FROM kept");
    await_readiness(&app, 200);
    // The next release has migrated already; this one goes on meanwhile.
    app.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')");
    // An answer is shared for 0.2 seconds; the next one has looked.
    thread::sleep(Duration::from_millis(300));
    assert_eq!(app.get("/readyz").send().status, 200);
    // A later one has taken something away that this one needs.
    app.execute("INSERT INTO minimum_migration (version) VALUES ('20991231000000')");
    await_readiness(&app, 503);
}

/// The value of a metric, by its whole name with labels.
fn metric(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in:\n{text}")).parse().unwrap()
}

#[test]
fn what_it_does_is_counted_by_route_and_not_by_path() {
    let app = TestApp::start();
    let song = app.user("song");
    for id in [song.id, 98, 99] {
        app.get(format!("/timeline/{id}")).send();
    }
    for path in ["/nope", "/timeline/1/2", "/a\u{7f}b".escape_default().to_string().as_str()] {
        app.get(path).send();
    }
    app.call("PUT", "/tweet").send();
    app.call("BREW", "/tweet").send();
    let answer = app.get("/metrics").send();
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer:?}");
    let text = &answer.body;
    let requests = |labels: &str| metric(text, &format!("miniter_http_requests_total{{{labels}}}"));
    assert_eq!(requests(r#"method="GET",route="/timeline/{user_id}",status="200""#), 1);
    assert_eq!(requests(r#"method="GET",route="/timeline/{user_id}",status="404""#), 2);
    assert_eq!(requests(r#"method="GET",route="none",status="404""#), 3);
    assert_eq!(requests(r#"method="PUT",route="/tweet",status="405""#), 1);
    assert_eq!(requests(r#"method="other",route="/tweet",status="405""#), 1);
    assert_eq!(
        metric(text, r#"miniter_http_request_duration_seconds_count{route="/timeline/{user_id}"}"#),
        3
    );
    assert_eq!(
        metric(
            text,
            r#"miniter_http_request_duration_seconds_bucket{route="/timeline/{user_id}",le="+Inf"}"#
        ),
        3
    );
    // One hash for the sign-up and one for the log-in.
    assert_eq!(metric(text, r#"miniter_bulkhead_wait_seconds_count{bulkhead="hash"}"#), 2);
    assert_eq!(metric(text, r#"miniter_bulkhead_requests{bulkhead="hash",state="waiting"}"#), 0);
    assert_eq!(metric(text, r#"miniter_bulkhead_refused_total{bulkhead="hash"}"#), 0);
    assert!(metric(text, r#"miniter_database_connections{state="idle"}"#) >= 1);
    assert_eq!(metric(text, &format!("miniter_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1);
    assert!(metric(text, "process_resident_memory_bytes") > 1_000_000);
    assert!(!text.contains("/nope") && !text.contains("BREW"), "{text}");
}

#[test]
fn a_refusal_by_a_limit_is_counted() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = Switch::On;
        settings.log_in_limit = Quota::new(1.try_into().unwrap(), Duration::from_hours(1)).unwrap();
    });
    for _ in 0..3 {
        app.log_in("song@example.com", PASSWORD);
    }
    assert_eq!(metric(&app.get("/metrics").send().body, r#"miniter_rate_limited_total{limit="log-in"}"#), 2);
}

#[test]
fn metrics_may_have_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[SECRET, ("MINITER_METRICS_BIND", "127.0.0.1:0")]);
    let line = server.wait_for("metrics at http://");
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    server.client.get("/metrics").send().problem(404, "not_found");
    server.client.get("/ping").send();
    let metrics = Client::new(&address).get("/metrics").send();
    assert_eq!(
        metric(&metrics.body, r#"miniter_http_requests_total{method="GET",route="/ping",status="200"}"#),
        1
    );
    Client::new(&address).get("/ping").send_unchecked().problem(404, "not_found");
}

#[test]
fn a_stop_shows_in_readyz_at_once_and_every_answer_from_then_on_ends_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new();
    let url = database.url_text();
    let variables = [("MINITER_DATABASE_URL", url.as_str()), SECRET, ("MINITER_DRAIN_DELAY", "2")];
    let server = Process::start(folder.path(), &variables);
    assert_eq!(server.client.get("/readyz").send().status, 200);
    let mut kept = TcpStream::connect(server.address).unwrap();
    let mut ask = |path: &str| {
        kept.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = vec![0; 4_096];
        let length = kept.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..length]).to_lowercase()
    };
    assert!(!ask("/ping").contains("connection: close"));

    server.signal("-TERM");
    server.wait_for("told to stop");
    server.client.get("/readyz").send().problem(503, "draining");
    assert_eq!(server.client.get("/livez").send().status, 200);
    let answer = ask("/ping");
    assert!(answer.starts_with("http/1.1 200") && answer.contains("connection: close"), "{answer}");
    let mut rest = Vec::new();
    assert_eq!(kept.read_to_end(&mut rest).unwrap(), 0, "it is closed");
    // Whoever still calls is served until the delay is over.
    let account = json!({"name": "a", "email": "song@example.com", "password": PASSWORD});
    server.client.post("/sign-up", &account).send().ok();
    let (code, took) = server.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_second_signal_ends_the_delay() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[SECRET, ("MINITER_DRAIN_DELAY", "60")]);
    server.signal("-TERM");
    server.wait_for("told to stop");
    server.signal("-TERM");
    let (code, took) = server.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// The words in a query that are names of metrics.
fn names_of_metrics(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("miniter_") || word.starts_with("process_"))
}

#[test]
fn the_dashboard_shows_what_there_is_by_labels_that_there_are() {
    let app = TestApp::start();
    app.get("/ping").send();
    // So that each counter has a value.
    let limited = app.another_node(|settings| {
        settings.rate_limits = Switch::On;
        settings.read_limit = Quota::new(NonZeroU32::MIN, Duration::from_mins(1)).unwrap();
    });
    limited.get("/timeline/1").send();
    limited.get("/timeline/1").send().problem(429, "rate_limited");
    let there = app.get("/metrics").send().body + &limited.get("/metrics").send().body;
    let dashboard: Value = serde_json::from_str(include_str!("../../deploy/grafana/miniter.json")).unwrap();
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            for name in names_of_metrics(query) {
                shown.insert(name.to_owned());
                let lines: Vec<_> = there.lines().filter(|line| line.starts_with(name)).collect();
                assert!(!lines.is_empty(), "there is no {name}");
                // What they are summed by; the scraper adds the instance, and a histogram its le.
                let by = query.split(" by (").nth(1).map_or("", |by| by.split(')').next().unwrap());
                for label in by.split(", ").filter(|label| !["", "instance"].contains(label)) {
                    assert!(
                        lines.iter().any(|line| line.contains(&format!("{label}=\""))),
                        "{name} has no {label}"
                    );
                }
            }
        }
    }
    // All of ours is shown somewhere.
    for name in there.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        let is_shown = shown.iter().any(|shown| shown.starts_with(name));
        assert!(is_shown || !name.starts_with("miniter_"), "{name} is nowhere on the dashboard");
    }
}
