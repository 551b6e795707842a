//! Requests that ask for another protocol: none is granted, so each is served as if it had not asked (RFC 9110, 7.8).

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use miniter_test_support::app::{TestApp, User, read_until_closed};

/// The ways to ask.
const ASKS: [&str; 8] = [
    "Connection: upgrade\r\n",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n",
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n",
    "Connection: keep-alive\r\nConnection: UPGRADE\r\nUpgrade: foo/2, bar\r\n",
    "Upgrade: websocket\r\n",
    "Upgrade: websocket\r\nConnection: upgrade\r\nExpect: 100-continue\r\n",
    "Connection: upgrade\r\nExpect: something-else\r\n",
    "connection:upgrade\r\nupgrade:TLS/1.0\r\n",
];

fn tweet(song: &User, ask: &str, text: &str, is_chunked: bool) -> String {
    let body = format!(r#"{{"tweet": "{text}"}}"#);
    let length = body.len();
    let (framing, body) = if is_chunked {
        ("Transfer-Encoding: chunked".to_owned(), format!("{length:x}\r\n{body}\r\n0\r\n\r\n"))
    } else {
        (format!("Content-Length: {length}"), body)
    };
    format!(
        "POST /tweet HTTP/1.1\r\nHost: x\r\n{ask}Authorization: {}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n{body}",
        song.token
    )
}

/// What comes back for bytes that are sent in pieces, until the server closes.
fn answers(app: &TestApp, requests: &str, piece: usize) -> String {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for piece in requests.as_bytes().chunks(piece) {
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    // The server may have closed before it had all of it.
    drop(stream.shutdown(Shutdown::Write));
    read_until_closed(&mut stream).replace("HTTP/1.1 100 Continue\r\n\r\n", "")
}

fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.").skip(1).map(|part| part[2..5].parse().unwrap()).collect()
}

#[test]
fn an_upgrade_that_is_not_granted_changes_neither_the_framing_of_a_body_nor_the_connection() {
    let app = TestApp::start();
    let song = app.user("song");
    for ask in ASKS {
        let get = |method: &str| format!("{method} /ping HTTP/1.1\r\nHost: x\r\n{ask}\r\n");
        let (one, two) = (tweet(&song, ask, "one", false), tweet(&song, ask, "two", true));
        // A head of HEAD has no body: the next answer would be read as one.
        let requests = get("GET") + &one + &get("GET") + &two + &one + &get("DELETE") + &two + &get("HEAD");
        for piece in [requests.len(), 100, 3] {
            let answers = answers(&app, &requests, piece);
            assert_eq!(
                statuses(&answers),
                [200, 200, 200, 200, 200, 405, 200, 200],
                "{ask} {piece}: {answers}"
            );
            let lower = answers.to_lowercase();
            assert!(!lower.contains("upgrade") && !lower.contains("connection:"), "{ask}: {answers}");
        }
    }
    assert_eq!(app.timeline(&song), ["one", "two"].repeat(48));
}

#[test]
fn a_connection_on_which_an_upgrade_was_not_granted_is_kept() {
    let app = TestApp::start();
    for ask in ASKS {
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        for _ in 0..3 {
            stream.write_all(format!("GET /ping HTTP/1.1\r\nHost: x\r\n{ask}\r\n").as_bytes()).unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\npong") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                answer.push(byte[0]);
            }
        }
    }
}

#[test]
fn what_else_a_client_says_of_the_connection_holds_beside_an_upgrade() {
    let app = TestApp::start();
    for (version, connection, answered) in [
        ("1.1", "close, upgrade", 1),
        ("1.1", "upgrade, close", 1),
        ("1.0", "upgrade", 1),
        ("1.0", "keep-alive, upgrade", 2),
        ("1.1", "keep-alive, upgrade", 2),
    ] {
        let request =
            format!("GET /ping HTTP/{version}\r\nHost: x\r\nConnection: {connection}\r\nUpgrade: x\r\n\r\n");
        let answers = answers(&app, &request.repeat(2), 1_000);
        assert_eq!(statuses(&answers), [200].repeat(answered), "{version} {connection}: {answers}");
    }
}

#[test]
fn a_tunnel_and_http_2_are_refused_and_end_the_connection() {
    let app = TestApp::start();
    let connect = answers(
        &app,
        "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\nGET /ping HTTP/1.1\r\nHost: x\r\n\r\n",
        1_000,
    );
    assert!(matches!(statuses(&connect)[..], [400..=499]), "{connect}");
    let preface = answers(&app, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0", 1_000);
    assert!(matches!(statuses(&preface)[..], [400..=499]), "{preface}");
}

/// Java's own client asks for HTTP/2 with each request on a new connection, and sends the next on the same one.
const CLIENT: &str = r#"
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

public class Client {
    public static void main(String[] args) throws Exception {
        var client = HttpClient.newHttpClient();
        AtomicInteger answered = new AtomicInteger(), lost = new AtomicInteger();
        var threads = Executors.newFixedThreadPool(8);
        for (int thread = 0; thread < 8; thread++) {
            threads.submit(() -> {
                for (int i = 0; i < 50; i++) {
                    var body = HttpRequest.BodyPublishers.ofString("{\"tweet\": \"from Java\"}");
                    if (i % 2 == 1) {
                        var bytes = "{\"tweet\": \"from Java, in chunks\"}".getBytes();
                        body = HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes));
                    }
                    var request = HttpRequest.newBuilder(URI.create(args[0] + "/tweet"))
                        .header("Authorization", args[1]).header("Content-Type", "application/json").POST(body).build();
                    try {
                        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
                        if (response.statusCode() == 200) answered.incrementAndGet();
                        else System.out.println(response.statusCode() + " " + response.body());
                    } catch (Exception e) {
                        lost.incrementAndGet();
                    }
                }
            });
        }
        threads.shutdown();
        threads.awaitTermination(2, java.util.concurrent.TimeUnit.MINUTES);
        System.out.println(answered + " answered, " + lost + " lost");
    }
}
"#;

#[test]
fn the_client_of_java_loses_nothing() {
    if Command::new("java").arg("--version").output().is_err() {
        println!("not run with Java, which is not here: only the bytes that it sends, in the test above");
        return;
    }
    println!("run with Java's client");
    let app = TestApp::start();
    let song = app.user("song");
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Client.java");
    fs::write(&source, CLIENT).unwrap();
    let output = Command::new("/usr/bin/timeout")
        .args(["--kill-after=5", "180", "java", "-XX:TieredStopAtLevel=1"])
        .arg(&source)
        .args([&format!("http://{}", app.address), &song.token])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "400 answered, 0 lost", "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(app.timeline(&song).len(), 400);
}
