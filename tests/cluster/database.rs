//! What a Galera cluster of three promises when it loses a server, or a server loses it.

use std::time::Duration;

use crate::cluster::{Cluster, Database, is_ready};
use crate::load::{self, Diligence};
use crate::nodes::{assert_never_stale, people};
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

#[test]
fn when_the_writer_is_killed_another_takes_over_and_nothing_acknowledged_is_lost() {
    let cluster = Cluster::start(Database::Galera);
    let people = people(&cluster, 12);
    let mut rejoined = Duration::ZERO;
    let outcome = load::run(cluster.front, &people, Diligence::TriesAgain, |await_more| {
        await_more(300);
        cluster.signal("db1", "-KILL");
        await_more(300);
        rejoined = cluster.await_whole_database();
        await_more(300);
    });
    println!(
        "measured: the writer of three killed; nothing was acknowledged for at most {:?}, {} tweets in all, {} tries were \
         in vain, {} of {} GETs failed; the killed server was back {rejoined:?} after writes went on",
        outcome.outage(),
        outcome.acknowledged.len(),
        outcome.failed_posts.len(),
        outcome.failed_gets.len(),
        outcome.gets,
    );
    assert!(outcome.outage() < Duration::from_secs(5), "{:?}", outcome.outage());
    cluster.await_whole_database();
    for server in Database::Galera.servers() {
        outcome.assert_kept_on(&cluster, *server, false);
    }
}

#[test]
fn what_is_written_through_one_server_is_read_through_another_at_once() {
    let cluster = Cluster::start(Database::Galera);
    let person = people(&cluster, 1).remove(0);
    let elsewhere = cluster.node_on(2);
    let (mut here, mut there) = (Wire::to(cluster.node('a')), Wire::to(elsewhere.address));
    assert_never_stale(&person, &mut here, &mut there, 500);
    assert_never_stale(&person, &mut there, &mut here, 500);
    println!("measured: 1,000 tweets written through one server and read through another, none missing");
}

#[test]
fn a_node_whose_server_has_lost_the_quorum_is_not_ready_until_it_is_back() {
    let cluster = Cluster::start(Database::Galera);
    let node = cluster.node_on(3);
    let ready = || is_ready(node.address);
    wait_until("it is ready", Duration::from_secs(5), ready);
    // To the third the other two are gone.
    for server in ["db1", "db2"] {
        cluster.signal(server, "-STOP");
    }
    let noticed = wait_until("it is not ready", Duration::from_secs(20), || !ready());
    // Not even for those who wait for nothing.
    let sql = |statement| cluster.sql(3, &format!("SET wsrep_sync_wait = 0; {statement}"));
    let status = "SELECT variable_value FROM information_schema.global_status \
                  WHERE variable_name = 'wsrep_cluster_status'";
    wait_until("the server knows it", Duration::from_secs(20), || {
        sql(status).is_ok_and(|status| status == "non-Primary")
    });
    assert_eq!(sql("SELECT 1"), Ok("1".to_owned()), "a statement without a table still works");
    let refused = sql("SELECT COUNT(*) FROM users").unwrap_err();
    assert!(refused.contains("1047"), "{refused}");
    assert!(!ready(), "a statement without a table is not enough");
    assert!(!cluster.is_usable(3), "what the balancer asks knows it, too");
    let timeline = Wire::to(node.address).get("/timeline/1", "").unwrap();
    assert_eq!(timeline.status, 503, "{}", timeline.body);
    for server in ["db1", "db2"] {
        cluster.signal(server, "-CONT");
    }
    let recovered = wait_until("it is ready again", Duration::from_mins(1), ready);
    println!(
        "measured: without a quorum /readyz is 503 after {noticed:?}, and 200 {recovered:?} after the others are back"
    );
    cluster.await_whole_database();
    assert!(cluster.is_usable(3));
}
