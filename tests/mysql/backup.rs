//! The lines of docs/OPERATIONS.md that back a server up and restore it, as they stand, beside a server that is written to.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use miniter_test_support::app::PASSWORD;
use miniter_test_support::database::TestDatabase;
use miniter_test_support::process::{Process, run};
use miniter_test_support::wait::{Ending, wait_until};

const SECRET: (&str, &str) = ("MINITER_JWT_SECRET", "a secret in the environment, 32 bytes and more");

/// The one line of the document that begins so.
fn documented(beginning: &str) -> &'static str {
    let lines: Vec<_> =
        include_str!("../../docs/OPERATIONS.md").lines().filter(|line| line.starts_with(beginning)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0]
}

/// Runs it in a folder, for these databases.
fn shell(folder: &Path, line: &str, from: &TestDatabase, to: &TestDatabase) {
    let url = url::Url::parse(&from.url_text()).unwrap();
    let name = |database: &TestDatabase| database.url_text().rsplit('/').next().unwrap().to_owned();
    let output = Command::new("sh")
        .args(["-ec", line])
        .current_dir(folder)
        .env("DB_HOST", url.host_str().unwrap())
        .env("DB_PORT", url.port().unwrap().to_string())
        .env("DB_USER", url.username())
        .env("MYSQL_PWD", url.password().unwrap_or_default())
        .env("DB_NAME", name(from))
        .env("NEW_DB_NAME", name(to))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{line}: {said}");
}

#[test]
fn a_dump_under_writes_has_all_that_was_acknowledged_before_it_and_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (database, copy) = (TestDatabase::new(), TestDatabase::new());
    let start = |database: &TestDatabase| {
        let url = database.url_text();
        let variables = [("MINITER_DATABASE_URL", url.as_str()), SECRET, ("MINITER_RATE_LIMITS", "off")];
        Process::start(folder.path(), &variables)
    };
    let server = start(&database);
    let tokens: Vec<String> = (0..4)
        .map(|number| {
            let email = format!("person{number}@example.com");
            let account = json!({"name": "송은우 🍺", "email": email, "password": PASSWORD});
            server.client.post("/sign-up", &account).send().ok();
            let session =
                server.client.post("/login", &json!({"email": email, "password": PASSWORD})).send().ok();
            session["access_token"].as_str().unwrap().to_owned()
        })
        .collect();
    for followed in 2..=4 {
        server.client.post("/follow", &json!({"follow": followed})).token(&tokens[0]).send().empty();
    }
    let acknowledged = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let before = thread::scope(|scope| {
        for (writer, token) in tokens.iter().enumerate() {
            let (server, acknowledged, is_over) = (&server, &acknowledged, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    let text = format!("안녕 🍺 {number} of {writer}");
                    server.client.post("/tweet", &json!({"tweet": text})).token(token).send().ok();
                    acknowledged.lock().unwrap().push(text);
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let _ending = Ending(&is_over);
        wait_until("something is written", Duration::from_mins(1), || {
            acknowledged.lock().unwrap().len() >= 100
        });
        let before = acknowledged.lock().unwrap().clone();
        shell(folder.path(), documented("mariadb-dump "), &database, &copy);
        before
    });
    let written = acknowledged.into_inner().unwrap();

    shell(folder.path(), documented("mariadb "), &database, &copy);
    let server = start(&copy);
    let kept = server.client.get("/timeline?limit=1000").token(&tokens[0]).send().tweets();
    assert!(before.iter().all(|text| kept.contains(text)), "{} of {}", kept.len(), before.len());
    assert!(kept.iter().all(|text| written.contains(text)), "nothing but what was written");
    let url = copy.url_text();
    let output = run(folder.path(), &["backup", "file"], &[("MINITER_DATABASE_URL", &url)]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("mariadb-dump"), "{said}");
}
