//! The process is killed while many write.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::node::{sign_up, start, wait_until};
use crate::support::app::PASSWORD;
use crate::support::database::TestDatabase;
use crate::wire::Wire;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// By id: author and text.
    tweets: BTreeMap<i64, (i64, String)>,
    /// Follower, followee, and whether the one follows the other.
    follows: BTreeMap<(i64, i64), bool>,
    accounts: Vec<(i64, String)>,
}

#[test]
fn whatever_was_acknowledged_is_there_after_any_number_of_kills() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let kills = if database.is_sqlite() { 20 } else { 5 };
    let acknowledged = Mutex::new(Acknowledged::default());
    let mut server = start(folder.path(), &database);
    let people: Vec<_> = (0..6).map(|i| sign_up(server.address, &format!("user{i}"))).collect();
    for round in 0..kills {
        let address = server.address;
        let is_over = AtomicBool::new(false);
        let count = || {
            let acknowledged = acknowledged.lock().unwrap();
            acknowledged.tweets.len() + acknowledged.accounts.len()
        };
        let before = count();
        thread::scope(|scope| {
            for (i, (id, token)) in people.iter().enumerate() {
                let (people, acknowledged, is_over) = (&people, &acknowledged, &is_over);
                scope.spawn(move || {
                    let mut wire = Wire::to(address);
                    for n in 0.. {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        let text = format!("tweet {n} of round {round}");
                        let Ok(reply) = wire.post("/tweet", token, &json!({"tweet": text})) else { break };
                        if reply.status == 200 {
                            let tweet = reply.json()["id"].as_str().unwrap().parse().unwrap();
                            acknowledged.lock().unwrap().tweets.insert(tweet, (*id, text));
                        }
                        let followee = people[(i + 1 + n % 5) % people.len()].0;
                        let follows = n % 3 != 2;
                        let body =
                            if follows { json!({"follow": followee}) } else { json!({"unfollow": followee}) };
                        // While it is under way it is in doubt.
                        acknowledged.lock().unwrap().follows.remove(&(*id, followee));
                        let path = if follows { "/follow" } else { "/unfollow" };
                        let Ok(reply) = wire.post(path, token, &body) else { break };
                        if reply.status == 200 {
                            acknowledged.lock().unwrap().follows.insert((*id, followee), follows);
                        }
                    }
                });
            }
            scope.spawn(|| {
                let mut wire = Wire::to(address);
                for n in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let email = format!("account{n}@round{round}.example");
                    let account = json!({"name": "a", "email": email, "password": PASSWORD});
                    let Ok(reply) = wire.post("/sign-up", "", &account) else { break };
                    if reply.status == 200 {
                        let id = reply.json()["id"].as_i64().unwrap();
                        acknowledged.lock().unwrap().accounts.push((id, email));
                    }
                }
            });
            wait_until("something is written", Duration::from_secs(20), || count() > before + 40 + round * 7);
            server.signal("-KILL");
            is_over.store(true, Ordering::Relaxed);
        });
        assert_eq!(server.wait().0, None);
        server = start(folder.path(), &database);
    }

    let acknowledged = acknowledged.into_inner().unwrap();
    let mut connection = database.connect();
    let rows = |connection: &mut crate::support::database::OtherConnection, query: &str| -> Vec<String> {
        connection.texts(query).into_iter().flatten().collect()
    };
    let tweets: BTreeMap<i64, (i64, String)> =
        rows(&mut connection, "SELECT CONCAT_WS('|', id, user_id, tweet) AS value FROM tweets")
            .iter()
            .map(|row| {
                let mut parts = row.splitn(3, '|');
                let mut next = || parts.next().unwrap();
                (next().parse().unwrap(), (next().parse().unwrap(), next().to_owned()))
            })
            .collect();
    for (id, tweet) in &acknowledged.tweets {
        assert_eq!(tweets.get(id), Some(tweet), "tweet {id}");
    }
    let follows = rows(
        &mut connection,
        "SELECT CONCAT_WS('|', user_id, follow_user_id) AS value FROM users_follow_list",
    );
    for ((follower, followee), is_followed) in &acknowledged.follows {
        let row = format!("{follower}|{followee}");
        assert_eq!(follows.contains(&row), *is_followed, "{row}");
    }
    let accounts = rows(&mut connection, "SELECT CONCAT_WS('|', id, email) AS value FROM users");
    for (id, email) in &acknowledged.accounts {
        assert!(accounts.contains(&format!("{id}|{email}")), "{email}");
    }
    if let Some((_, email)) = acknowledged.accounts.last() {
        let body = json!({"email": email, "password": PASSWORD});
        assert_eq!(Wire::to(server.address).post("/login", "", &body).unwrap().status, 200);
    }
    if database.is_sqlite() {
        assert_eq!(
            rows(&mut connection, "SELECT integrity_check AS value FROM pragma_integrity_check"),
            ["ok"]
        );
        assert!(rows(&mut connection, "SELECT \"table\" AS value FROM pragma_foreign_key_check").is_empty());
    }
    // What was begun in timelines is finished by the server that runs now.
    let is_settled = |connection: &mut crate::support::database::OtherConnection| {
        database.is_sqlite() || connection.number("SELECT COUNT(*) AS value FROM home_repairs") == 0
    };
    wait_until("all is settled", Duration::from_secs(20), || is_settled(&mut connection));
    database.check_timelines();
    println!(
        "measured: {kills} kills; {} tweets, {} follows and {} accounts were acknowledged, and all of them are there",
        acknowledged.tweets.len(),
        acknowledged.follows.len(),
        acknowledged.accounts.len()
    );
}
