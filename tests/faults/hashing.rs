//! Password hashing has a budget of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::node::{greatest, rss, sign_up, start};
use crate::support::app::PASSWORD;
use crate::support::database::TestDatabase;
use crate::wire::{Wire, p99};

/// How long each phase takes.
const PHASE: Duration = Duration::from_secs(5);

/// What a hash takes, in KiB.
const HASH: u64 = 19 << 10;

/// The 99th percentile of reads by a few readers who pause between them.
fn read(address: std::net::SocketAddr, token: &str) -> Duration {
    let times = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut wire = Wire::to(address);
                let begun = Instant::now();
                while begun.elapsed() < PHASE {
                    let reply = wire.get("/timeline?limit=20", token).unwrap();
                    assert_eq!(reply.status, 200);
                    times.lock().unwrap().push(reply.took);
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
    });
    let mut times = times.into_inner().unwrap();
    assert!(times.len() > 1_000, "{}", times.len());
    p99(&mut times)
}

#[test]
fn two_hundred_log_ins_at_once_slow_reads_down_at_most_threefold_and_take_the_memory_of_their_places() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let server = start(folder.path(), &database);
    let address = server.address;
    let (_, token) = sign_up(address, "song");
    let mut wire = Wire::to(address);
    for i in 0..20 {
        assert_eq!(wire.post("/tweet", &token, &json!({"tweet": i.to_string()})).unwrap().status, 200);
    }
    // Two hundred connections are there already; this is about the hashes.
    let mut clients: Vec<Wire> = (0..200).map(|_| Wire::to(address)).collect();
    for client in &mut clients {
        assert_eq!(client.get("/ping", "").unwrap().status, 200);
    }
    let alone = [read(address, &token), read(address, &token)].into_iter().max().unwrap();
    let before = rss(&server);

    let is_over = AtomicBool::new(false);
    let log_in = json!({"email": "song@example.com", "password": PASSWORD});
    let replies = Mutex::new(Vec::new());
    let (beside, peak) = thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let reply = client.post("/login", "", &log_in).unwrap();
                    let wait = reply.retry_after;
                    replies.lock().unwrap().push((reply.status, reply.took, wait));
                    // As it is told; in steps, so that the test ends.
                    for _ in 0..10 * wait.unwrap_or(0) {
                        if !is_over.load(Ordering::Relaxed) {
                            thread::sleep(Duration::from_millis(100));
                        }
                    }
                }
            });
        }
        let peak = scope.spawn(|| greatest(&is_over, || rss(&server)));
        let beside = read(address, &token);
        is_over.store(true, Ordering::Relaxed);
        (beside, peak.join().unwrap())
    });

    let replies = replies.into_inner().unwrap();
    let logged_in = replies.iter().filter(|(status, ..)| *status == 200).count();
    let mut refusals: Vec<_> = replies.iter().filter(|(status, ..)| *status == 503).collect();
    assert_eq!(logged_in + refusals.len(), replies.len());
    assert!(logged_in > 50, "{logged_in}");
    assert!(refusals.len() > 200, "{}", refusals.len());
    assert!(refusals.iter().all(|(.., wait)| wait.is_some_and(|seconds| seconds > 0)));
    refusals.sort_by_key(|(_, took, _)| *took);
    let slowest = refusals.last().unwrap().1;
    let places = u64::try_from(thread::available_parallelism().unwrap().get()).unwrap();
    println!(
        "measured: p99 of reads {alone:?} alone, {beside:?} beside 200 log-ins ({:.1} times); {logged_in} log-ins in \
         {PHASE:?}; refusals within {slowest:?}; memory {} MiB more, {} places",
        beside.as_secs_f64() / alone.as_secs_f64(),
        peak.saturating_sub(before) >> 10,
        places,
    );
    assert!(slowest < Duration::from_millis(100), "{slowest:?}");
    assert!(beside < alone * 3, "{beside:?} beside, {alone:?} alone");
    assert!(peak.saturating_sub(before) <= HASH * places, "{before} KiB before, {peak} at most");
}
