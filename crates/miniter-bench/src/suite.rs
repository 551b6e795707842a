//! What is measured, in which order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use fastrand::Rng;
use miniter_domain::{SystemClock, UserId};
use miniter_persistence::{DatabaseUrl, Store};
use miniter_service::{TokenSecret, Tokens};

use crate::Options;
use crate::data::{Database, FOLLOWED, People, tweet_id};
use crate::load::{Load, Request};
use crate::report::{Measurement, Report};
use crate::server::{SECRET, Server};

/// How many connections every measurement uses.
const CONNECTIONS: u32 = 32;

/// Loads the database, measures, and writes the report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let bench = Bench::new(options)?;
    let mut report = Report::new(&options.database_url, options.scale);

    progress("ceilings, and raw commits");
    bench.measure_ceilings(&mut report)?;
    report.raw_commits = bench.raw_commits()?;

    progress("loading users and follows");
    let url: DatabaseUrl = options.database_url.parse()?;
    Store::migrate(&url, &mut |_| ())?;
    bench.people.load(&mut Database::connect(&options.database_url)?)?;

    let mut loaded = 0;
    for full in [10_000.0, 100_000.0, 1_000_000.0, 3_000_000.0] {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of tweets")]
        let tweets = (full * options.scale) as usize;
        progress(&format!("loading tweets up to {tweets}"));
        bench.people.tweet(&mut Database::connect(&options.database_url)?, loaded, tweets)?;
        loaded = tweets;
        let server = Server::miniter(&options.server, &options.database_url)?;
        for (group, followed) in FOLLOWED.iter().enumerate() {
            let name = format!("timeline, first page, F={followed}, T={tweets}");
            bench.measure(&mut report, &server, &name, &bench.first_pages(group)?)?;
        }
    }

    let server = Server::miniter(&options.server, &options.database_url)?;
    for (group, followed) in FOLLOWED.iter().enumerate() {
        let name = format!("timeline, first page, F={followed}, T={loaded}, again");
        bench.measure(&mut report, &server, &name, &bench.first_pages(group)?)?;
        let name = format!("timeline, middle page, F={followed}, T={loaded}");
        bench.measure(&mut report, &server, &name, &bench.middle_pages(group, loaded)?)?;
    }
    let followers = bench.people.followers();
    for (group, followers) in followers.iter().enumerate() {
        let requests = bench.tweets(group)?;
        bench.measure(&mut report, &server, &format!("tweet, {followers} followers"), &requests)?;
    }
    bench.measure(&mut report, &server, "follow", &bench.follows()?)?;
    bench.measure(&mut report, &server, "mixed, 95 % reads", &bench.mixed()?)?;
    bench.measure_reads_under_writes(&mut report, &server)?;
    bench.measure(&mut report, &server, "sign-up", &Bench::sign_ups())?;
    // The account that the sign-ups began with.
    bench.measure(&mut report, &server, "login", &Bench::logins(&server)?)?;
    report.resident_mib = server.resident_mib()?;
    drop(server);

    progress("ceilings again");
    bench.measure_ceilings(&mut report)?;
    report.write(&options.out)
}

