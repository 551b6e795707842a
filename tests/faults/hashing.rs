//! Password hashing has a budget of its own.

use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use miniter_test_support::app::PASSWORD;
use miniter_test_support::database::TestDatabase;
use miniter_test_support::figures::{median, p99};
use miniter_test_support::node::{greatest, rss, sign_up, start};
use miniter_test_support::process::Process;
use miniter_test_support::wait::{Ending, wait_until};
use miniter_test_support::wire::Wire;

/// How long each phase takes.
const PHASE: Duration = Duration::from_secs(5);

/// What a hash takes, in KiB.
const HASH: u64 = 19 << 10;

/// What two hundred requests at once take beside that, in KiB.
const REQUESTS: u64 = 24 << 10;

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

/// What two hundred clients who log in all the time got: status, time, and how long to wait.
struct Rush {
    replies: Vec<(u16, Duration, Option<u64>)>,
    /// The 99th percentile of reads beside them.
    p99: Duration,
    /// The most memory that the server had meanwhile, in KiB.
    peak: u64,
}

fn rush(server: &Process, clients: &mut [Wire], token: &str) -> Rush {
    let is_over = AtomicBool::new(false);
    let log_in = json!({"email": "song@example.com", "password": PASSWORD});
    let replies = Mutex::new(Vec::new());
    let (p99, peak) = thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let reply = client.post("/login", "", &log_in).unwrap();
                    replies.lock().unwrap().push((reply.status, reply.took, reply.retry_after));
                    // As it is told, and not all at the same moment.
                    if let Some(seconds) = reply.retry_after {
                        let wait = Duration::from_millis(seconds * 1_000 + fastrand::u64(..1_000));
                        let until = Instant::now() + wait;
                        while Instant::now() < until && !is_over.load(Ordering::Relaxed) {
                            thread::sleep(Duration::from_millis(50));
                        }
                    }
                }
            });
        }
        let peak = scope.spawn(|| greatest(&is_over, || rss(server)));
        let p99 = {
            let _ending = Ending(&is_over);
            read(server.address, token)
        };
        (p99, peak.join().unwrap())
    });
    Rush { replies: replies.into_inner().unwrap(), p99, peak }
}

#[test]
fn two_hundred_log_ins_at_once_leave_reads_a_core_and_take_the_memory_of_their_places() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let server = start(folder.path(), &database);
    let address = server.address;
    let (_, token) = sign_up(address, "song");
    let mut wire = Wire::to(address);
    for i in 0..20 {
        assert_eq!(wire.post("/tweet", &token, &json!({"tweet": i.to_string()})).unwrap().status, 200);
    }
    // Once before it counts: what connections and threads take is there then, and what hashing took is given back.
    let mut clients: Vec<Wire> = (0..200).map(|_| Wire::to(address)).collect();
    let full = rush(&server, &mut clients, &token).peak;
    let places = u64::try_from(thread::available_parallelism().unwrap().get()).unwrap();
    wait_until("the memory is given back", Duration::from_secs(10), || {
        rss(&server) + HASH * places / 2 < full
    });
    thread::sleep(Duration::from_secs(1));

    let (mut slowed, mut refused) = (Vec::new(), Vec::new());
    for round in 0..5 {
        if round > 0 {
            thread::sleep(Duration::from_secs(2));
        }
        let alone = read(address, &token);
        let before = rss(&server);
        let Rush { mut replies, p99, peak } = rush(&server, &mut clients, &token);
        let logged_in = replies.iter().filter(|(status, ..)| *status == 200).count();
        replies.retain(|(status, ..)| *status != 200);
        assert!(replies.iter().all(|(status, _, wait)| *status == 503 && wait.is_some_and(|wait| wait > 0)));
        assert!(
            logged_in > 50 && replies.len() > 200,
            "{logged_in} were let in and {} were not",
            replies.len()
        );
        let slowest = replies.iter().map(|(_, took, _)| *took).max().unwrap();
        let more = peak.saturating_sub(before);
        let times = p99.as_secs_f64() / alone.as_secs_f64();
        println!(
            "measured: p99 of reads {alone:?} alone, {p99:?} beside 200 log-ins ({times:.1} times); {logged_in} log-ins in \
             {PHASE:?}; refusals within {slowest:?}; memory {} MiB more, for {places} hashes at once",
            more >> 10,
        );
        assert!(more <= HASH * (places + 1) + REQUESTS, "{before} KiB before, {peak} at most");
        slowed.push(times);
        refused.push(slowest);
    }
    println!(
        "measured: medians of five rounds: reads {:.1} times as slow, refusals within {:?}",
        median(slowed.iter().copied()),
        median(refused.iter().copied())
    );
    // Threefold on a machine of its own. If reads waited for hashing to end, it would be a hundredfold.
    assert!(median(slowed.iter().copied()) <= 10.0, "{slowed:?}");
    assert!(median(refused.iter().copied()) < Duration::from_secs(1), "{refused:?}");
}

/// A program that computes and never pauses, in this session; it ends with this.
struct Hog(Child);

impl Hog {
    fn start() -> Self {
        Self(Command::new("/bin/sh").args(["-c", "while :; do :; done"]).spawn().unwrap())
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn beside_as_many_programs_that_compute_as_there_are_cores_log_ins_take_less_than_a_second() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let server = start(folder.path(), &database);
    sign_up(server.address, "song");
    let mut wire = Wire::to(server.address);
    let log_in = json!({"email": "song@example.com", "password": PASSWORD});
    let cores = thread::available_parallelism().unwrap().get();
    // Three of four must be quick, since one that meets a pause of the others always is.
    let round = |_| {
        let hogs: Vec<Hog> = (0..cores).map(|_| Hog::start()).collect();
        let mut times: Vec<Duration> = (0..16)
            .map(|_| {
                let reply = wire.post("/login", "", &log_in).unwrap();
                if reply.status == 200 { reply.took } else { Duration::MAX }
            })
            .collect();
        drop(hogs);
        times.sort();
        let refused = times.iter().filter(|took| **took == Duration::MAX).count();
        println!(
            "measured: of 16 log-ins beside {cores} programs that compute half took {:?} at most and 12 took {:?}; \
             {refused} were refused",
            times[7], times[11],
        );
        times[11]
    };
    let rounds: Vec<Duration> = (0..3).map(round).collect();
    assert!(median(rounds.iter().copied()) < Duration::from_secs(1), "{rounds:?}");
}
