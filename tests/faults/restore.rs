//! `miniter restore` is killed at each of its steps.

use std::fs;
use std::path::Path;
use std::process::Command;

use diesel::prelude::*;

use miniter_test_support::database::TestDatabase;
use miniter_test_support::node::sign_up;
use miniter_test_support::process::{Process, miniter, run};
use miniter_test_support::wire::Wire;

/// What a restore changes files and folders with, and what it waits for the disk with. Not every machine has all of them.
const STEPS: &str = "?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat,?fsync,?fdatasync";

/// Runs a restore and kills it before the step of this number. Whether it came to its end.
fn restore_until(folder: &Path, step: usize) -> bool {
    let miniter = miniter(folder, &["restore", "backup.db"], &[]);
    let mut strace = Command::new("strace");
    strace.args(["--quiet=all", "--output=/dev/null", &format!("--trace={STEPS}")]);
    strace.arg(format!("--inject={STEPS}:signal=KILL:when={step}"));
    strace.arg(miniter.get_program()).args(miniter.get_args()).current_dir(folder);
    let output = strace.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.is_empty(), "{said}");
    output.status.success()
}

fn users(folder: &Path) -> i64 {
    let path = folder.join("data/miniter.db");
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT COUNT(*) FROM users")
        .get_result(&mut connection)
        .unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to.join("data")).unwrap();
    for name in ["data/miniter.db", "data/miniter.db.jwt-secret", "backup.db"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_restore_that_is_killed_at_any_step_leaves_no_old_token_good_on_the_new_database() {
    if !TestDatabase::new().is_sqlite() {
        println!("not measured: a database on a server is restored with tools of its own");
        return;
    }
    let prepared = tempfile::tempdir().unwrap();
    let server = Process::start(prepared.path(), &[]);
    let (_, song) = sign_up(server.address, "song");
    assert!(run(prepared.path(), &["backup", "backup.db"], &[]).status.success());
    let (_, mallory) = sign_up(server.address, "mallory");
    server.signal("-TERM");
    server.wait();

    let (mut old, mut logged_out, mut new) = (0, 0, 0);
    for step in 1.. {
        let folder = tempfile::tempdir().unwrap();
        copy(prepared.path(), folder.path());
        let is_whole = restore_until(folder.path(), step);
        let is_new = users(folder.path()) == 1;
        let is_secret_aside = folder.path().join("data/miniter.db.jwt-secret.replaced").exists();
        let server = Process::start(folder.path(), &[]);
        let mut wire = Wire::to(server.address);
        for token in [&song, &mallory] {
            let status = wire.get("/timeline", token).unwrap().status;
            let is_refused = is_new || is_secret_aside;
            assert_eq!(status, if is_refused { 401 } else { 200 }, "step {step}, new: {is_new}");
        }
        // Either database serves.
        assert_eq!(wire.get("/readyz", "").unwrap().status, 200);
        if is_whole {
            assert!(is_new, "it came to its end");
            break;
        }
        assert!(step < 200, "it has no end");
        match (is_new, is_secret_aside) {
            (true, _) => new += 1,
            (false, true) => logged_out += 1,
            (false, false) => old += 1,
        }
        drop(server);
        // What was cut off is in nobody's way.
        assert!(restore_until(folder.path(), usize::from(u16::MAX) - 1));
        assert_eq!(users(folder.path()), 1);
    }
    assert!(old > 0 && logged_out > 0 && new > 0, "{old}, {logged_out}, {new}");
    println!(
        "measured: a restore was killed at each of {} steps: {old} left the old database, {logged_out} the old one with \
         everybody logged out, {new} the new one, on which no old token was good",
        old + logged_out + new
    );
}
