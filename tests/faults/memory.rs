//! What memory a server takes when clients ask for much, and take or give nothing: less than the 256 MiB that
//! docs/OPERATIONS.md promises.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use miniter_test_support::app::read_until_closed;
use miniter_test_support::database::TestDatabase;
use miniter_test_support::node::{rss, sign_up, start_with};
use miniter_test_support::process::Process;
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

/// In KiB.
const PROMISED: u64 = 256 << 10;

/// Has the system kill a server that takes more memory than is promised.
struct Confined(Option<PathBuf>);

impl Confined {
    /// By a control group, if this machine lets us make one.
    fn new(server: &Process) -> Self {
        // What it has already stays on another account.
        let left = ((PROMISED - rss(server)) << 10).to_string();
        for (root, limit) in
            [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
        {
            let group = Path::new(root).join(format!("miniter-{}", server.id()));
            let confine = || {
                fs::create_dir(&group)?;
                // Where memory is not controlled, this file is not there, and none can be made.
                fs::OpenOptions::new().write(true).open(group.join(limit))?.write_all(left.as_bytes())?;
                fs::write(group.join("cgroup.procs"), server.id().to_string())
            };
            if confine().is_ok() {
                println!("run in a control group of 256 MiB: {}", group.display());
                return Self(Some(group));
            }
            let _ = fs::remove_dir(&group);
        }
        println!(
            "not run in a control group, which cannot be made here: its resident memory alone is looked at"
        );
        Self(None)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        if let Some(group) = &self.0 {
            // As soon as the process is gone.
            let begun = Instant::now();
            while fs::remove_dir(group).is_err() && begun.elapsed() < Duration::from_secs(5) {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A server that is confined, and what is asked of it.
struct Victim {
    // In the order in which they are dropped.
    server: Process,
    _confined: Confined,
    _folder: tempfile::TempDir,
    database: TestDatabase,
    user: i64,
    token: String,
}

impl Victim {
    /// With the limits that it has unless others are set.
    fn start() -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
        let server = start_with(folder.path(), &database, &[("MINITER_RATE_LIMITS", "on")]);
        let confined = Confined::new(&server);
        let (user, token) = sign_up(server.address, "song");
        let text = "\u{1}".repeat(299);
        let rows: Vec<_> = (1..=1_000).map(|id| format!("({id}, {user}, 'x{text}')")).collect();
        database.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {}", rows.join(", ")));
        Self { server, _confined: confined, _folder: folder, database, user, token }
    }

    /// The largest page that there is: 1.8 MiB.
    fn page(&self) -> String {
        format!("GET /timeline/{} HTTP/1.1\r\nHost: x\r\n\r\n", self.user)
    }

    /// The beginning of a request, of which the rest never comes.
    fn post(&self, header: usize, announced: usize, sent: usize) -> String {
        format!(
            "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nX: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {announced}\r\n\r\n{}",
            self.token,
            "y".repeat(header),
            " ".repeat(sent)
        )
    }
}

/// A connection from one of as many addresses of this machine.
fn connect(to: SocketAddr, number: usize, addresses: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let last = u8::try_from(1 + number % addresses).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 1, last), 0)).into()).unwrap();
    socket.connect_timeout(&to.into(), Duration::from_secs(20)).unwrap();
    socket.into()
}

/// How many files this process may have open.
fn files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX)
}

