//! `miniter backup` and `miniter restore`, beside a server that is written to.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;

use miniter_test_support::app::PASSWORD;
use miniter_test_support::process::{Process, miniter, run};
use miniter_test_support::wait::{Ending, wait_until};

fn succeed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn fail(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn restore(folder: &Path, file: &Path) -> Output {
    run(folder, &["restore", file.to_str().unwrap()], &[])
}

fn back_up(folder: &Path, name: &str) -> Output {
    run(folder, &["backup", name], &[])
}

/// A server with somebody in it, and their token.
fn start(folder: &Path) -> (Process, String) {
    let server = Process::start(folder, &[("MINITER_RATE_LIMITS", "off")]);
    let account = json!({"name": "song", "email": "song@example.com", "password": PASSWORD});
    server.client.post("/sign-up", &account).send().ok();
    let token = log_in(&server);
    (server, token)
}

fn log_in(server: &Process) -> String {
    let login = json!({"email": "song@example.com", "password": PASSWORD});
    let session = server.client.post("/login", &login).send().ok();
    session["access_token"].as_str().unwrap().to_owned()
}

fn timeline(server: &Process, token: &str) -> Vec<String> {
    server.client.get("/timeline?limit=1000").token(token).send().tweets()
}

#[test]
fn a_backup_under_writes_has_all_that_was_acknowledged_before_it_and_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    let acknowledged = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let (before, said) = thread::scope(|scope| {
        for writer in 0..4 {
            let (server, token, acknowledged, is_over) = (&server, &token, &acknowledged, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    let text = format!("{number} of {writer}");
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
        let said = succeed(&back_up(folder.path(), "backup.db"));
        (before, said)
    });
    assert!(said.starts_with("1 users and "), "{said}");
    let file = folder.path().join("backup.db");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let written = acknowledged.into_inner().unwrap();

    // On another machine.
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(succeed(&restore(elsewhere.path(), &file)).lines().count(), 1);
    let copy = Process::start(elsewhere.path(), &[]);
    let kept = timeline(&copy, &log_in(&copy));
    assert!(before.iter().all(|text| kept.contains(text)), "{} of {}", kept.len(), before.len());
    assert!(kept.iter().all(|text| written.contains(text)), "nothing but what was written");

    // On this one, which has more by now.
    server.signal("-TERM");
    assert_eq!(server.wait().0, Some(0));
    // The administrator, who restores it, need not be the service, which has the file.
    let database = folder.path().join("data/miniter.db");
    let _ = chown(&database, Some(65_534), Some(65_534));
    let owner = fs::metadata(&database).unwrap().uid();
    let said = succeed(&restore(folder.path(), &file));
    assert_eq!(fs::metadata(&database).unwrap().uid(), owner);
    let replaced = PathBuf::from(said.lines().nth(1).unwrap().rsplit(' ').next().unwrap());
    let server = Process::start(folder.path(), &[]);
    assert_eq!(timeline(&server, &log_in(&server)), kept);
    server.signal("-TERM");
    server.wait();
    // And back.
    succeed(&restore(folder.path(), &folder.path().join(replaced)));
    let server = Process::start(folder.path(), &[]);
    let all = timeline(&server, &log_in(&server));
    assert!(written.iter().all(|text| all.contains(text)), "{} of {}", all.len(), written.len());
}

#[test]
fn a_database_that_is_served_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    succeed(&back_up(folder.path(), "backup.db"));
    server.client.post("/tweet", &json!({"tweet": "later"})).token(&token).send().ok();
    let said = fail(&restore(folder.path(), &folder.path().join("backup.db")));
    assert!(said.contains("in use"), "{said}");
    assert_eq!(timeline(&server, &token), ["later"]);
    server.client.post("/tweet", &json!({"tweet": "still"})).token(&token).send().ok();
    assert_eq!(timeline(&server, &token), ["later", "still"]);
}

#[test]
fn what_is_no_sound_backup_is_refused_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    server.client.post("/tweet", &json!({"tweet": "hello"})).token(&token).send().ok();
    succeed(&back_up(folder.path(), "backup.db"));
    server.signal("-TERM");
    server.wait();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("text"), "not a database ".repeat(1_000)).unwrap();
    let whole = fs::read(file("backup.db")).unwrap();
    fs::write(file("cut"), &whole[..whole.len() / 2]).unwrap();
    fs::write(file("empty"), "").unwrap();
    fs::copy(file("backup.db"), file("live")).unwrap();
    fs::write(file("live-wal"), "a log").unwrap();
    let change = |name: &str, statements: &str| {
        let mut connection = SqliteConnection::establish(file(name).to_str().unwrap()).unwrap();
        connection.batch_execute(statements).unwrap();
    };
    // Another program's may have tables of the same names.
    change("foreign", "CREATE TABLE users (id INTEGER); CREATE TABLE tweets (id INTEGER)");
    fs::copy(file("backup.db"), file("newer")).unwrap();
    change(
        "newer",
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000'); \
         INSERT INTO minimum_migration (version) VALUES ('29991231000000')",
    );
    for (name, says) in [
        ("foreign", "another program"),
        ("newer", "newer miniter"),
        ("text", "no sound"),
        ("cut", "no sound"),
        ("empty", "no sound"),
        ("live", "write-ahead log"),
        ("none", "no file"),
    ] {
        let said = fail(&restore(folder.path(), &file(name)));
        assert!(said.contains(says), "{name}: {said}");
    }
    let said = fail(&back_up(folder.path(), "backup.db"));
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(fs::read(file("backup.db")).unwrap(), whole);
    let said = fail(&back_up(folder.path(), "no/such/folder/backup.db"));
    assert!(said.contains("no/such/folder"), "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let said = fail(&run(elsewhere.path(), &["backup", "backup.db"], &[]));
    assert!(said.contains("there is no file data/miniter.db"), "{said}");

    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut left = names(&file("data"));
    left.sort();
    assert_eq!(left, ["miniter.db", "miniter.db.jwt-secret"]);
    assert!(names(folder.path()).iter().all(|name| !name.ends_with(".partial")));
    let server = Process::start(folder.path(), &[]);
    assert_eq!(timeline(&server, &token), ["hello"]);
}

