//! `miniter` as people start and stop it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::{Process, miniter_under, run};

const SECRET: (&str, &str) = ("MINITER_JWT_SECRET", "a secret in the environment, 32 bytes and more");

/// Signs somebody up and returns their token.
fn sign_up(server: &Process, email: &str, password: &str) -> String {
    let account = json!({"name": "송은우", "email": email, "password": password});
    server.client.post("/sign-up", &account).send().ok();
    let login = server.client.post("/login", &json!({"email": email, "password": password})).send().ok();
    login["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn it_starts_with_nothing_but_a_folder_and_keeps_people_logged_in_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[]);
    let token = sign_up(&server, "song@example.com", "correct horse");
    server.client.post("/tweet", &json!({"tweet": "hello"})).token(&token).send().ok();
    assert!(folder.path().join("data/miniter.db").exists());
    let secret = folder.path().join("data/miniter.db.jwt-secret");
    assert_eq!(fs::metadata(secret).unwrap().permissions().mode() & 0o777, 0o600);

    server.signal("-TERM");
    assert_eq!(server.wait().0, Some(0));
    let server = Process::start(folder.path(), &[]);
    assert_eq!(server.client.get("/timeline").token(&token).send().tweets(), ["hello"]);
}

/// The variables for a process on a database of its own.
fn on(database: &TestDatabase) -> [(&'static str, String); 2] {
    [("MINITER_DATABASE_URL", database.url_text()), (SECRET.0, SECRET.1.to_owned())]
}

fn start_on(folder: &Path, variables: &[(&'static str, String); 2]) -> Process {
    Process::start(folder, &variables.each_ref().map(|(name, value)| (*name, value.as_str())))
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new();
    let variables = on(&database);
    let server = start_on(folder.path(), &variables);
    let token = sign_up(&server, "song@example.com", "correct horse");
    for i in 0..20 {
        server.client.post("/tweet", &json!({"tweet": i.to_string()})).token(&token).send().ok();
    }
    server.signal("-KILL");
    assert_eq!(server.wait().0, None);
    let server = start_on(folder.path(), &variables);
    assert_eq!(server.client.get("/timeline").token(&token).send().tweets().len(), 20);
}

#[test]
fn a_stop_finishes_what_was_begun_and_takes_less_than_five_seconds() {
    stop_with("-TERM");
}

#[test]
fn ctrl_c_is_such_a_stop_too() {
    stop_with("-INT");
}

#[test]
fn sigquit_is_such_a_stop_too() {
    stop_with("-QUIT");
}

#[test]
fn signals_that_mean_something_to_other_servers_do_not_end_this_one() {
    let folder = tempfile::tempdir().unwrap();
    // Without a terminal, as a service is.
    let server = Process::start_under(&["/usr/bin/setsid"], folder.path(), &[]);
    for signal in ["HUP", "USR1", "USR2"] {
        server.signal(&format!("-{signal}"));
        server.wait_for(&format!("SIG{signal} has no meaning here"));
        assert_eq!(server.client.get("/livez").send().status, 200);
    }
    server.signal("-TERM");
    assert_eq!(server.wait().0, Some(0));
}

/// Runs `miniter` in a terminal, closes that, and returns the log and whether the process ended in time.
fn close_terminal_of(prefix: &str, patience: Duration) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let line =
        format!("{prefix} {} --bind 127.0.0.1:0 2>log & echo $! >id; wait", env!("CARGO_BIN_EXE_miniter"));
    let mut terminal = Command::new("/usr/bin/script")
        .args(["--quiet", "--command", &line, "/dev/null"])
        .env_clear()
        .env("SHELL", "/bin/sh")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
    let wait_until = |is_so: &dyn Fn() -> bool, patience: Duration| {
        let begun = Instant::now();
        while !is_so() && begun.elapsed() < patience {
            thread::sleep(Duration::from_millis(10));
        }
        is_so()
    };
    assert!(wait_until(&|| read(&log).contains("listening on"), Duration::from_secs(30)), "{}", read(&log));
    let id = read(&folder.path().join("id")).trim().to_owned();
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let has_ended = wait_until(&|| !Path::new(&format!("/proc/{id}")).exists(), patience);
    if !has_ended {
        let kill = |signal: &str| Command::new("kill").args([signal, id.as_str()]).status().unwrap();
        assert!(kill("-0").success());
        kill("-KILL");
    }
    (read(&log), has_ended)
}

#[test]
fn a_terminal_that_is_closed_is_a_stop_unless_the_server_was_to_outlive_it() {
    let (log, has_ended) = close_terminal_of("", Duration::from_secs(30));
    assert!(has_ended && log.trim_end().ends_with("stopped"), "{log}");
    let (log, has_ended) = close_terminal_of("nohup", Duration::from_secs(1));
    assert!(!has_ended && !log.contains("stop"), "{log}");
}

#[test]
fn a_log_that_nobody_reads_holds_up_neither_a_request_nor_the_stop() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[("MINITER_RATE_LIMITS", "off")]);
    server.read_log(false);
    // More than a pipe holds and the server keeps.
    let path = format!("/nope/{}", "x".repeat(700));
    for _ in 0..2_000 {
        server.client.get(&path).send().problem(404, "not_found");
    }
    assert_eq!(server.client.get("/livez").send().status, 200);
    server.read_log(true);
    // The count comes when lines are written again, and so do new lines.
    let lost = Instant::now();
    while !server.log().contains("lines of the log were lost here") {
        assert!(lost.elapsed() < Duration::from_secs(30), "{}", server.log());
        server.client.get("/ping").send();
        thread::sleep(Duration::from_millis(20));
    }
    let last = server.client.get("/ping").send();
    server.wait_for(&format!("request={}", last.header("x-request-id")));
    let log = server.log();
    assert!(log.lines().all(|line| line.starts_with('[')), "whole lines");
    let count = |text| log.lines().filter(|line| line.contains(text)).count();
    let lost: usize = log
        .lines()
        .find_map(|line| line.split("] ").nth(1)?.split_once(" lines of the log were lost"))
        .map_or(0, |(lost, _)| lost.parse().unwrap());
    assert!(lost > 0 && count("GET /nope/") + lost >= 2_000, "{lost} and {}", count("GET /nope/"));

    server.read_log(false);
    for _ in 0..200 {
        server.client.get(&path).send();
    }
    server.signal("-TERM");
    let (code, took) = server.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_log_that_cannot_be_written_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    let closed: &[&str] = &["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&-"];
    for (wrapper, log) in [(&[][..], full()), (&[], Stdio::piped()), (closed, Stdio::inherit())] {
        let mut child =
            miniter_under(wrapper, folder.path(), &["restore", "missing"], &[("MINITER_BINT", "x")])
                .stderr(log)
                .spawn()
                .unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "what it fails for, and not for the log");
    }
}

