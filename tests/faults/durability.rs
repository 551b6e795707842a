//! What is acknowledged is on the disk.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::json;

use miniter_test_support::database::TestDatabase;
use miniter_test_support::node::{sign_up, start};
use miniter_test_support::process::Process;
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

/// How often a process calls fsync or fdatasync while something is done.
fn syncs(server: &Process, folder: &std::path::Path, work: impl FnOnce()) -> usize {
    let trace = folder.join("trace");
    let _ = fs::remove_file(&trace);
    let mut strace = Command::new("strace")
        .args(["--follow-forks", "--quiet=attach", "--trace=fsync,fdatasync", "--output"])
        .arg(&trace)
        .args(["--attach", &server.id().to_string()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The threads are attached to one by one; the tracer stands in the status of each.
    let tasks = || fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    wait_until("strace is attached", Duration::from_secs(10), || {
        tasks().all(|task| {
            let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap_or_default();
            !status.contains("TracerPid:\t0")
        })
    });
    work();
    assert!(Command::new("kill").args(["-INT", &strace.id().to_string()]).status().unwrap().success());
    strace.wait().unwrap();
    // A call that another thread interrupts has two lines.
    let trace = fs::read_to_string(&trace).unwrap();
    trace.lines().filter(|line| line.contains("sync(") && !line.contains("resumed")).count()
}

#[test]
fn each_group_of_writes_that_share_a_commit_is_synced_before_any_of_them_is_answered() {
    let database = TestDatabase::new();
    if !database.is_sqlite() {
        println!("not measured: the database's server syncs its own log");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &database);
    let (_, token) = sign_up(server.address, "song");
    let tweet = |wire: &mut Wire| {
        assert_eq!(wire.post("/tweet", &token, &json!({"tweet": "hello"})).unwrap().status, 200);
    };
    let one_by_one = syncs(&server, folder.path(), || {
        let mut wire = Wire::to(server.address);
        (0..100).for_each(|_| tweet(&mut wire));
    });
    let together = syncs(&server, folder.path(), || {
        let wires: Vec<_> = (0..16).map(|_| Mutex::new(Wire::to(server.address))).collect();
        thread::scope(|scope| {
            for wire in &wires {
                scope.spawn(|| (0..50).for_each(|_| tweet(&mut wire.lock().unwrap())));
            }
        });
    });
    println!(
        "measured: {one_by_one} syncs for 100 tweets one after the other, {together} for 800 of 16 clients"
    );
    assert!(one_by_one >= 100, "{one_by_one}");
    // Sixteen may share one, and no more.
    assert!((800 / 16..=800 + 20).contains(&together), "{together}");
}