#[test]
fn a_damaged_database_can_be_replaced_once_nobody_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    server.client.post("/tweet", &json!({"tweet": "hello"})).token(&token).send().ok();
    succeed(&back_up(folder.path(), "backup.db"));
    server.signal("-TERM");
    server.wait();
    // Its log has no first page then, by which SQLite could mend the file.
    let server = Process::start(folder.path(), &[]);
    server.client.post("/tweet", &json!({"tweet": "lost"})).token(&token).send().ok();
    let path = folder.path().join("data/miniter.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..100].fill(0xAA);
    OpenOptions::new().write(true).open(&path).unwrap().write_all(&bytes).unwrap();
    let said = fail(&restore(folder.path(), &folder.path().join("backup.db")));
    assert!(said.contains("in use"), "{said}");
    // Its log is left behind, and must not meet the new file.
    server.signal("-KILL");
    server.wait();
    succeed(&restore(folder.path(), &folder.path().join("backup.db")));
    let server = Process::start(folder.path(), &[]);
    assert_eq!(timeline(&server, &log_in(&server)), ["hello"]);
}

#[test]
fn nobody_has_the_id_that_an_old_token_names_after_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (server, song) = start(folder.path());
    succeed(&back_up(folder.path(), "backup.db"));
    let sign_up = |server: &Process, name: &str| {
        let email = format!("{name}@example.com");
        let account = json!({"name": name, "email": email, "password": PASSWORD});
        let id = server.client.post("/sign-up", &account).send().ok()["id"].clone();
        let login = json!({"email": email, "password": PASSWORD});
        let session = server.client.post("/login", &login).send().ok();
        (id, session["access_token"].as_str().unwrap().to_owned())
    };
    let (id, token) = sign_up(&server, "mallory");
    server.signal("-TERM");
    server.wait();
    let said = succeed(&restore(folder.path(), &folder.path().join("backup.db")));
    assert!(said.contains("log in again"), "{said}");
    let server = Process::start(folder.path(), &[]);
    let (given_again, own) = sign_up(&server, "lee");
    assert_eq!(given_again, id, "or there is nothing to fear");
    for old in [&token, &song] {
        server.client.get("/timeline").token(old).send().problem(401, "token_invalid");
    }
    assert!(timeline(&server, &own).is_empty());
    server.signal("-TERM");
    server.wait();
    // A secret that is given is for whoever gives it to change.
    let given = [("MINITER_JWT_SECRET", "a secret in the environment, 32 bytes and more")];
    let file = folder.path().join("backup.db");
    let said = succeed(&run(folder.path(), &["restore", file.to_str().unwrap()], &given));
    assert!(said.contains("MINITER_JWT_SECRET"), "{said}");
    assert!(folder.path().join("data/miniter.db.jwt-secret").exists());
}