#[test]
fn the_soft_limit_of_open_files_does_not_limit_connections() {
    // The test has as many open.
    miniter::open_files::raise_limit();
    let folder = tempfile::tempdir().unwrap();
    let soft = ["/usr/bin/prlimit", "--nofile=1024:"];
    let server = Process::start_under(&soft, folder.path(), &[]);
    let kept: Vec<TcpStream> = (0..1_100).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let mut another = TcpStream::connect(server.address).unwrap();
    another.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    another.write_all(b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    another.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!server.log().contains("Error accepting"), "{}", server.log());
    drop(kept);
}

#[test]
fn what_strangers_send_makes_no_long_lines() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[("MINITER_LOG", "trace")]);
    // A head has at most 16 KiB.
    let long = "x".repeat(16_000);
    let mut lines = Vec::new();
    for head in [
        format!("GET /{long} HTTP/1.1\r\nHost: x"),
        format!("GET /ping?{long} HTTP/1.1\r\nHost: x"),
        format!("{long} /ping HTTP/1.1\r\nHost: x"),
        format!("GET /timeline HTTP/1.1\r\nHost: x\r\nAuthorization: {long}"),
        format!("GET /timeline HTTP/1.1\r\nHost: x\r\nAccept-Language: {long}"),
        format!("GET /ping HTTP/1.1\r\nHost: x\r\nUser-Agent: {long}"),
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let id = answer.split("x-request-id: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        lines.push(server.wait_for(&format!("request={id} user=-")));
    }
    assert!(lines[0].contains(&format!("GET /{}…[16001] 404 ", "x".repeat(799))), "{}", lines[0]);
    assert!(lines[2].contains(&format!(" {}…[16000] /ping 405 ", "x".repeat(800))), "{}", lines[2]);
    for line in server.log().lines() {
        assert!(line.len() <= 4_096, "{} bytes: {line}", line.len());
    }
}

