//! What connections may take: each of them, one address, and all together.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use miniter::settings::Switch;
use miniter_web::TrustedProxies;

use miniter_test_support::app::TestApp;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

const PING: &str = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A connection from another address of this machine.
fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::from(from), 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.into()
}

/// Sends a request and reads the beginning of its answer, if there is one.
fn ask(mut stream: &TcpStream, request: &str) -> Option<String> {
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = [0; 4_096];
    let length = stream.read(&mut answer).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}

/// One on which a body is waited for: it is busy for ten seconds.
fn busy(mut stream: TcpStream) -> TcpStream {
    let head = "POST /sign-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = [0; 25];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(line, *b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

fn metric(app: &TestApp, name: &str) -> i64 {
    let there = app.get("/metrics").send().body;
    there.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Which one it is, by the moments since which they are idle, a test beside the code says: here two workers tell the time.
#[test]
fn beyond_the_most_connections_idle_ones_give_way() {
    let app = TestApp::start_with(|settings| settings.max_connections = 3);
    let idle: Vec<_> = (0..3).map(|_| connect(app.address)).collect();
    for stream in &idle {
        assert!(ask(stream, PING).unwrap().starts_with("HTTP/1.1 200"));
    }
    // Half a head is no request: its connection gives way, too.
    (&idle[2]).write_all(b"GET /ping HTTP/1.1\r\n").unwrap();
    let new: Vec<_> = (0..2).map(|_| connect(app.address)).collect();
    for stream in &new {
        assert!(ask(stream, PING).unwrap().starts_with("HTTP/1.1 200"));
    }
    assert_eq!(idle.iter().filter(|stream| ask(stream, PING).is_none()).count(), 2);
    for kept in &new {
        assert!(ask(kept, PING).unwrap().starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn where_all_are_busy_a_new_connection_is_refused_at_once_and_later_served() {
    let app = TestApp::start_with(|settings| settings.max_connections = 3);
    let mut working: Vec<_> = (0..3).map(|_| busy(connect(app.address))).collect();
    for _ in 0..3 {
        let mut refused = connect(app.address);
        let mut answer = String::new();
        refused.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    }
    let answer = ask(&working[0], "not JSON.").unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    // Now that one is idle.
    assert!(ask(&connect(app.address), PING).unwrap().starts_with("HTTP/1.1 200"));
    working.clear();
    wait_until("those that have left are counted", || metric(&app, "miniter_http_connections ") == 1);
    assert_eq!(metric(&app, "miniter_http_connections_refused_total "), 3);
}

#[test]
fn one_address_gets_an_eighth_and_keeps_no_other_out() {
    let app = TestApp::start_with(|settings| {
        settings.max_connections = 32;
        settings.rate_limits = Switch::On;
        settings.trusted_proxies = TrustedProxies(vec!["127.0.0.9/32".parse().unwrap()]);
    });
    let greedy: Vec<_> = (0..4).map(|_| busy(connect_from([127, 0, 0, 2], app.address))).collect();
    let answer = ask(&connect_from([127, 0, 0, 2], app.address), PING).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(ask(&connect_from([127, 0, 0, 3], app.address), PING).unwrap().starts_with("HTTP/1.1 200"));
    // Behind a proxy are many.
    let proxy: Vec<_> = (0..12).map(|_| busy(connect_from([127, 0, 0, 9], app.address))).collect();
    drop(greedy);
    wait_until("what is given back can be had", || {
        ask(&connect_from([127, 0, 0, 2], app.address), PING).is_some_and(|answer| answer.contains(" 200 "))
    });
    drop(proxy);
}

/// Fills the timeline of a user with the longest page that there is: 1.8 MiB.
fn fill(app: &TestApp, user: i64) {
    let text = "\u{1}".repeat(299);
    let rows: Vec<_> = (1..=1_000).map(|id| format!("({id}, {user}, 'x{text}')")).collect();
    app.execute(&format!("INSERT INTO tweets (id, user_id, tweet) VALUES {}", rows.join(", ")));
}

#[test]
fn answers_that_are_not_read_have_a_budget_and_beyond_it_only_small_ones_are_given() {
    let app = TestApp::start();
    let song = app.user("song");
    fill(&app, song.id);
    let path = format!("/timeline/{}", song.id);
    let page = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut unread = Vec::new();
    let refusal = loop {
        assert!(unread.len() < 40, "40 pages of 1.8 MiB are under way");
        let stream = connect(app.address);
        let answer = ask(&stream, &page).unwrap();
        if !answer.starts_with("HTTP/1.1 200") {
            break answer;
        }
        unread.push(stream);
    };
    assert!(unread.len() >= 12, "{} are under way", unread.len());
    assert!(refusal.starts_with("HTTP/1.1 503 ") && refusal.contains("\r\nretry-after: 1\r\n"), "{refusal}");
    assert!(refusal.contains(r#""code":"unavailable""#), "{refusal}");
    app.get(&path).send().problem(503, "unavailable");
    assert_eq!(app.get(format!("{path}?limit=5")).send().tweets().len(), 5);
    app.tweet(&song, "hello");
    assert!(metric(&app, "miniter_http_bytes ") > 20 << 20);
    // One that is read after all is whole, and makes room.
    let mut rest = Vec::new();
    let mut stream = unread.pop().unwrap();
    stream.write_all(b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > 1_700_000 && String::from_utf8(rest).unwrap().contains("HTTP/1.1 404 "));
    assert_eq!(app.get(&path).send().tweets().len(), 1_000);
    unread.clear();
    wait_until("all is given back", || metric(&app, "miniter_http_bytes ") == 0);
}

#[test]
fn bodies_that_do_not_end_share_that_budget_and_small_ones_get_through() {
    let app = TestApp::start();
    let song = app.user("song");
    let head = format!(
        "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 65536\r\n\r\n{}",
        song.token,
        " ".repeat(65_000)
    );
    let mut refused = 0;
    let streams: Vec<_> = (0..520)
        .map(|_| {
            let mut stream = connect(app.address);
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    app.tweet(&song, "hello");
    // Those that have a place wait for the rest of their body: 192 are all that there are.
    for mut stream in streams {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        refused += usize::from(answer == *b"HTTP/1.1 503");
        assert!([b"HTTP/1.1 503", b"HTTP/1.1 408"].contains(&&answer), "{answer:?}");
    }
    assert!(refused >= 328, "{refused}");
}

/// The statuses of what comes back until the server closes.
fn statuses(app: &TestApp, requests: &str) -> Vec<u16> {
    let answer = app.raw(requests.as_bytes());
    answer.split("HTTP/1.1 ").skip(1).map(|part| part[..3].parse().unwrap()).collect()
}

#[test]
fn a_head_has_at_most_16_kib_also_behind_other_requests() {
    let app = TestApp::start();
    let head =
        |length: usize| format!("GET /ping HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "y".repeat(length));
    assert_eq!(statuses(&app, &head(15_000)), [200]);
    assert_eq!(statuses(&app, &head(17_000)), [431]);
    let post = format!(
        "POST /sign-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000\r\n\r\n{}",
        "x".repeat(20_000)
    );
    assert_eq!(
        statuses(&app, &(post + PING + &head(15_000) + PING + &head(17_000) + PING)),
        [400, 200, 200, 200, 431]
    );
}

#[test]
fn requests_that_come_in_pieces_and_many_at_once_are_answered_in_their_order() {
    let app = TestApp::start();
    let song = app.user("song");
    let mut requests = String::new();
    for i in 0..30 {
        let body = format!(r#"{{"tweet": "{i}"}}"#);
        let head = format!(
            "POST /tweet HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: application/json\r\n",
            song.token
        );
        requests += &head;
        if i % 2 == 0 {
            write!(requests, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        } else {
            let (one, two) = body.split_at(3);
            let (first, length) = ("Transfer-Encoding: chunked\r\n\r\n3\r\n", two.len());
            write!(requests, "{first}{one}\r\n{length:x};x\r\n{two}\r\n0\r\n\r\n").unwrap();
        }
        requests += "GET /nope HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    for piece in [1, 7, 1_000, requests.len()] {
        let mut stream = connect(app.address);
        stream.set_nodelay(true).unwrap();
        for piece in requests.as_bytes().chunks(piece) {
            stream.write_all(piece).unwrap();
        }
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        let answered: Vec<u16> =
            answers.split("HTTP/1.1 ").skip(1).map(|part| part[..3].parse().unwrap()).collect();
        assert_eq!(answered, [200, 404].repeat(30), "in pieces of {piece}");
    }
    let expected: Vec<String> = (0..120).map(|i| (i % 30).to_string()).collect();
    assert_eq!(app.timeline(&song), expected);
}
