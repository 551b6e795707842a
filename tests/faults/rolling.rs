//! Two nodes behind a balancer are restarted one after the other.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::node::{sign_up, start_at, wait_until};
use crate::support::database::TestDatabase;
use crate::support::process::Process;
use crate::wire::Wire;

/// `HAProxy`, ended when it is dropped.
struct Balancer(Child);

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address of this machine on which nobody listens, below those that outgoing connections take.
fn free_address() -> SocketAddr {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(20_000..32_000)));
        if TcpStream::connect(address).is_err() && std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

#[test]
fn a_rolling_restart_under_posts_on_kept_connections_loses_no_request() {
    let database = TestDatabase::new();
    if database.is_sqlite() {
        println!("not measured: on SQLite there is one node");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (front, nodes) = (free_address(), [free_address(), free_address()]);
    let mut running = nodes.map(|node| Some(start_at(&node.to_string(), folder.path(), &database, &[])));
    let configuration = folder.path().join("haproxy.cfg");
    // Idle connections to the nodes are used by whoever comes next: one that a node closes without having said so before
    // may be just in use. Nothing is sent twice: a POST whose connection was refused goes to the other node, one that was sent does not.
    let text = format!(
        "defaults\n mode http\n option http-keep-alive\n option redispatch 1\n retries 3\n timeout connect 1s\n \
         timeout client 30s\n timeout server 30s\n timeout http-keep-alive 30s\n\
         frontend front\n bind {front}\n default_backend nodes\n\
         backend nodes\n balance roundrobin\n http-reuse always\n option httpchk GET /readyz\n \
         default-server check inter 200ms fall 1 rise 1\n server a {}\n server b {}\n",
        nodes[0], nodes[1]
    );
    fs::write(&configuration, text).unwrap();
    let log = fs::File::create(folder.path().join("haproxy.log")).unwrap();
    let _balancer = Balancer(
        Command::new("/usr/sbin/haproxy")
            .arg("-f")
            .arg(&configuration)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap(),
    );
    wait_until("the balancer serves", Duration::from_secs(10), || {
        Wire::to(front).get("/ping", "").is_ok_and(|reply| reply.status == 200)
    });
    let (_, token) = sign_up(front, "song");

    let is_over = AtomicBool::new(false);
    let outcomes = Mutex::new((0_i64, Vec::new()));
    let mut stops = Vec::new();
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                let mut wire = Wire::to(front);
                while !is_over.load(Ordering::Relaxed) {
                    let outcome = wire.post("/tweet", &token, &json!({"tweet": "hello"}));
                    let mut outcomes = outcomes.lock().unwrap();
                    match outcome {
                        Ok(reply) if reply.status == 200 => outcomes.0 += 1,
                        Ok(reply) => outcomes.1.push(format!("{} {}", reply.status, reply.body)),
                        Err(error) => outcomes.1.push(error.to_string()),
                    }
                    drop(outcomes);
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        let count = || outcomes.lock().unwrap().0;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..2 {
                for (i, node) in nodes.iter().enumerate() {
                    let before = count();
                    wait_until("tweets are written", Duration::from_secs(20), || count() > before + 300);
                    let server = running[i].take().unwrap();
                    server.signal("-TERM");
                    let (code, took) = server.wait();
                    assert_eq!(code, Some(0));
                    stops.push(took);
                    running[i] = Some(start_at(&node.to_string(), folder.path(), &database, &[]));
                    wait_until("the node is ready", Duration::from_secs(10), || {
                        Wire::to(*node).get("/readyz", "").is_ok_and(|reply| reply.status == 200)
                    });
                    // Until the balancer has seen it, too.
                    thread::sleep(Duration::from_millis(500));
                }
            }
        }));
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
    });
    let (acknowledged, lost) = outcomes.into_inner().unwrap();
    let slowest = stops.iter().max().unwrap();
    println!(
        "measured: {} restarts, each stop within {slowest:?}; {acknowledged} posts, {} lost",
        stops.len(),
        lost.len()
    );
    let errors = |node: &Option<Process>| -> Vec<String> {
        let log = node.as_ref().unwrap().log();
        log.lines().filter(|line| line.contains(" ERROR ")).map(str::to_owned).collect()
    };
    assert!(lost.is_empty(), "{lost:?} {:?}", running.each_ref().map(errors));
    let stored = database.connect().number("SELECT COUNT(*) AS value FROM tweets");
    assert_eq!(stored, acknowledged, "each once");
    assert!(*slowest < Duration::from_secs(5), "{slowest:?}");
}
