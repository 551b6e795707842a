//! The process is killed while many write.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use miniter_test_support::app::PASSWORD;
use miniter_test_support::database::TestDatabase;
use miniter_test_support::node::{sign_up, start};
use miniter_test_support::process::Process;
use miniter_test_support::wait::{Ending, wait_until};
use miniter_test_support::wire::Wire;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// By id: author and text.
    tweets: BTreeMap<i64, (i64, String)>,
    /// Follower, followee, and whether the one follows the other.
    follows: BTreeMap<(i64, i64), bool>,
    accounts: Vec<(i64, String)>,
}

/// Everybody writes until the server is gone.
fn write_until_killed(
    server: &Process,
    round: usize,
    people: &[(i64, String)],
    acknowledged: &Mutex<Acknowledged>,
) {
    let address = server.address;
    let is_over = AtomicBool::new(false);
    let count = || {
        let acknowledged = acknowledged.lock().unwrap();
        (acknowledged.tweets.len(), acknowledged.accounts.len())
    };
    let (tweets, accounts) = count();
    thread::scope(|scope| {
        for i in 0..people.len() {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut wire = Wire::to(address);
                let mut n = 0;
                while !is_over.load(Ordering::Relaxed)
                    && write(&mut wire, round, n, i, people, acknowledged).is_ok()
                {
                    n += 1;
                }
            });
        }
        scope.spawn(|| {
            let mut wire = Wire::to(address);
            let mut n = 0;
            while !is_over.load(Ordering::Relaxed) {
                let email = format!("account{n}@round{round}.example");
                let account = json!({"name": "a", "email": email, "password": PASSWORD});
                let Ok(reply) = wire.post("/sign-up", "", &account) else { break };
                if reply.status == 200 {
                    let id = reply.json()["id"].as_i64().unwrap();
                    acknowledged.lock().unwrap().accounts.push((id, email));
                }
                n += 1;
            }
        });
        let _ending = Ending(&is_over);
        wait_until("something of each is written", Duration::from_secs(20), || {
            let now = count();
            now.0 > tweets + 40 + round * 7 && now.1 > accounts
        });
        server.signal("-KILL");
    });
}

/// One tweet, and one follow or unfollow. An error if the server is gone.
fn write(
    wire: &mut Wire,
    round: usize,
    n: usize,
    i: usize,
    people: &[(i64, String)],
    acknowledged: &Mutex<Acknowledged>,
) -> io::Result<()> {
    let (id, token) = &people[i];
    let text = format!("tweet {n} of round {round}");
    let reply = wire.post("/tweet", token, &json!({"tweet": text}))?;
    if reply.status == 200 {
        let tweet = reply.json()["id"].as_str().unwrap().parse().unwrap();
        acknowledged.lock().unwrap().tweets.insert(tweet, (*id, text));
    }
    let followee = people[(i + 1 + n % 5) % people.len()].0;
    let follows = n % 3 != 2;
    // While it is under way it is in doubt.
    acknowledged.lock().unwrap().follows.remove(&(*id, followee));
    let reply = if follows {
        wire.post("/follow", token, &json!({"follow": followee}))?
    } else {
        wire.post("/unfollow", token, &json!({"unfollow": followee}))?
    };
    if reply.status == 200 {
        acknowledged.lock().unwrap().follows.insert((*id, followee), follows);
    }
    Ok(())
}

/// Fails unless everything that was acknowledged is there.
fn check(database: &TestDatabase, acknowledged: &Acknowledged) {
    let mut connection = database.connect();
    let mut rows = |query: &str| -> Vec<String> { connection.texts(query).into_iter().flatten().collect() };
    let tweets: BTreeMap<i64, (i64, String)> =
        rows("SELECT CONCAT_WS('|', id, user_id, tweet) AS value FROM tweets")
            .iter()
            .map(|row| {
                let parts: Vec<&str> = row.splitn(3, '|').collect();
                (parts[0].parse().unwrap(), (parts[1].parse().unwrap(), parts[2].to_owned()))
            })
            .collect();
    for (id, tweet) in &acknowledged.tweets {
        assert_eq!(tweets.get(id), Some(tweet), "tweet {id}");
    }
    let follows = rows("SELECT CONCAT_WS('|', user_id, follow_user_id) AS value FROM users_follow_list");
    for ((follower, followee), is_followed) in &acknowledged.follows {
        let row = format!("{follower}|{followee}");
        assert_eq!(follows.contains(&row), *is_followed, "{row}");
    }
    let accounts = rows("SELECT CONCAT_WS('|', id, email) AS value FROM users");
    for (id, email) in &acknowledged.accounts {
        assert!(accounts.contains(&format!("{id}|{email}")), "{email}");
    }
    if database.is_sqlite() {
        assert_eq!(rows("SELECT integrity_check AS value FROM pragma_integrity_check"), ["ok"]);
        assert!(rows("SELECT \"table\" AS value FROM pragma_foreign_key_check").is_empty());
    }
}

#[test]
fn whatever_was_acknowledged_is_there_after_any_number_of_kills() {
    let (folder, database) = (tempfile::tempdir().unwrap(), TestDatabase::new());
    let kills = if database.is_sqlite() { 20 } else { 5 };
    let acknowledged = Mutex::new(Acknowledged::default());
    let mut server = start(folder.path(), &database);
    let people: Vec<_> = (0..6).map(|i| sign_up(server.address, &format!("user{i}"))).collect();
    for round in 0..kills {
        write_until_killed(&server, round, &people, &acknowledged);
        assert_eq!(server.wait().0, None);
        server = start(folder.path(), &database);
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    check(&database, &acknowledged);
    let Acknowledged { tweets, follows, accounts } = acknowledged;
    // And it is shown: each reads their own, and who signed up last logs in.
    let mut wire = Wire::to(server.address);
    for (id, token) in &people {
        let own = tweets.values().filter(|(author, _)| author == id);
        let shown = wire.get("/timeline?limit=1000", token).unwrap().body;
        for (_, text) in own.collect::<Vec<_>>().iter().rev().take(20) {
            assert!(shown.contains(text.as_str()), "{text}");
        }
    }
    if let Some((_, email)) = accounts.last() {
        let body = json!({"email": email, "password": PASSWORD});
        assert_eq!(wire.post("/login", "", &body).unwrap().status, 200);
    }
    println!(
        "measured: {kills} kills; {} tweets, {} follows and {} accounts were acknowledged, and all of them are there",
        tweets.len(),
        follows.len(),
        accounts.len()
    );
}
