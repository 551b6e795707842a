//! How often one may call.

use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use miniter::settings::{Settings, Switch};
use miniter_domain::Quota;
use miniter_web::TrustedProxies;
use serde_json::{Value, json};

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{PASSWORD, TestApp, User};

pub fn quota(limit: u32, milliseconds: u64) -> Quota {
    Quota::new(NonZeroU32::new(limit).unwrap(), Duration::from_millis(milliseconds)).unwrap()
}

/// Limits that nobody meets; a test sets those that it is about.
pub fn generous(settings: &mut Settings) {
    settings.rate_limits = Switch::On;
    let generous = quota(10_000, 10_000_000);
    settings.log_in_limit = generous;
    settings.log_in_failure_limit = generous;
    settings.sign_up_limit = generous;
    settings.write_limit = generous;
    settings.read_limit = generous;
}

pub fn trust_this_machine(settings: &mut Settings) {
    settings.trusted_proxies = TrustedProxies(vec!["127.0.0.0/8".parse().unwrap()]);
}

/// The answer to a log-in that comes from `address`, through a proxy.
pub fn log_in_from(app: &TestApp, address: &str, email: &str, password: &str) -> Answer {
    app.post("/login", &json!({"email": email, "password": password}))
        .header("x-forwarded-for", address)
        .send()
}

pub fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

#[test]
fn whoever_has_called_too_often_is_told_how_long_to_wait_and_waiting_that_long_succeeds() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.log_in_limit = quota(3, 3_000);
    });
    let begun = Instant::now();
    let song = app.user("song");
    let answers: Vec<_> = (0..6).map(|_| app.log_in(&song.email, PASSWORD)).collect();
    let refused = answers.iter().find(|answer| answer.status != 200).unwrap();
    let detail = refused.problem(429, "rate_limited");
    assert!(detail.contains("Retry-After"), "{detail}");
    // A bucket of three, of which logging Song in has taken one; one more comes back each second.
    let granted = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(u64::try_from(granted).unwrap() <= 2 + begun.elapsed().as_secs(), "{granted}");
    let wait = seconds(refused);
    assert!((1..=2).contains(&wait), "{wait}");
    thread::sleep(Duration::from_secs(wait));
    app.log_in(&song.email, PASSWORD).ok();
}

#[test]
fn an_answer_says_what_there_is_and_what_is_left() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.write_limit = quota(20, 300_000);
    });
    let song = app.user("song");
    let write = || app.post("/tweet", &json!({"tweet": "hello"})).by(&song).send();
    let first = write();
    assert_eq!(first.header("ratelimit-policy"), "\"write\";q=20;w=300");
    assert_eq!(first.header("ratelimit"), "\"write\";r=19;t=15");
    assert!(write().header("ratelimit").starts_with("\"write\";r=18;t="));
    for _ in 0..18 {
        write().ok();
    }
    let refused = write();
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit"), format!("\"write\";r=0;t={}", seconds(&refused)));
    assert_eq!(app.timeline(&song).len(), 20, "what was refused was not written");
    assert_eq!(app.get("/livez").send().header("ratelimit"), "", "where nothing is limited, nothing is said");
}

/// Every route, as a request that would be answered.
fn routes(app: &TestApp) -> Vec<(&'static str, String, Option<Value>)> {
    let document = serde_json::to_value(miniter_web::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.replace("{user_id}", "1").replace("{file}", "index.html");
        for method in operations.as_object().unwrap().keys() {
            let body = (method == "post").then(|| match path.as_str() {
                "/sign-up" => json!({"name": "a", "email": "new@example.com", "password": PASSWORD}),
                "/login" => json!({"email": "song@example.com", "password": PASSWORD}),
                "/password" => json!({"old_password": PASSWORD, "new_password": PASSWORD}),
                "/tweet" => json!({"tweet": "hello"}),
                "/follow" => json!({"follow": 2}),
                "/unfollow" => json!({"unfollow": 2}),
                other => panic!("what does {other} take?"),
            });
            routes.push((if method == "post" { "POST" } else { "GET" }, path.clone(), body));
        }
    }
    assert!(routes.len() >= 16, "{}", app.address);
    routes
}

