//! People who write and read through the balancer while something happens to what is behind it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cluster::Cluster;
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

/// What a client does whose POST was not answered, or with 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diligence {
    /// Sends it again under its Idempotency-Key, until it is answered.
    TriesAgain,
    /// Lets it be, and has no key.
    TriesOnce,
}

/// How long one who was refused waits. `Retry-After` says a second; a part of it shows better when service is back.
const PAUSE: Duration = Duration::from_millis(100);

/// What somebody does between two requests: so long that a machine that has clients, nodes and databases on it is busy, but
/// not so busy that an answer comes too late.
const BETWEEN: Duration = Duration::from_millis(5);

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// The tweets that were acknowledged, by their texts.
    pub acknowledged: BTreeMap<String, String>,
    /// What else POSTs were answered with.
    pub failed_posts: Vec<String>,
    /// What else than 200 GETs were answered with.
    pub failed_gets: Vec<String>,
    pub gets: usize,
    /// When each POST was acknowledged.
    moments: Vec<Instant>,
}

impl Outcome {
    /// The longest time in which nothing was acknowledged.
    pub fn outage(&self) -> Duration {
        let mut moments = self.moments.clone();
        moments.sort();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
    }

    /// Fails unless each tweet that was acknowledged is on the database server under its id, once, and nothing twice.
    pub fn assert_kept_on(&self, cluster: &Cluster, server: u16, expects_others: bool) {
        let rows = cluster.sql(server, "SELECT tweet, GROUP_CONCAT(id) FROM tweets GROUP BY tweet").unwrap();
        let stored: BTreeMap<&str, &str> = rows.lines().filter_map(|row| row.split_once('\t')).collect();
        for (text, id) in &self.acknowledged {
            assert_eq!(stored.get(text.as_str()), Some(&id.as_str()), "db{server}: {text}");
        }
        for (text, ids) in &stored {
            assert!(!ids.contains(','), "db{server}: {text} is there as {ids}");
        }
        if !expects_others {
            assert_eq!(stored.len(), self.acknowledged.len(), "db{server}");
        }
    }
}

/// Somebody who writes and reads.
pub struct Person {
    pub id: i64,
    pub token: String,
}

/// Has `writers` people write and as many read through `address` while `happening` happens. It is given a way to wait until
/// so many more tweets are acknowledged.
pub fn run(
    address: SocketAddr,
    people: &[Person],
    diligence: Diligence,
    happening: impl FnOnce(&dyn Fn(usize)),
) -> Outcome {
    let is_over = AtomicBool::new(false);
    let outcome = Mutex::new(Outcome::default());
    thread::scope(|scope| {
        for person in people {
            scope.spawn(|| read(address, person, &is_over, &outcome));
            let (is_over, outcome) = (&is_over, &outcome);
            scope.spawn(move || write(address, person, diligence, is_over, outcome));
        }
        let count = || outcome.lock().unwrap().acknowledged.len();
        let await_more = |more: usize| {
            let before = count();
            wait_until("tweets are written", Duration::from_secs(40), || count() >= before + more);
        };
        let happened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| happening(&await_more)));
        is_over.store(true, Ordering::Relaxed);
        if let Err(panic) = happened {
            std::panic::resume_unwind(panic);
        }
    });
    outcome.into_inner().unwrap()
}

fn write(
    address: SocketAddr,
    person: &Person,
    diligence: Diligence,
    is_over: &AtomicBool,
    outcome: &Mutex<Outcome>,
) {
    let mut wire = Wire::to(address);
    for number in 0.. {
        let text = format!("tweet {number} of {}", person.id);
        let key = match diligence {
            Diligence::TriesAgain => format!("Idempotency-Key: {text}\r\n"),
            Diligence::TriesOnce => String::new(),
        };
        let begun = Instant::now();
        loop {
            let reply = wire.post_with("/tweet", &person.token, &key, &json!({"tweet": text}));
            let mut outcome = outcome.lock().unwrap();
            match reply {
                Ok(reply) if reply.status == 200 => {
                    let id = reply.json()["id"].as_str().unwrap().to_owned();
                    outcome.acknowledged.insert(text, id);
                    outcome.moments.push(Instant::now());
                    break;
                }
                Ok(reply) => outcome.failed_posts.push(format!("{} {}", reply.status, reply.body)),
                Err(error) => outcome.failed_posts.push(error.to_string()),
            }
            drop(outcome);
            // Whoever has waited so long for one answer need not wait for ever.
            if diligence == Diligence::TriesOnce || begun.elapsed() > Duration::from_secs(40) {
                break;
            }
            thread::sleep(PAUSE);
        }
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep(BETWEEN);
    }
}

fn read(address: SocketAddr, person: &Person, is_over: &AtomicBool, outcome: &Mutex<Outcome>) {
    let mut wire = Wire::to(address);
    while !is_over.load(Ordering::Relaxed) {
        let reply = wire.get(&format!("/timeline/{}?limit=20", person.id), "");
        let mut outcome = outcome.lock().unwrap();
        outcome.gets += 1;
        let pause = match reply {
            Ok(reply) if reply.status == 200 => BETWEEN,
            Ok(reply) => {
                outcome.failed_gets.push(format!("{} {}", reply.status, reply.body));
                PAUSE
            }
            Err(error) => {
                outcome.failed_gets.push(error.to_string());
                PAUSE
            }
        };
        drop(outcome);
        thread::sleep(pause);
    }
}
