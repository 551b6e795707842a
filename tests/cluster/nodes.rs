//! What the nodes and the balancer promise, over one database server.

use std::time::Duration;

use serde_json::json;

use crate::cluster::{Cluster, Database};
use crate::load::{self, Diligence, Person};
use miniter_test_support::node::sign_up;
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

/// People who follow each other.
pub fn people(cluster: &Cluster, count: usize) -> Vec<Person> {
    let person = |number: usize| {
        let (id, token) = sign_up(cluster.front, &format!("person{number}"));
        Person { id, token }
    };
    let people: Vec<_> = (0..count).map(person).collect();
    let mut wire = Wire::to(cluster.front);
    for follower in &people {
        for followee in people.iter().filter(|followee| followee.id != follower.id) {
            let reply = wire.post("/follow", &follower.token, &json!({"follow": followee.id})).unwrap();
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }
    people
}

/// Writes through one wire and reads through the other, so many times, and fails unless each tweet is there at once.
pub fn assert_never_stale(person: &Person, write: &mut Wire, read: &mut Wire, times: usize) {
    for number in 0..times {
        let text = format!("{number} {}", fastrand::u64(..));
        let tweet = write.post("/tweet", &person.token, &json!({"tweet": text})).unwrap();
        assert_eq!(tweet.status, 200, "{}", tweet.body);
        let timeline = read.get(&format!("/timeline/{}?limit=1", person.id), "").unwrap();
        assert_eq!(timeline.status, 200, "{}", timeline.body);
        assert_eq!(timeline.json()["timeline"][0]["tweet"], text, "{}", timeline.body);
    }
}

#[test]
fn each_node_gets_half_of_the_requests_and_what_one_writes_the_other_reads() {
    let cluster = Cluster::start(Database::Mariadb);
    let pings = |name| -> u64 {
        let metrics = Wire::to(cluster.metrics(name)).get("/metrics", "").unwrap().body;
        let counts = metrics.lines().filter(|line| {
            line.starts_with("miniter_http_requests_total{") && line.contains("route=\"/ping\"")
        });
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    // Some keep their connections, some do not.
    let mut wires: Vec<_> = (0..10).map(|_| Wire::to(cluster.front)).collect();
    for number in 0..1_000 {
        let reply = match wires.get_mut(number % 20) {
            Some(wire) => wire.get("/ping", ""),
            None => Wire::to(cluster.front).get("/ping", ""),
        };
        assert_eq!(reply.unwrap().status, 200);
    }
    let (a, b) = (pings('a'), pings('b'));
    println!("measured: of 1,000 requests {a} went to one node and {b} to the other");
    assert_eq!(a + b, 1_000);
    assert!(a.abs_diff(b) <= 50, "{a} {b}");

    let person = people(&cluster, 1).remove(0);
    let (mut a, mut b) = (Wire::to(cluster.node('a')), Wire::to(cluster.node('b')));
    assert_never_stale(&person, &mut a, &mut b, 500);
    assert_never_stale(&person, &mut b, &mut a, 500);
    println!("measured: 1,000 tweets written on one node and read on the other, none missing");
    let outside = Wire::to(cluster.front).get("/metrics", "").unwrap().status;
    assert_eq!(outside, 404, "the metrics are for the operator only");
}

#[test]
fn a_node_that_is_killed_costs_no_get_and_no_acknowledged_tweet() {
    let cluster = Cluster::start(Database::Mariadb);
    let people = people(&cluster, 8);
    let outcome = load::run(cluster.front, &people, Diligence::TriesAgain, |await_more| {
        for name in ['a', 'b'] {
            await_more(300);
            let before = cluster.pid(&name.to_string());
            cluster.signal(&name.to_string(), "-KILL");
            await_more(300);
            cluster.await_another(name, before);
            wait_until("the balancer sees it", Duration::from_secs(5), || cluster.is_up(name));
        }
        await_more(100);
    });
    println!(
        "measured: two nodes killed one after the other; {} GETs, {} failed; {} tweets, {} tries were in vain, nothing \
         was acknowledged for at most {:?}",
        outcome.gets,
        outcome.failed_gets.len(),
        outcome.acknowledged.len(),
        outcome.failed_posts.len(),
        outcome.outage()
    );
    assert!(outcome.failed_gets.is_empty(), "{:?}", outcome.failed_gets);
    outcome.assert_kept_on(&cluster, 1, false);
}

#[test]
fn a_post_that_was_delivered_is_not_sent_again_by_the_balancer() {
    let cluster = Cluster::start(Database::Mariadb);
    let people = people(&cluster, 16);
    // Without keys: what is sent twice is there twice.
    let outcome = load::run(cluster.front, &people, Diligence::TriesOnce, |await_more| {
        for name in ['a', 'b', 'a', 'b', 'a', 'b'] {
            await_more(200);
            let before = cluster.pid(&name.to_string());
            cluster.signal(&name.to_string(), "-KILL");
            cluster.await_another(name, before);
            wait_until("the balancer sees it", Duration::from_secs(5), || cluster.is_up(name));
        }
    });
    println!(
        "measured: 6 nodes killed; {} POSTs acknowledged, {} not, none done twice",
        outcome.acknowledged.len(),
        outcome.failed_posts.len()
    );
    assert!(!outcome.failed_posts.is_empty(), "nothing was under way when the nodes were killed");
    outcome.assert_kept_on(&cluster, 1, true);
}

#[test]
fn a_rolling_restart_loses_no_request() {
    let cluster = Cluster::start(Database::Mariadb);
    let people = people(&cluster, 8);
    // Nobody tries again.
    let outcome = load::run(cluster.front, &people, Diligence::TriesOnce, |await_more| {
        for name in ['a', 'b', 'a', 'b'] {
            await_more(300);
            let before = cluster.pid(&name.to_string());
            cluster.signal(&name.to_string(), "-TERM");
            cluster.await_another(name, before);
            wait_until("the balancer sees it", Duration::from_secs(5), || cluster.is_up(name));
        }
    });
    println!(
        "measured: 4 restarts; {} POSTs, {} lost; {} GETs, {} lost",
        outcome.acknowledged.len() + outcome.failed_posts.len(),
        outcome.failed_posts.len(),
        outcome.gets,
        outcome.failed_gets.len()
    );
    assert!(outcome.failed_posts.is_empty(), "{:?}", outcome.failed_posts);
    assert!(outcome.failed_gets.is_empty(), "{:?}", outcome.failed_gets);
    outcome.assert_kept_on(&cluster, 1, false);
}