#[test]
fn every_route_has_a_limit_but_those_for_whoever_runs_the_server() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        // One each, and for a long time no other.
        let one = quota(1, 3_600_000);
        settings.log_in_limit = one;
        settings.sign_up_limit = one;
        settings.write_limit = one;
        settings.read_limit = one;
    });
    let mut unlimited = Vec::new();
    for (method, path, body) in routes(&app) {
        let call = || {
            let call = app.call(method, &path);
            match &body {
                Some(body) => call.header("content-type", "application/json").body(body.to_string()),
                None => call,
            }
        };
        let answers = [call().send(), call().send()];
        if answers[1].status == 429 {
            answers[1].problem(429, "rate_limited");
        } else {
            unlimited.push(path);
        }
    }
    unlimited.sort();
    assert_eq!(unlimited, ["/livez", "/metrics", "/readyz"]);
}

#[test]
fn users_have_a_limit_each_and_whoever_shows_no_good_token_counts_by_address() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        trust_this_machine(settings);
        settings.write_limit = quota(2, 3_600_000);
    });
    let (song, kim) = (app.user("song"), app.user("kim"));
    let write = |token: &str, address: &str| {
        let call = app.post("/tweet", &json!({"tweet": "hello"})).header("x-forwarded-for", address);
        call.token(token).send()
    };
    // Song moves about.
    write(&song.token, "1.1.1.1").ok();
    write(&song.token, "2.2.2.2").ok();
    write(&song.token, "3.3.3.3").problem(429, "rate_limited");
    write(&kim.token, "1.1.1.1").ok();
    for token in ["nonsense", &song.token[1..]] {
        write(token, "4.4.4.4").problem(401, "token_invalid");
    }
    write("nonsense", "4.4.4.4").problem(429, "rate_limited");
    write(&kim.token, "4.4.4.4").ok();
    write("nonsense", "5.5.5.5").problem(401, "token_invalid");
}

#[test]
fn a_token_that_was_ended_elsewhere_takes_nothing_from_its_owner() {
    let limit = |settings: &mut Settings| {
        generous(settings);
        trust_this_machine(settings);
        settings.write_limit = quota(2, 3_600_000);
        settings.read_limit = quota(2, 3_600_000);
    };
    let app = TestApp::start_with(limit);
    let song = app.user("song");
    let change = json!({"old_password": PASSWORD, "new_password": "battery staple"});
    let session = app.post("/password", &change).by(&song).send().ok();
    let new = session["access_token"].as_str().unwrap();
    // A node that knows nothing yet, as one that nobody has called for a while.
    let quiet = || app.another_node(limit);
    let first = quiet();
    let write = |token: &str, address: &str| {
        let call = first.post("/tweet", &json!({"tweet": "hello"})).header("x-forwarded-for", address);
        call.token(token).send()
    };
    for _ in 0..2 {
        write(&song.token, "6.6.6.6").problem(401, "token_invalid");
    }
    write(&song.token, "6.6.6.6").problem(429, "rate_limited");
    for _ in 0..2 {
        write(new, "1.1.1.1").ok();
    }
    write(new, "1.1.1.1").problem(429, "rate_limited");

    // Where no token is needed, too.
    let second = quiet();
    let path = format!("/timeline/{}", song.id);
    let read =
        |token: &str, address: &str| second.get(&path).header("x-forwarded-for", address).token(token).send();
    read(&song.token, "6.6.6.6").ok();
    assert!(read(new, "1.1.1.1").header("ratelimit").starts_with("\"read\";r=1;"));
    assert!(read(new, "2.2.2.2").header("ratelimit").starts_with("\"read\";r=0;"));
}

#[test]
fn sign_ups_which_tell_whether_an_address_is_taken_are_limited() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.sign_up_limit = quota(3, 3_600_000);
    });
    let song = app.user("song");
    let account = json!({"name": "a", "email": song.email, "password": PASSWORD, "profile": ""});
    for _ in 0..2 {
        app.post("/sign-up", &account).send().problem(409, "email_taken");
    }
    app.post("/sign-up", &account).send().problem(429, "rate_limited");
}

