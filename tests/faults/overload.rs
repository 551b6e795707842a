//! More than can be done, and a database that hangs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use miniter_test_support::database::TestDatabase;
use miniter_test_support::figures::median;
use miniter_test_support::node::{greatest, rss, sign_up, start, start_with, status};
use miniter_test_support::process::Process;
use miniter_test_support::wait::{Ending, wait_until};
use miniter_test_support::wire::Wire;

/// A server's process that is stopped; it goes on when this is dropped.
struct Stopped(String);

impl Stopped {
    fn new(pid: String) -> Self {
        Self::signal("-STOP", &pid);
        Self(pid)
    }

    fn signal(signal: &str, pid: &str) {
        assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        Self::signal("-CONT", &self.0);
    }
}

/// What clients get while the database is stopped and goes on.
#[derive(Default)]
struct Service {
    is_over: AtomicBool,
    answered: AtomicU64,
    refused: AtomicU64,
    slowest: Mutex<Duration>,
    slowest_live: Mutex<Duration>,
}

impl Service {
    /// One who asks a second after each refusal, and ten times a second otherwise.
    fn ask(&self, address: SocketAddr, token: &str, is_writer: bool) {
        let mut wire = Wire::to(address);
        while !self.is_over.load(Ordering::Relaxed) {
            let reply = if is_writer {
                wire.post("/tweet", token, &json!({"tweet": "hello"})).unwrap()
            } else {
                wire.get("/timeline?limit=20", token).unwrap()
            };
            let mut slowest = self.slowest.lock().unwrap();
            *slowest = reply.took.max(*slowest);
            drop(slowest);
            match reply.status {
                200 => self.answered.fetch_add(1, Ordering::Relaxed),
                503 if reply.retry_after == Some(1) => self.refused.fetch_add(1, Ordering::Relaxed),
                other => panic!("{other} {}", reply.body),
            };
            thread::sleep(Duration::from_millis(if reply.status == 200 { 100 } else { 1_000 }));
        }
    }

    fn ask_whether_it_lives(&self, address: SocketAddr) {
        let mut wire = Wire::to(address);
        while !self.is_over.load(Ordering::Relaxed) {
            let reply = wire.get("/livez", "").unwrap();
            assert_eq!(reply.status, 200);
            let mut slowest = self.slowest_live.lock().unwrap();
            *slowest = reply.took.max(*slowest);
            drop(slowest);
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the database for some seconds. How long the slowest answer took, and the slowest of /livez.
    fn survive_a_stop(&self, server: &Process, database: &str, token: &str) -> (Duration, Duration) {
        let threads_before = status(server, "Threads");
        *self.slowest.lock().unwrap() = Duration::ZERO;
        *self.slowest_live.lock().unwrap() = Duration::ZERO;
        let refused_before = self.refused.load(Ordering::Relaxed);
        let stopped = Stopped::new(database.to_owned());
        let mut wire = Wire::to(server.address);
        let mut threads = 0;
        let begun = Instant::now();
        let mut was_ready = false;
        while begun.elapsed() < Duration::from_secs(8) {
            threads = threads.max(status(server, "Threads"));
            was_ready = wire.get("/readyz", "").unwrap().status == 200;
            thread::sleep(Duration::from_millis(50));
        }
        assert!(!was_ready, "it is not ready while the database hangs");
        assert!(self.refused.load(Ordering::Relaxed) > refused_before + 500);
        let slowest = *self.slowest.lock().unwrap();
        drop(stopped);
        let recovered = wait_until("it answers again", Duration::from_secs(5), || {
            wire.get("/timeline?limit=20", token).unwrap().status == 200
                && wire.post("/tweet", token, &json!({"tweet": "back"})).unwrap().status == 200
                && wire.get("/readyz", "").unwrap().status == 200
        });
        let live = *self.slowest_live.lock().unwrap();
        println!(
            "measured: database stopped under 500 clients: refusals within {slowest:?}, /livez within {live:?}, {threads} \
             threads at most ({threads_before} before), recovered {recovered:?} after it went on"
        );
        // Eight places for the database, two for hashes and one for the health, each up to four times.
        assert!(threads <= threads_before + 44, "{threads}");
        // It lasts: nobody is refused any more.
        let (refused_before, answered_before) =
            (self.refused.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed));
        wait_until("everyone is served", Duration::from_secs(10), || {
            self.answered.load(Ordering::Relaxed) > answered_before + 5_000
        });
        let late = self.refused.load(Ordering::Relaxed) - refused_before;
        assert!(late <= 500, "each client may have been refused once more, and {late} were");
        (slowest, live)
    }
}

#[test]
fn while_the_database_hangs_everyone_is_refused_in_time_and_when_it_goes_on_so_does_everything() {
    let database = TestDatabase::new();
    if database.is_sqlite() {
        println!("not measured: SQLite has no server that could hang");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &database);
    let address = server.address;
    let (_, token) = sign_up(address, "song");
    let pid_file = database.connect().text("SELECT @@pid_file AS value");
    let pid = std::fs::read_to_string(pid_file).unwrap().trim().to_owned();

    let service = Service::default();
    thread::scope(|scope| {
        for client in 0..500 {
            let (service, token) = (&service, &token);
            thread::Builder::new()
                .stack_size(128 << 10)
                .spawn_scoped(scope, move || service.ask(address, token, client % 10 == 0))
                .unwrap();
        }
        scope.spawn(|| service.ask_whether_it_lives(address));
        // Whatever fails, the clients shall end.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_until("the clients are served", Duration::from_secs(20), || {
                service.answered.load(Ordering::Relaxed) > 2_000
            });
            let rounds: Vec<_> = (0..3).map(|_| service.survive_a_stop(&server, &pid, &token)).collect();
            let slowest = median(rounds.iter().map(|(slowest, _)| *slowest));
            let live = median(rounds.iter().map(|(_, live)| *live));
            println!("measured: medians of three stops: refusals within {slowest:?}, /livez within {live:?}");
            assert!(slowest < Duration::from_secs(2) && live < Duration::from_millis(50), "{rounds:?}");
        }));
        service.is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
}