#[test]
fn the_files_that_names_and_links_lead_to_are_backed_up_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    server.client.post("/tweet", &json!({"tweet": "hello"})).token(&token).send().ok();
    let no_text = folder.path().join(OsStr::from_bytes(b"backup-\xff.db"));
    let said = fail(&miniter(folder.path(), &["backup"], &[]).arg(&no_text).output().unwrap());
    assert!(said.contains("UTF-8"), "{said}");
    assert!(!no_text.exists());
    succeed(&back_up(folder.path(), "backup.db"));
    server.signal("-TERM");
    server.wait();

    let (database, volume) = (folder.path().join("data/miniter.db"), folder.path().join("volume.db"));
    fs::rename(&database, &volume).unwrap();
    symlink(&volume, &database).unwrap();
    let partial = folder.path().join("volume.db.partial");
    fs::copy(folder.path().join("backup.db"), &partial).unwrap();
    let said = fail(&restore(folder.path(), &partial));
    assert!(said.contains("give the backup another"), "{said}");
    assert!(partial.exists());
    succeed(&restore(folder.path(), &folder.path().join("backup.db")));
    assert!(fs::symlink_metadata(&database).unwrap().is_symlink());
    assert!(folder.path().join("volume.db.replaced").exists());
    let server = Process::start(folder.path(), &[]);
    assert_eq!(timeline(&server, &log_in(&server)), ["hello"]);
    // What is named by a link has its log where it is itself.
    let link = folder.path().join("link.db");
    symlink(&volume, &link).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let said = fail(&restore(elsewhere.path(), &link));
    assert!(said.contains("write-ahead log"), "{said}");
}

#[test]
fn the_log_of_a_database_that_is_gone_does_not_meet_the_restored_one() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = start(folder.path());
    server.client.post("/tweet", &json!({"tweet": "hello"})).token(&token).send().ok();
    succeed(&back_up(folder.path(), "backup.db"));
    server.client.post("/tweet", &json!({"tweet": "lost"})).token(&token).send().ok();
    server.signal("-KILL");
    server.wait();
    let database = folder.path().join("data/miniter.db");
    let log = folder.path().join("data/miniter.db-wal");
    fs::remove_file(&database).unwrap();
    let left = fs::read(&log).unwrap();
    let said = fail(&restore(folder.path(), &folder.path().join("backup.db")));
    assert!(said.contains("miniter.db-wal") && said.contains("move it elsewhere"), "{said}");
    assert_eq!(fs::read(&log).unwrap(), left);
    assert!(!database.exists());
    fs::rename(&log, folder.path().join("log")).unwrap();
    succeed(&restore(folder.path(), &folder.path().join("backup.db")));
    let server = Process::start(folder.path(), &[]);
    assert_eq!(timeline(&server, &log_in(&server)), ["hello"]);
}
