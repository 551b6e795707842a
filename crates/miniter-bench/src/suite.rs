//! The measurements, in their order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use miniter_domain::{SystemClock, TokenVersion, UserId};
use miniter_persistence::{DatabaseUrl, Store};
use miniter_service::{TokenSecret, Tokens};

use crate::Options;
use crate::client::Client;
use crate::data::{AUTHORS, Database, FOLLOWED, People, tweet_id};
use crate::load::{Load, Request};
use crate::report::{HOME, Measurement, PAGE, Report, STATUSES};
use crate::server::{SECRET, Server};

/// How many connections a measurement uses.
const CONNECTIONS: u32 = 32;

/// How many connections sign up and log in: each request hashes, and beyond a few they would only wait or be refused.
const HASHING_CONNECTIONS: u32 = 4;

/// How many tweets there are, at scale 1, when timelines are read.
const TWEETS: [f64; 4] = [10_000.0, 100_000.0, 1_000_000.0, 3_000_000.0];

/// Loads the database, measures, and writes the report.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let bench = Bench::new(options)?;
    let url: DatabaseUrl = options.database_url.parse()?;
    let mut report = Report::new(url.sqlite_path().is_some(), options.scale);

    progress("raw commits");
    report.raw_commits = bench.raw_commits()?;
    progress("loading users and follows");
    Store::migrate(&url, &mut |_| ())?;
    bench.people.load(&mut Database::connect(&options.database_url)?)?;

    let mut loaded = 0;
    for (step, full) in TWEETS.into_iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of tweets")]
        let tweets = (full * options.scale) as usize;
        bench.measure_ceiling(&mut report)?;
        progress(&format!("loading tweets up to {tweets}"));
        let mut database = Database::connect(&options.database_url)?;
        bench.people.tweet(&mut database, loaded, tweets)?;
        loaded = tweets;
        if step + 1 == TWEETS.len() {
            bench.people.tweet_a_lot(&mut database)?;
        }
        drop(database);
        bench.measure_first_pages(&mut report, tweets)?;
    }

    let server = Server::miniter(&options.server, &options.database_url)?;
    bench.measure_cold(&mut report, &server)?;
    for (group, followed) in FOLLOWED.iter().enumerate() {
        let name = format!("timeline, first page, F={followed}, T={loaded}, again");
        bench.measure(&mut report, &server, &name, &bench.first_pages(group)?, CONNECTIONS)?;
        let name = format!("timeline, middle page, F={followed}, T={loaded}");
        bench.measure(&mut report, &server, &name, &bench.middle_pages(group, loaded)?, CONNECTIONS)?;
    }
    bench.measure_statuses(&mut report, &server)?;
    bench.measure(&mut report, &server, "miniter /ping", &[get("/ping", String::new())], CONNECTIONS)?;
    bench.measure_writes(&mut report, &server)?;
    report.resident_mib = server.resident_mib()?;
    drop(server);

    bench.measure_ceiling(&mut report)?;
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
        connections: u32,
    ) -> anyhow::Result<()> {
        progress(name);
        Load::start(&server.address, requests, connections, 1)?.figures()?;
        let figures = Load::start(&server.address, requests, connections, self.options.seconds)?.figures()?;
        report.measurements.push(Measurement { name: name.to_owned(), figures });
        Ok(())
    }

    /// The page from memory; measured again and again, since machines change their pace.
    fn measure_ceiling(&self, report: &mut Report) -> anyhow::Result<()> {
        let server = Server::ceiling(None)?;
        self.measure(report, &server, PAGE, &[get("/page", String::new())], CONNECTIONS)
    }

    /// First pages of readers who have read before.
    fn measure_first_pages(&self, report: &mut Report, tweets: usize) -> anyhow::Result<()> {
        let server = Server::miniter(&self.options.server, &self.options.database_url)?;
        for (group, followed) in FOLLOWED.iter().enumerate() {
            let requests = self.first_pages(group)?;
            Client::new(&server.address).median_ms(&requests)?;
            let name = format!("timeline, first page, F={followed}, T={tweets}");
            self.measure(report, &server, &name, &requests, CONNECTIONS)?;
        }
        Ok(())
    }

    /// The home timeline as apps of Mastodon read it, beside the same page from memory.
    fn measure_statuses(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        let homes: Vec<Request> = People::readers(1)
            .map(|reader| Ok(get("/api/v1/timelines/home?limit=20", self.token(reader)?)))
            .collect::<anyhow::Result<_>>()?;
        let client = Client::new(&server.address);
        let document = tempfile::NamedTempFile::new()?;
        if let Some(home) = homes.first() {
            std::fs::write(document.path(), client.read(home)?)?;
        }
        let ceiling = Server::ceiling(Some(document.path()))?;
        self.measure(report, &ceiling, STATUSES, &[get("/document", String::new())], CONNECTIONS)?;
        drop(ceiling);
        client.median_ms(&homes)?;
        self.measure(report, server, HOME, &homes, CONNECTIONS)
    }

    /// The first requests after a start beside the second ones: what it costs to fill a timeline.
    fn measure_cold(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        progress("first requests after a start");
        let client = Client::new(&server.address);
        for (group, followed) in FOLLOWED.iter().enumerate() {
            let requests = self.first_pages(group)?;
            let cold = client.median_ms(&requests)?;
            let warm = client.median_ms(&requests)?;
            report.note(format!(
                "First request after a start, F={followed}: {cold:.2} ms, and {warm:.2} ms for the second (medians)."
            ));
            report.first_requests.push(cold - warm);
        }
        Ok(())
    }

    fn measure_writes(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        let followers = self.people.followers();
        for (group, followers) in followers.iter().enumerate() {
            let name = format!("tweet, {followers} followers");
            self.measure(report, server, &name, &self.tweets(group)?, CONNECTIONS)?;
        }
        progress("single tweets");
        let client = Client::new(&server.address);
        let single = |group: usize| client.median_ms(self.tweets(group)?.iter().cycle().take(20));
        let (few, many) = (single(0)?, single(followers.len() - 1)?);
        report.note(format!(
            "One tweet, one client: {few:.2} ms with {} followers, {many:.2} ms with {} (medians).",
            followers[0],
            followers[followers.len() - 1]
        ));
        report.tweet_ratio = many / few;
        self.measure_big_follow(report, server)?;
        self.measure(report, server, "follow", &self.follows()?, CONNECTIONS)?;
        self.measure(report, server, "mixed, 95 % reads", &self.mixed()?, CONNECTIONS)?;
        self.measure_reads_under_writes(report, server)?;
        // The same people never sign up twice: the load that warms up has others.
        Load::start(&server.address, &Self::sign_ups("w"), HASHING_CONNECTIONS, 1)?.figures()?;
        self.measure_once(report, server, "sign-up", &Self::sign_ups("m"))?;
        self.measure_once(report, server, "login", &[post("/login", String::new(), account("m", 5))])
    }

    /// Without warming up.
    fn measure_once(
        &self,
        report: &mut Report,
        server: &Server,
        name: &str,
        requests: &[Request],
    ) -> anyhow::Result<()> {
        progress(name);
        let load = Load::start(&server.address, requests, HASHING_CONNECTIONS, self.options.seconds)?;
        report.measurements.push(Measurement { name: name.to_owned(), figures: load.figures()? });
        Ok(())
    }

    /// A user follows the prolific author. Meanwhile the author writes, and another user reads.
    fn measure_big_follow(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        progress("following an author with many tweets");
        let author = self.people.prolific();
        let follower = People::readers(1).start;
        let follow = post("/follow", self.token(follower)?, format!(r#"{{"follow":{author}}}"#));
        let write = post("/tweet", self.token(author)?, r#"{"tweet":"meanwhile"}"#.to_owned());
        let read = get("/timeline?limit=20", self.token(follower + 1)?);
        let is_over = AtomicBool::new(false);
        let meanwhile = |request: &Request| -> anyhow::Result<Duration> {
            let client = Client::new(&server.address);
            let mut longest = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                longest = longest.max(client.ask(request)?);
            }
            Ok(longest)
        };
        let (took, read, write) = thread::scope(|scope| -> anyhow::Result<_> {
            let reading = scope.spawn(|| meanwhile(&read));
            let writing = scope.spawn(|| meanwhile(&write));
            let took = Client::new(&server.address).ask(&follow);
            is_over.store(true, Ordering::Relaxed);
            let join = |thread: thread::ScopedJoinHandle<'_, anyhow::Result<Duration>>| {
                thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?
            };
            Ok((took?, join(reading)?, join(writing)?))
        })?;
        let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        report.note(format!(
            "Following an author with {} tweets: {:.0} ms; meanwhile a read by another user took at most {:.0} ms, and a tweet by \
             that author {:.0} ms.",
            self.people.prolific_tweets,
            ms(took),
            ms(read),
            ms(write)
        ));
        report.big_follow_ms = (ms(took), ms(read.max(write)));
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

    /// Reads while four clients write without a pause. Some of the readers follow the writers.
    fn measure_reads_under_writes(&self, report: &mut Report, server: &Server) -> anyhow::Result<()> {
        progress("reads, alone and under writes");
        let reads = self.first_pages(1)?;
        let seconds = self.options.seconds;
        Load::start(&server.address, &reads, CONNECTIONS, 1)?.figures()?;
        let alone = Load::start(&server.address, &reads, CONNECTIONS, seconds)?.figures()?;
        let mut rng = Rng::with_seed(11);
        let writers = (0..AUTHORS).map(|_| self.tweet_by(self.people.other(&mut rng)));
        let writes = Load::start(&server.address, &writers.collect::<anyhow::Result<Vec<_>>>()?, 4, seconds)?;
        let under = Load::start(&server.address, &reads, CONNECTIONS, seconds)?.figures()?;
        let writes = writes.figures()?;
        for (name, figures) in
            [("reads alone", alone), ("reads while 4 clients write", under), ("tweets of those 4", writes)]
        {
            report.measurements.push(Measurement { name: name.to_owned(), figures });
        }
        Ok(())
    }

    fn token(&self, user: usize) -> anyhow::Result<String> {
        Ok(self.tokens.issue(UserId::new(i64::try_from(user)?), TokenVersion::FIRST)?)
    }

    fn first_pages(&self, group: usize) -> anyhow::Result<Vec<Request>> {
        People::readers(group).map(|reader| Ok(get("/timeline?limit=20", self.token(reader)?))).collect()
    }

    fn middle_pages(&self, group: usize, tweets: usize) -> anyhow::Result<Vec<Request>> {
        let path = format!("/timeline?limit=20&max_id={}", tweet_id(tweets / 2));
        People::readers(group).map(|reader| Ok(get(&path, self.token(reader)?))).collect()
    }

    fn tweets(&self, group: usize) -> anyhow::Result<Vec<Request>> {
        let few = if self.people.followers()[group] > 1_000 { 4 } else { AUTHORS };
        People::authors(group).take(few).map(|author| self.tweet_by(author)).collect()
    }

    fn tweet_by(&self, author: usize) -> anyhow::Result<Request> {
        Ok(post("/tweet", self.token(author)?, r#"{"tweet":"measured"}"#.to_owned()))
    }

    fn follows(&self) -> anyhow::Result<Vec<Request>> {
        let mut rng = Rng::with_seed(7);
        // So many that few are asked for twice.
        (0..60_000)
            .map(|_| {
                let (follower, followee) = (self.people.other(&mut rng), self.people.other(&mut rng));
                // A user cannot follow themselves.
                let followee = if follower == followee { People::authors(0).start } else { followee };
                Ok(post("/follow", self.token(follower)?, format!(r#"{{"follow":{followee}}}"#)))
            })
            .collect()
    }

    fn mixed(&self) -> anyhow::Result<Vec<Request>> {
        let mut requests = Vec::new();
        for write in self.tweets(1)? {
            // Nineteen reads to each write, by other readers each time.
            let mut reads = self.first_pages(1)?;
            let turn = requests.len() % reads.len();
            reads.rotate_left(turn);
            requests.extend(reads.into_iter().take(19));
            requests.push(write);
        }
        Ok(requests)
    }

    fn sign_ups(prefix: &str) -> Vec<Request> {
        (0..20_000).map(|number| post("/sign-up", String::new(), account(prefix, number))).collect()
    }
}

/// A sign-up, which is a log-in as well: keys that a route does not know are ignored.
fn account(prefix: &str, number: u32) -> String {
    format!(r#"{{"name":"new","email":"{prefix}{number}@example.com","password":"correct horse"}}"#)
}

fn get(path: &str, token: String) -> Request {
    Request { method: "GET", path: path.to_owned(), token, body: String::new() }
}

fn post(path: &str, token: String, body: String) -> Request {
    Request { method: "POST", path: path.to_owned(), token, body }
}

/// Reports progress on standard error.
fn progress(what: &str) {
    #[expect(clippy::print_stderr, reason = "for the person who waits")]
    {
        eprintln!("{what}");
    }
}