/// How far away the database is, there and back.
const AWAY: Duration = Duration::from_millis(5);

/// An address at which the server at `target` answers as one does on another machine: late, and without taking this one's
/// cores. Serves as long as the process lives.
fn far_away(target: &str) -> SocketAddr {
    fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            thread::sleep(delay);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, target) = (listener.local_addr().unwrap(), target.to_owned());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&target).unwrap();
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || pass(from, to, Duration::ZERO));
            thread::spawn(move || pass(server, client, AWAY));
        }
    });
    address
}

/// What wrk says of a load of reads: answers a second that were no refusals.
fn load(address: SocketAddr, token: &str, connections: u32, seconds: u32) -> f64 {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--timeout", "10s", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--header", &format!("Authorization: {token}")])
        .arg(format!("http://{address}/timeline?limit=50"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let number = |name: &str| -> f64 {
        let found = said.lines().find_map(|line| {
            let (before, after) = line.split_once(name)?;
            let text = if name.ends_with(':') { after } else { before };
            text.split_whitespace().next()?.parse().ok()
        });
        found.unwrap_or(0.0)
    };
    let (requests, refusals) = (number(" requests in "), number("Non-2xx or 3xx responses:"));
    assert!(requests > 0.0, "{said}");
    (requests - refusals) / f64::from(seconds)
}

#[test]
fn three_times_as_many_as_it_can_serve_get_four_fifths_of_what_it_can_and_no_more_memory() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let url = database.url_text();
    let near = url.split(['@', '/']).find(|part| part.contains("127.0.0.1:")).unwrap_or_default();
    // On a server, what limits it is the database and not the clients, with which it shares the cores here. SQLite's pages
    // are in memory.
    let url = if database.is_sqlite() { url.clone() } else { url.replace(near, &far_away(near).to_string()) };
    // So that no connection is refused: each request shall be.
    let more = [("MINITER_DATABASE_URL", url.as_str()), ("MINITER_MAX_CONNECTIONS", "8192")];
    let server = start_with(folder.path(), &database, &more);
    let address = server.address;
    let (_, token) = sign_up(address, "song");
    let mut wire = Wire::to(address);
    for i in 0..50 {
        let tweet = json!({"tweet": format!("{i} {}", "x".repeat(40))});
        assert_eq!(wire.post("/tweet", &token, &tweet).unwrap().status, 200);
    }
    load(address, &token, 64, 2);
    let mut ratios = Vec::new();
    for _ in 0..3 {
        // The peak is at the one number of clients or at the other.
        let peak = load(address, &token, 32, 3).max(load(address, &token, 64, 3));
        // On a server, each of them is served or refused within 0.4 seconds, and asks again at once.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
        let many = if database.is_sqlite() { 3 * 64 } else { (3.0 * peak * 0.4) as u32 };
        load(address, &token, many, 4);
        let before = rss(&server);
        let is_over = AtomicBool::new(false);
        let (goodput, most) = thread::scope(|scope| {
            let most = scope.spawn(|| greatest(&is_over, || rss(&server)));
            let goodput = {
                let _ending = Ending(&is_over);
                load(address, &token, many, 8)
            };
            (goodput, most.join().unwrap())
        });
        println!(
            "measured: {peak:.0} pages/s at the peak, {goodput:.0} with {many} clients at once ({:.0} %); memory {} MiB \
             before, {} at most",
            100.0 * goodput / peak,
            before >> 10,
            most >> 10,
        );
        // What the connections of so many take comes and goes.
        assert!(most < before + before / 4 + (32 << 10), "{before} KiB before, {most} at most");
        ratios.push(goodput / peak);
    }
    println!("measured: median of three rounds: {:.0} %", 100.0 * median(ratios.iter().copied()));
    assert!(median(ratios.iter().copied()) >= 0.8, "{ratios:?}");
}