fn stop_with(signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new();
    let variables = on(&database);
    // On a server nobody waits for a lock as long as the default of the delay is.
    let delay = ("MINITER_DRAIN_DELAY", if database.is_sqlite() { "1" } else { "0" });
    let [url, secret] = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Process::start(folder.path(), &[url, secret, delay]);
    let token = sign_up(&server, "song@example.com", "correct horse");
    // An idle connection must not hold the stop up.
    let idle = TcpStream::connect(server.address).unwrap();

    let mut other = database.connect();
    other.lock();
    thread::scope(|scope| {
        let begun = scope.spawn(|| {
            server.client.post("/tweet", &json!({"tweet": "begun"})).token(&token).send().ok();
        });
        // Time for it to arrive, and after the signal time in which an impatient server would leave it unfinished.
        thread::sleep(Duration::from_millis(if database.is_sqlite() { 500 } else { 300 }));
        assert!(!begun.is_finished());
        server.signal(signal);
        server.wait_for("accept thread stopped");
        thread::sleep(Duration::from_millis(if database.is_sqlite() { 1_500 } else { 200 }));
        other.unlock();
        begun.join().unwrap();
    });
    let (code, took) = server.wait();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    drop(idle);

    let server = start_on(folder.path(), &variables);
    assert_eq!(server.client.get("/timeline").token(&token).send().tweets(), ["begun"]);
}

#[test]
fn a_start_that_cannot_succeed_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("garbage.db"), "not a database ".repeat(1_000)).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, says) in [
        (
            &["--database-url", "sqlite:garbage.db"][..],
            &["garbage.db", "not a sound SQLite database", "backup"][..],
        ),
        (&["--database-url", "sqlite:/proc/miniter.db"], &["/proc/miniter.db", "make sure"]),
        (&["--database-url", "data/miniter.db"], &["--database-url", "sqlite:"]),
        (&["--database-url", "postgres://x/y"], &["--database-url", "sqlite:"]),
        (&["--jwt-secret", "too short"], &["MINITER_JWT_SECRET", "at least 32 bytes", "openssl"]),
        (&["--jwt-secret", ""], &["MINITER_JWT_SECRET", "at least 32 bytes"]),
        (&["--jwt-previous-secrets", "x"], &["MINITER_JWT_PREVIOUS_SECRETS", "at least 32 bytes"]),
        (&["--bind", &taken], &[&taken, "MINITER_BIND"]),
        (&["--bind", "nonsense"], &["nonsense", "MINITER_BIND"]),
        (&["--timeline-limit", "0"], &["--timeline-limit"]),
        (&["--token-lifetime", "0"], &["--token-lifetime"]),
        (&["--cors-origins", "example.com/"], &["--cors-origins", "https://example.com"]),
        (&["--log", "inof"], &["--log", "info"]),
        (&["--no-such-flag"], &["--no-such-flag"]),
    ] {
        let output = run(folder.path(), arguments, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{arguments:?}: {said}");
        for part in says {
            assert!(said.contains(part), "{arguments:?}: {said}");
        }
        assert!(!said.contains("too short\n") && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_misspelt_variable_is_warned_about_and_a_dot_env_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "MINITER_DATABASE_URL=sqlite:elsewhere.db\n").unwrap();
    let server = Process::start(folder.path(), &[("MINITER_BINT", "x")]);
    server.wait_for("MINITER_BINT is no setting");
    assert!(folder.path().join("elsewhere.db").exists());

    fs::write(folder.path().join(".env"), "MINITER_JWT_SECRET='unterminated secret\n").unwrap();
    let output = run(folder.path(), &["migrate"], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains(".env"), "{said}");
    assert!(!said.contains("unterminated secret"), "{said}");
}

#[test]
fn several_that_start_at_once_on_a_new_database_all_come_up() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        let starts: Vec<_> = (0..6).map(|_| scope.spawn(|| run(folder.path(), &["migrate"], &[]))).collect();
        for start in starts {
            let output = start.join().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    });
}

