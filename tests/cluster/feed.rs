//! The change feed under two nodes: nobody who polls misses anything, and a node that is stopped holds up the other for moments.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cluster::{Cluster, Database};
use crate::load::{self, Diligence};
use crate::nodes::people;
use miniter_test_support::wire::Wire;

/// How many tweets are written while clients poll.
const TWEETS: usize = 5_000;

/// How often a client polls.
const PERIOD: Duration = Duration::from_millis(20);

#[test]
fn a_client_that_polls_either_node_misses_no_tweet_of_either() {
    let cluster = Cluster::start(Database::Mariadb);
    let people = people(&cluster, 9);
    let (poller, authors) = people.split_last().unwrap();
    // One of the authors is a star.
    let star = authors[0].id;
    cluster
        .sql(
            1,
            &format!(
                "INSERT INTO users (id, name, email, profile, hashed_password) \
                 SELECT 1000 + seq, '', CONCAT(seq, '@fans'), '', '' FROM seq_1_to_10000; \
                 INSERT INTO users_follow_list (user_id, follow_user_id) SELECT 1000 + seq, {star} FROM seq_1_to_10000"
            ),
        )
        .unwrap();
    let (written, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let acknowledged = Mutex::new(BTreeSet::new());
    let polled = thread::scope(|scope| {
        let pollers: Vec<_> = ['a', 'b']
            .map(|name| {
                let (address, is_over) = (cluster.node(name), &is_over);
                scope.spawn(move || poll(Wire::to(address), poller.id, is_over))
            })
            .into();
        let writers: Vec<_> = authors
            .iter()
            .enumerate()
            .map(|(number, author)| {
                let mut wire = Wire::to(cluster.node(if number % 2 == 0 { 'a' } else { 'b' }));
                let (written, acknowledged) = (&written, &acknowledged);
                scope.spawn(move || {
                    loop {
                        let one = written.fetch_add(1, Ordering::SeqCst);
                        if one >= TWEETS {
                            return;
                        }
                        let text = format!("tweet {one}");
                        let reply = wire.post("/tweet", &author.token, &json!({"tweet": text})).unwrap();
                        assert_eq!(reply.status, 200, "{}", reply.body);
                        acknowledged.lock().unwrap().insert(text);
                    }
                })
            })
            .collect();
        let outcomes: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::SeqCst);
        for outcome in outcomes {
            outcome.unwrap();
        }
        pollers.into_iter().map(|poller| poller.join().unwrap()).collect::<Vec<_>>()
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    assert_eq!(acknowledged.len(), TWEETS);
    for (name, (seen, polls)) in ['a', 'b'].into_iter().zip(polled) {
        let missed: Vec<_> = acknowledged.difference(&seen).collect();
        println!(
            "measured: of {TWEETS} tweets a client that polled node {name} {polls} times missed {}",
            missed.len()
        );
        assert!(missed.is_empty(), "{missed:?}");
    }
}

/// Asks for what is newer than the newest entry, again and again, and once more when all is over.
fn poll(mut wire: Wire, reader: i64, is_over: &AtomicBool) -> (BTreeSet<String>, usize) {
    let (mut seen, mut polls) = (BTreeSet::new(), 0);
    let mut path = format!("/timeline/{reader}?limit=1000&min_id=0");
    let deadline = Instant::now() + Duration::from_mins(5);
    loop {
        assert!(Instant::now() < deadline, "the tweets have no end");
        let is_last = is_over.load(Ordering::SeqCst);
        let reply = wire.get(&path, "").unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        polls += 1;
        let page = reply.json();
        let entries = page["timeline"].as_array().unwrap();
        seen.extend(entries.iter().map(|entry| entry["tweet"].as_str().unwrap().to_owned()));
        if let Some(prev) = reply.prev {
            path = prev;
        }
        if is_last && entries.is_empty() {
            return (seen, polls);
        }
        thread::sleep(PERIOD);
    }
}

#[test]
fn a_node_that_is_stopped_while_it_writes_holds_up_the_other_for_three_seconds_at_most() {
    let cluster = Cluster::start(Database::Mariadb);
    let people = people(&cluster, 16);
    let (of_a, of_b) = people.split_at(8);
    let (stop, stopped) = std::sync::mpsc::channel();
    let (b, a) = thread::scope(|scope| {
        let cluster = &cluster;
        let there = scope.spawn(move || {
            load::run(cluster.node('a'), of_a, Diligence::TriesAgain, |_| {
                stopped.recv_timeout(Duration::from_mins(2)).unwrap();
            })
        });
        let here = load::run(cluster.node('b'), of_b, Diligence::TriesAgain, |await_more| {
            for _ in 0..3 {
                await_more(200);
                cluster.signal("a", "-STOP");
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_secs(10) {
                    await_more(1);
                }
                cluster.signal("a", "-CONT");
                await_more(200);
            }
        });
        stop.send(()).unwrap();
        (here, there.join().unwrap())
    });
    println!(
        "measured: a node stopped three times for 10 s while it wrote: on the other {} tweets were acknowledged, none for at most \
         {:?}; {} of {} GETs failed there; on the node itself {} tweets",
        b.acknowledged.len(),
        b.outage(),
        b.failed_gets.len(),
        b.gets,
        a.acknowledged.len(),
    );
    assert!(b.outage() < Duration::from_secs(4), "{:?}", b.outage());
    a.assert_kept_on(&cluster, 1, true);
    b.assert_kept_on(&cluster, 1, true);
}
