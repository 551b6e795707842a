//! A running miniter that is measured from outside.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::app::PASSWORD;
use crate::database::TestDatabase;
use crate::process::Process;
use crate::wait::wait_until;
use crate::wire::Wire;

const SECRET: &str = "a secret in the environment, 32 bytes and more";

/// Starts miniter on a database, on a port that is free.
pub fn start(folder: &Path, database: &TestDatabase) -> Process {
    start_with(folder, database, &[])
}

/// The same, with more settings.
pub fn start_with(folder: &Path, database: &TestDatabase, more: &[(&str, &str)]) -> Process {
    start_at("127.0.0.1:0", folder, database, more)
}

/// The same, on this address.
pub fn start_at(address: &str, folder: &Path, database: &TestDatabase, more: &[(&str, &str)]) -> Process {
    let url = database.url_text();
    let mut variables = vec![
        ("MINITER_DATABASE_URL", url.as_str()),
        ("MINITER_JWT_SECRET", SECRET),
        ("MINITER_RATE_LIMITS", "off"),
        ("MINITER_LOG", "info,miniter::access=off"),
    ];
    variables.extend(more);
    Process::start_on(folder, address, &variables)
}

/// Signs somebody up: their number and a token. Tried again as long as the server says that it is busy.
pub fn sign_up(address: SocketAddr, name: &str) -> (i64, String) {
    let mut wire = Wire::to(address);
    let email = format!("{name}@example.com");
    let mut patiently = |path: &str, body| {
        let mut reply = None;
        wait_until("the server takes it", Duration::from_secs(30), || {
            reply = Some(wire.post(path, "", &body).unwrap()).filter(|reply| reply.status != 503);
            reply.is_some()
        });
        reply.unwrap()
    };
    let account = json!({"name": name, "email": email, "password": PASSWORD});
    let id = patiently("/sign-up", account).json()["id"].as_i64().unwrap();
    let session = patiently("/login", json!({"email": email, "password": PASSWORD})).json();
    (id, session["access_token"].as_str().unwrap().to_owned())
}

/// A line of /proc/PID/status, whose value is a number.
pub fn status(process: &Process, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The memory that a process has, in KiB.
pub fn rss(process: &Process) -> u64 {
    status(process, "VmRSS")
}

/// The greatest value of something, looked at until `is_over`.
pub fn greatest(is_over: &AtomicBool, value: impl Fn() -> u64) -> u64 {
    let mut greatest = value();
    while !is_over.load(Ordering::Relaxed) {
        greatest = greatest.max(value());
        thread::sleep(Duration::from_millis(5));
    }
    greatest
}
