//! Random histories over HTTP, held against a list of tweets and a set of follows. The heavy ones are in the contract suite
//! of the persistence; here it is about the way there: memory or database, several hops, links.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fastrand::Rng;
use serde_json::json;

use miniter_test_support::app::{TestApp, User};

/// Everything that is true: authors and texts, and who reads whom, by places in the list of users.
#[derive(Default)]
struct Model {
    tweets: Vec<(usize, String)>,
    follows: HashSet<(usize, usize)>,
}

impl Model {
    fn timeline(&self, reader: usize) -> Vec<String> {
        let reads = |author: usize| author == reader || self.follows.contains(&(reader, author));
        self.tweets.iter().filter(|(author, _)| reads(*author)).map(|(_, text)| text.clone()).collect()
    }
}

fn unfollow(app: &TestApp, follower: &User, followee: &User) {
    app.post("/unfollow", &json!({"unfollow": followee.id})).by(follower).send().empty();
}

/// A timeline from its newest page down to its last one.
fn walk(app: &TestApp, reader: &User, limit: usize) -> Vec<String> {
    let mut path = Some(format!("/timeline?limit={limit}"));
    let mut pages = Vec::new();
    while let Some(next) = path {
        let answer = app.get(next).by(reader).send();
        let tweets = answer.tweets();
        path = answer.link("next");
        assert!(path.is_none() || tweets.len() == limit, "a page that is not the last is full");
        pages.push(tweets);
        assert!(pages.len() < 1_000, "the pages have no end");
    }
    pages.reverse();
    pages.concat()
}

#[test]
fn whatever_happens_every_walk_through_a_timeline_is_what_the_definition_says() {
    let seed = 11;
    let app = TestApp::start();
    let users: Vec<User> = (0..5).map(|i| app.user(&format!("user{i}"))).collect();
    let (mut rng, mut model) = (Rng::with_seed(seed), Model::default());
    for step in 0..300 {
        let (one, another) = (rng.usize(..users.len()), rng.usize(..users.len()));
        match rng.u32(..10) {
            0..4 => {
                let text = format!("tweet {step}");
                app.tweet(&users[one], &text);
                model.tweets.push((one, text));
            }
            4..6 if one != another => {
                app.follow(&users[one], &users[another]);
                model.follows.insert((one, another));
            }
            6 if one != another => {
                unfollow(&app, &users[one], &users[another]);
                model.follows.remove(&(one, another));
            }
            _ => {
                let limit = rng.choice([3, 7, 20, 1_000]).unwrap();
                let found = walk(&app, &users[one], limit);
                assert_eq!(
                    found,
                    model.timeline(one),
                    "seed {seed}, step {step}, user{one}, {limit} at a time"
                );
            }
        }
    }
}

#[test]
fn who_follows_somebody_who_is_writing_has_all_that_was_answered_and_nothing_after_unfollowing() {
    let app = TestApp::start();
    let [star, song, kim] = ["star", "song", "kim"].map(|name| app.user(name));
    let is_over = AtomicBool::new(false);
    let answered = std::sync::Mutex::new(Vec::new());
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for i in 0.. {
                let text = format!("tweet {i}");
                app.tweet(&star, &text);
                answered.lock().unwrap().push(text);
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        let fans: Vec<_> = [&song, &kim]
            .into_iter()
            .map(|fan| {
                let (app, star, answered) = (&app, &star, &answered);
                scope.spawn(move || {
                    for _ in 0..15 {
                        app.follow(fan, star);
                        let before = answered.lock().unwrap().clone();
                        let found = walk(app, fan, 1_000);
                        assert_eq!(found[..before.len().min(found.len())], before[..], "all of it, in order");
                        unfollow(app, fan, star);
                        assert_eq!(app.timeline(fan), Vec::<String>::new());
                    }
                    app.follow(fan, star);
                })
            })
            .collect();
        // The writer stops also if one of them has failed.
        let outcomes: Vec<_> = fans.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::SeqCst);
        writer.join().unwrap();
        for outcome in outcomes {
            outcome.unwrap();
        }
    });
    let all = answered.into_inner().unwrap();
    for reader in [&star, &song, &kim] {
        assert_eq!(walk(&app, reader, 50), all);
    }
}