#[test]
fn no_header_and_no_spelling_of_a_path_gets_around_a_limit() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.log_in_limit = quota(1, 3_600_000);
    });
    let wrong = json!({"email": "song@example.com", "password": "wrong"});
    app.post("/login", &wrong).send().problem(401, "invalid_credentials");
    for (name, value) in [
        ("x-forwarded-for", "1.2.3.4"),
        ("x-real-ip", "1.2.3.4"),
        ("forwarded", "for=1.2.3.4"),
        ("true-client-ip", "1.2.3.4"),
        ("cf-connecting-ip", "1.2.3.4"),
        ("x-client-ip", "1.2.3.4"),
        ("client-ip", "1.2.3.4"),
        ("host", "elsewhere.example"),
        ("authorization", "nonsense"),
    ] {
        app.post("/login", &wrong).header(name, value).send().problem(429, "rate_limited");
    }
    for path in [
        "/login",
        "/login?x=1",
        "/LOGIN",
        "/Login",
        "/login/",
        "//login",
        "/./login",
        "/x/../login",
        "/%6Cogin",
        "/login%2F",
        "/login%00",
        "/%2Flogin",
        "/login;x=1",
        "/login.json",
        "/login%20",
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
        let body = wrong.to_string();
        let answer = app.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(["429", "404", "400"].contains(&status), "{path}: {answer}");
    }
}

#[test]
fn behind_a_trusted_proxy_each_client_has_a_limit() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        trust_this_machine(settings);
        settings.log_in_limit = quota(1, 3_600_000);
    });
    let log_in = |address: &str| log_in_from(&app, address, "nobody@example.com", PASSWORD).status;
    assert_eq!(log_in("1.2.3.4"), 401);
    assert_eq!(log_in("1.2.3.4"), 429);
    assert_eq!(log_in("9.9.9.9, 1.2.3.4"), 429, "what the client claims itself does not count");
    assert_eq!(log_in("1.2.3.5"), 401);
    assert_eq!(log_in("2001:db8:0:1::1"), 401);
    assert_eq!(log_in("2001:db8:0:1:ffff::2"), 429, "a customer has a /64 at least");
    assert_eq!(log_in("2001:db8:0:2::1"), 401);
}

#[test]
fn wrong_passwords_are_counted_for_the_account_whatever_addresses_they_come_from() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        trust_this_machine(settings);
        settings.log_in_failure_limit = quota(3, 9_000);
    });
    let song = app.user("song");
    // A right one in between is not counted.
    for (i, password) in ["wrong", PASSWORD, "wrong", "wrong"].iter().enumerate() {
        let answer = log_in_from(&app, &format!("1.1.1.{i}"), "SONG@example.com", password);
        assert_eq!(answer.status, if *password == PASSWORD { 200 } else { 401 });
    }
    let refused = log_in_from(&app, "2.2.2.2", &song.email, PASSWORD);
    refused.problem(429, "too_many_failures");
    assert!((1..=3).contains(&seconds(&refused)), "{refused:?}");
    // Whether there is such an account does not show.
    for _ in 0..3 {
        log_in_from(&app, "3.3.3.3", "nobody@example.com", "wrong").problem(401, "invalid_credentials");
    }
    log_in_from(&app, "3.3.3.3", "nobody@example.com", "wrong").problem(429, "too_many_failures");

    // Whose account it is, is not kept from using it, nor from changing the password.
    app.tweet(&song, "I am still here");
    let change = json!({"old_password": PASSWORD, "new_password": "battery staple"});
    app.post("/password", &change).by(&song).send().ok();
    thread::sleep(Duration::from_secs(seconds(&refused)));
    log_in_from(&app, "2.2.2.2", &song.email, "battery staple").ok();
}

#[test]
fn of_wrong_passwords_at_once_no_more_are_told_wrong_than_there_may_be() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.log_in_failure_limit = quota(5, 3_600_000);
    });
    let song = app.user("song");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let try_some = || (0..4).map(|_| app.log_in(&song.email, "wrong").status).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(try_some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429, 503].contains(status)), "{statuses:?}");
}

#[test]
fn the_old_password_cannot_be_guessed_with_a_stolen_token() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.log_in_failure_limit = quota(3, 3_600_000);
    });
    let song = app.user("song");
    let change = |user: &User, old: &str| {
        let body = json!({"old_password": old, "new_password": "battery staple"});
        app.post("/password", &body).by(user).send()
    };
    for _ in 0..3 {
        change(&song, "wrong").problem(403, "wrong_password");
    }
    change(&song, PASSWORD).problem(429, "too_many_failures");
    app.log_in(&song.email, PASSWORD).ok();
}

#[test]
fn two_nodes_share_the_count_of_wrong_passwords() {
    let limit = |settings: &mut Settings| {
        generous(settings);
        settings.log_in_failure_limit = quota(4, 3_600_000);
    };
    let first = TestApp::start_with(limit);
    let song = first.user("song");
    let second = first.another_node(limit);
    let statuses: Vec<u16> = (0..6)
        .map(|i| if i % 2 == 0 { &first } else { &second }.log_in(&song.email, "wrong").status)
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
}