struct Bench<'a> {
    options: &'a Options,
    people: People,
    tokens: Tokens,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options) -> anyhow::Result<Self> {
        let secret = TokenSecret::new(SECRET)?;
        let tokens = Tokens::new(&secret, &[], Duration::from_hours(24), Arc::new(SystemClock));
        Ok(Self { options, people: People::of_scale(options.scale), tokens })
    }

    /// Measures a kind of request, after a second of the same to warm up.
    fn measure(
        &self,
        report: &mut Report,
        server: &Server,
        name: &str,
        requests: &[Request],
    ) -> anyhow::Result<()> {
        progress(name);
        Load::start(&server.address, requests, CONNECTIONS, 1)?.figures()?;
        let figures = Load::start(&server.address, requests, CONNECTIONS, self.options.seconds)?.figures()?;
        report.measurements.push(Measurement { name: name.to_owned(), figures });
        Ok(())
    }

    fn measure_ceilings(&self, report: &mut Report) -> anyhow::Result<()> {
        let server = Server::ceiling()?;
        for path in ["/ping", "/page"] {
            self.measure(report, &server, &format!("ceiling {path}"), &[get(path, String::new())])?;
        }
        Ok(())
    }

    /// Durable commits of one row each, by one connection, in a second.
    fn raw_commits(&self) -> anyhow::Result<f64> {
        let mut database = Database::connect(&self.options.database_url)?;
        database.make_durable()?;
        database.execute("CREATE TABLE bench_raw (id BIGINT PRIMARY KEY, text VARCHAR(300))")?;
        let started = Instant::now();
        let mut commits = 0_u32;
        while started.elapsed().as_secs() < u64::from(self.options.seconds) {
            let text = crate::data::text(commits.into());
            database.execute(&format!("INSERT INTO bench_raw VALUES ({commits}, '{text}')"))?;
            commits += 1;
        }
        let rate = f64::from(commits) / started.elapsed().as_secs_f64();
        database.execute("DROP TABLE bench_raw")?;
        Ok(rate)
    }

    /// Reads while four clients write without pause.
    fn measure_reads_under_writes(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        progress("reads, alone and under writes");
        let reads = self.first_pages(1)?;
        let seconds = self.options.seconds;
        let alone = Load::start(&server.address, &reads, CONNECTIONS, seconds)?.figures()?;
        let writes = Load::start(&server.address, &self.tweets(1)?, 4, seconds)?;
        let under = Load::start(&server.address, &reads, CONNECTIONS, seconds)?.figures()?;
        writes.figures()?;
        for (name, figures) in [("reads alone", alone), ("reads while 4 clients write", under)] {
            report.measurements.push(Measurement { name: name.to_owned(), figures });
        }
        Ok(())
    }

    fn token(&self, user: usize) -> anyhow::Result<String> {
        Ok(self.tokens.issue(UserId::new(i64::try_from(user)?))?)
    }

    fn first_pages(&self, group: usize) -> anyhow::Result<Vec<Request>> {
        People::readers(group).map(|reader| Ok(get("/timeline?limit=20", self.token(reader)?))).collect()
    }

    fn middle_pages(&self, group: usize, tweets: usize) -> anyhow::Result<Vec<Request>> {
        let path = format!("/timeline?limit=20&max_id={}", tweet_id(tweets / 2));
        People::readers(group).map(|reader| Ok(get(&path, self.token(reader)?))).collect()
    }

    fn tweets(&self, group: usize) -> anyhow::Result<Vec<Request>> {
        let few = if self.people.followers()[group] > 1_000 { 4 } else { crate::data::GROUP };
        People::authors(group)
            .take(few)
            .map(|author| Ok(post("/tweet", self.token(author)?, r#"{"tweet":"measured"}"#.to_owned())))
            .collect()
    }

    fn follows(&self) -> anyhow::Result<Vec<Request>> {
        let mut rng = Rng::with_seed(7);
        (0..2_000)
            .map(|_| {
                let (follower, followee) = (self.people.other(&mut rng), People::authors(0).start);
                Ok(post("/follow", self.token(follower)?, format!(r#"{{"follow":{followee}}}"#)))
            })
            .collect()
    }

    fn mixed(&self) -> anyhow::Result<Vec<Request>> {
        let mut requests = Vec::new();
        for write in self.tweets(1)? {
            // Nineteen reads to each write, by other readers each time.
            let turn = requests.len();
            let mut reads = self.first_pages(1)?;
            reads.rotate_left(turn % crate::data::GROUP);
            requests.extend(reads.into_iter().take(19));
            requests.push(write);
        }
        Ok(requests)
    }

    fn sign_ups() -> Vec<Request> {
        (0..5_000).map(|i| post("/sign-up", String::new(), account(i))).collect()
    }

    fn logins(server: &Server) -> anyhow::Result<Vec<Request>> {
        // One connection and one second are enough for the first account to be there.
        Load::start(&server.address, &Self::sign_ups()[..1], 1, 1)?.figures().context("the first account")?;
        Ok(vec![post("/login", String::new(), account(0))])
    }
}

/// A sign-up, which is a log-in as well: keys that a route does not know are ignored.
fn account(number: u32) -> String {
    format!(r#"{{"name":"new","email":"new{number}@example.com","password":"correct horse"}}"#)
}

fn get(path: &str, token: String) -> Request {
    Request { method: "GET", path: path.to_owned(), token, body: String::new() }
}

fn post(path: &str, token: String, body: String) -> Request {
    Request { method: "POST", path: path.to_owned(), token, body }
}

/// Says what is going on, on standard error.
fn progress(what: &str) {
    #[expect(clippy::print_stderr, reason = "for the person who waits")]
    {
        eprintln!("{what}");
    }
}