/// Sends the same on many connections and reads nothing. Meanwhile another client is served.
fn attack(name: &str, victim: &Victim, request: &str, addresses: usize) {
    let many = (files() - 200).min(3_000);
    let before = rss(&victim.server);
    let mut most = before;
    let mut slowest = Duration::ZERO;
    let mut another_client = || {
        let begun = Instant::now();
        let mut stream = connect(victim.server.address, 99, 100);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let answer = read_until_closed(&mut stream);
        slowest = slowest.max(begun.elapsed());
        // Where all are busy, it is told so.
        assert!(
            answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 503"),
            "{name}: {answer:?}"
        );
    };
    let mut streams = Vec::new();
    for number in 0..many {
        let mut stream = connect(victim.server.address, number, addresses);
        stream.set_nonblocking(true).unwrap();
        match stream.write(request.as_bytes()) {
            Ok(_) => {}
            // It may have been closed before.
            Err(error) => assert!(
                [ErrorKind::WouldBlock, ErrorKind::BrokenPipe, ErrorKind::ConnectionReset]
                    .contains(&error.kind()),
                "{error}"
            ),
        }
        streams.push(stream);
        if number % 100 == 0 {
            most = most.max(rss(&victim.server));
            another_client();
        }
    }
    for _ in 0..40 {
        most = most.max(rss(&victim.server));
        thread::sleep(Duration::from_millis(100));
    }
    another_client();
    drop(streams);
    println!(
        "measured: {name} on {many} connections from {addresses} addresses: {} MiB before, {} at most, another client is \
         answered within {slowest:?}",
        before >> 10,
        most >> 10
    );
    assert!(most < PROMISED, "{name}: {most} KiB");
    // What is left of one does not add to the next.
    wait_until("all connections are closed", Duration::from_mins(1), || {
        fs::read_dir(format!("/proc/{}/fd", victim.server.id())).unwrap().count() < 100
    });
}

#[test]
fn clients_that_ask_for_much_and_take_nothing_get_no_more_memory_than_is_promised() {
    for addresses in [1, 40] {
        let victim = Victim::start();
        let pipeline = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4_000);
        let files = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";
        for (name, request) in [
            ("pages that are not read", victim.page().as_str()),
            ("halves of heads", &format!("GET /ping HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(100_000))),
            (
                "smaller halves of heads",
                &format!("GET /ping HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(15_000)),
            ),
            ("bodies without an end", &victim.post(1, 65_536, 65_000)),
            ("smaller bodies without an end", &victim.post(15_000, 8_000, 7_900)),
            ("pipelines", &pipeline),
            ("files that are not read", files),
        ] {
            attack(name, &victim, request, addresses);
        }
        // It is the same process, and in order.
        assert_eq!(Wire::to(victim.server.address).get("/readyz", "").unwrap().status, 200);
        assert_eq!(victim.database.connect().number("SELECT COUNT(*) AS value FROM tweets"), 1_000);
    }
}

/// A value of /metrics.
fn metric(address: SocketAddr, name: &str) -> u64 {
    let there = Wire::to(address).get("/metrics", "").unwrap().body;
    there.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_cut_off_and_a_slow_one_gets_all_of_it() {
    let victim = Victim::start();
    let address = victim.server.address;
    let begun = Instant::now();
    // With the slow one, as many as one address has room for.
    let stuck: Vec<_> = (0..2)
        .map(|number| {
            let mut stream = connect(address, number, 1);
            stream.write_all(victim.page().as_bytes()).unwrap();
            stream
        })
        .collect();
    let mut slow = connect(address, 0, 1);
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    slow.write_all(victim.page().replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut read = 0;
    // Some 36 KiB a second, which takes longer than the patience that there is for no progress at all.
    loop {
        let mut part = vec![0; 9 << 10];
        let length = slow.read(&mut part).unwrap();
        if length == 0 {
            break;
        }
        read += length;
        thread::sleep(Duration::from_millis(250));
    }
    let took = begun.elapsed();
    assert!(read > 1_800_000 && took > Duration::from_secs(40), "{read} bytes in {took:?}");
    wait_until("nothing is under way", Duration::from_mins(1), || {
        metric(address, "miniter_http_bytes ") == 0
    });
    assert_eq!(metric(address, "miniter_http_connections_closed_total{reason=\"stalled\"} "), 2);
    println!(
        "measured: clients that take nothing are cut off within {:?}; 1.8 MiB in {took:?} arrive whole",
        begun.elapsed()
    );
    drop(stuck);
}
