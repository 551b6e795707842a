//! A crowd that writes at one place: what others read meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use miniter_test_support::database::TestDatabase;
use miniter_test_support::figures::p99;
use miniter_test_support::node::{sign_up, start};
use miniter_test_support::wait::wait_until;
use miniter_test_support::wire::Wire;

/// How many clients write.
const CROWD: usize = 500;

/// How many accounts follow and unfollow.
const FOLLOWERS: usize = 20;

/// How many clients read.
const READERS: usize = 8;

/// How many reads each of them makes for a figure.
const READS: usize = 400;

/// The star has so many followers, the prolific author so many tweets.
const FANS: i64 = 10_000;
const TWEETS: i64 = 200_000;

/// Above all ids that are given to people here.
const FIRST_FAN: i64 = 1_000;

/// Inserts a row for each number.
fn insert(database: &TestDatabase, into: &str, numbers: std::ops::Range<i64>, row: impl Fn(i64) -> String) {
    let mut connection = database.connect();
    connection.execute("BEGIN");
    let numbers: Vec<i64> = numbers.collect();
    for some in numbers.chunks(1_000) {
        let rows: Vec<String> = some.iter().map(|number| row(*number)).collect();
        connection.execute(&format!("INSERT INTO {into} VALUES {}", rows.join(", ")));
    }
    connection.execute("COMMIT");
}

/// Has each reader read so often, one page after the other: how long 99 of 100 took at most. None may be refused.
fn read(address: SocketAddr, readers: &[String]) -> Duration {
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let clients: Vec<_> = readers
            .iter()
            .map(|token| {
                scope.spawn(move || {
                    let mut wire = Wire::to(address);
                    let one = || {
                        let reply = wire.get("/timeline?limit=20", token).unwrap();
                        assert_eq!(reply.status, 200, "{}", reply.body);
                        // As many a second whatever the pace of the machine, and never all at once.
                        thread::sleep(Duration::from_millis(5));
                        reply.took
                    };
                    std::iter::repeat_with(one).take(READS).collect::<Vec<_>>()
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    p99(&mut times)
}

/// Has a crowd do something again and again while others read: how long 99 of 100 reads took at most.
fn read_beside(
    address: SocketAddr,
    readers: &[String],
    write: impl Fn(&mut Wire, usize) -> u16 + Sync,
) -> (Duration, usize, usize) {
    let (is_over, done, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let slowest = thread::scope(|scope| {
        for client in 0..CROWD {
            let (is_over, done, refused, write) = (&is_over, &done, &refused, &write);
            let run = move || {
                let mut wire = Wire::to(address);
                while !is_over.load(Ordering::Relaxed) {
                    match write(&mut wire, client) {
                        200 => done.fetch_add(1, Ordering::Relaxed),
                        503 => refused.fetch_add(1, Ordering::Relaxed),
                        other => panic!("{other}"),
                    };
                }
            };
            thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, run).unwrap();
        }
        let outcome = std::panic::catch_unwind(|| {
            wait_until("the crowd writes", Duration::from_secs(20), || done.load(Ordering::Relaxed) > CROWD);
            read(address, readers)
        });
        // Whatever fails, the crowd shall end.
        is_over.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    (slowest, done.into_inner(), refused.into_inner())
}

#[test]
fn a_crowd_that_writes_as_one_author_or_follows_one_has_no_read_of_others_refused() {
    let database = TestDatabase::new();
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &database);
    let address = server.address;
    let (star, star_token) = sign_up(address, "star");
    let (prolific, _) = sign_up(address, "prolific");
    let followers: Vec<String> =
        (0..FOLLOWERS).map(|i| sign_up(address, &format!("follower{i}")).1).collect();
    let readers: Vec<String> = (0..READERS).map(|i| sign_up(address, &format!("reader{i}")).1).collect();
    let fans = FIRST_FAN..FIRST_FAN + FANS;
    insert(&database, "users (id, name, email, profile, hashed_password)", fans.clone(), |id| {
        format!("({id}, '', '{id}@fans', '', '')")
    });
    insert(&database, "users_follow_list (user_id, follow_user_id)", fans, |id| format!("({id}, {star})"));
    insert(&database, "tweets (id, user_id, tweet)", 1..TWEETS, |id| {
        format!("({id}, {prolific}, 'one of many')")
    });
    for reader in &readers {
        let mut wire = Wire::to(address);
        assert_eq!(wire.post("/follow", reader, &json!({"follow": star})).unwrap().status, 200);
    }
    read(address, &readers);
    let alone = read(address, &readers);
    let report = |what: &str, (beside, done, refused): (Duration, usize, usize)| {
        println!(
            "measured: {CROWD} clients {what}: others' reads at the 99th percentile {beside:?} ({alone:?} alone), none refused; \
             of theirs {done} were done and {refused} refused"
        );
    };
    report(
        "that post as one author with 10,000 followers",
        read_beside(address, &readers, |wire, _| {
            wire.post("/tweet", &star_token, &json!({"tweet": "hello"})).unwrap().status
        }),
    );
    report(
        "that follow and unfollow an author with 200,000 tweets",
        read_beside(address, &readers, |wire, client| {
            let token = &followers[client % FOLLOWERS];
            let followed = wire.post("/follow", token, &json!({"follow": prolific})).unwrap().status;
            if followed != 200 {
                return followed;
            }
            wire.post("/unfollow", token, &json!({"unfollow": prolific})).unwrap().status
        }),
    );
}