#[test]
fn a_password_in_a_url_that_is_refused_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        run(folder.path(), &[], &[("MINITER_DATABASE_URL", "mysq://root:hunter2@localhost/miniter")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("--database-url") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn migrate_and_openapi_do_their_work_and_stop() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = || String::from_utf8(run(folder.path(), &["migrate"], &[]).stdout).unwrap();
    let first = migrate();
    assert!(first.starts_with("applied the migration 20261122000000\napplied the migration "), "{first}");
    assert!(first.ends_with("\nsqlite:data/miniter.db is up to date\n"), "{first}");
    assert_eq!(migrate(), "sqlite:data/miniter.db is up to date\n");

    let printed = run(folder.path(), &["openapi"], &[]).stdout;
    let printed: Value = serde_json::from_slice(&printed).unwrap();
    assert_eq!(printed, serde_json::to_value(miniter_web::openapi()).unwrap());
}

#[test]
fn help_lists_every_setting_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let help = String::from_utf8(run(folder.path(), &["--help"], &[SECRET]).stdout).unwrap();
    for name in [
        "MINITER_DATABASE_URL",
        "MINITER_BIND",
        "MINITER_JWT_SECRET",
        "MINITER_LOG",
        "serve",
        "migrate",
        "openapi",
    ] {
        assert!(help.contains(name), "{name}: {help}");
    }
    assert!(!help.contains(SECRET.1), "{help}");
}

#[test]
fn the_log_has_a_line_a_request_and_nothing_that_is_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[SECRET, ("MINITER_LOG", "trace")]);
    let token = sign_up(&server, "song@example.com", "secret password");
    let tweet = server.client.post("/tweet", &json!({"tweet": "a private thought"})).token(&token).send();
    server.client.post("/login", &json!({"email": "song@example.com", "password": "wrong password"})).send();
    let missing = server.client.get("/nope?token=abc").send();

    let line = server.wait_for(&format!("request={}", tweet.header("x-request-id")));
    assert!(line.contains("POST /tweet 200 ") && line.ends_with(" user=1"), "{line}");
    assert!(line.contains("ms "), "{line}");
    let line = server.wait_for(&format!("request={}", missing.header("x-request-id")));
    assert!(line.contains("GET /nope 404 ") && line.ends_with(" user=-"), "{line}");

    let log = server.log();
    assert!(log.lines().count() >= 5);
    for line in log.lines() {
        for secret in
            ["secret password", "wrong password", "private thought", token.as_str(), SECRET.1, "token=abc"]
        {
            assert!(!line.contains(secret), "{line}");
        }
        assert!(!line.contains(" ERROR "), "a client's mistake is not the server's error: {line}");
    }
}

#[test]
fn nobody_can_forge_a_line_of_the_log_or_colour_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &[SECRET, ("MINITER_LOG", "trace")]);
    let forged = "x\n[2026-01-01T00:00:00Z ERROR miniter] forged\r\u{1b}[31m\u{202e}";
    let account = json!({"name": forged, "email": "a@b", "password": "correct horse", "profile": forged});
    server.client.post("/sign-up", &account).send().ok();
    server.client.post("/login", &json!({"email": forged, "password": forged})).send();
    server.client.call("POST", "/tweet").header("authorization", "forged\ttoken").body(forged).send();
    let last = server.client.get("/a%0AERROR%20forged%1B[31m%E2%80%AE?x=%0Aforged").send();
    server.wait_for(&format!("request={}", last.header("x-request-id")));
    for line in server.log().lines() {
        assert!(line.starts_with('['), "every line begins with its time: {line:?}");
        assert!(!line.contains(['\u{1b}', '\r', '\u{202e}']), "{line:?}");
        assert!(!line.contains("ERROR miniter] forged"), "{line:?}");
    }
}

#[test]
fn a_failure_has_one_line_with_the_id_that_the_client_got() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new();
    let variables = on(&database);
    let server = start_on(folder.path(), &variables);
    let token = sign_up(&server, "song@example.com", "correct horse");
    database.execute("ALTER TABLE tweets RENAME TO gone");
    let answers = [
        server.client.post("/tweet", &json!({"tweet": "a private thought"})).token(&token).send(),
        server.client.get("/timeline?max_id=5").token(&token).send(),
    ];
    for answer in answers {
        let detail = answer.problem(500, "internal");
        assert!(!detail.contains("gone") && !detail.contains("table"), "{detail}");
        let id = answer.header("x-request-id");
        server.wait_for(&format!("request={id} user="));
        let log = server.log();
        let lines: Vec<&str> =
            log.lines().filter(|line| line.contains(id) && line.contains(" ERROR ")).collect();
        assert!(matches!(lines[..], [line] if line.contains("tweets")), "{lines:?}");
    }
    let log = server.log();
    assert_eq!(
        log.lines().filter(|line| line.contains(" ERROR ") || line.contains(" WARN ")).count(),
        2,
        "{log}"
    );
    assert!(!log.contains("private thought"), "{log}");
}
