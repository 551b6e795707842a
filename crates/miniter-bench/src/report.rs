//! The figures, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::data::FOLLOWED;
use crate::load::Figures;
use crate::plot;

/// What the measurements of the page from memory are called.
pub(crate) const PAGE: &str = "ceiling: a page of 20 tweets from memory";

/// What the measurement of a page of the client API from memory is called.
pub(crate) const STATUSES: &str = "ceiling: a page of 20 statuses from memory";

/// What the measurement of the same page by the server is called.
pub(crate) const HOME: &str = "home timeline for apps of Mastodon, F=100";

/// One measured load.
#[derive(Serialize)]
pub(crate) struct Measurement {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

/// All that one run has measured.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) is_sqlite: bool,
    pub(crate) scale: f64,
    /// Durable commits of one row, by one connection, in a second.
    pub(crate) raw_commits: f64,
    /// Of the server, after all of it.
    pub(crate) resident_mib: u64,
    /// How much longer a reader's first request takes than the second, in milliseconds, for each group.
    pub(crate) first_requests: Vec<f64>,
    /// How much longer a tweet with the most followers takes than one with the fewest.
    pub(crate) tweet_ratio: f64,
    /// How long following somebody with many tweets takes, and the longest that others waited, in milliseconds.
    pub(crate) big_follow_ms: (f64, f64),
    pub(crate) measurements: Vec<Measurement>,
    notes: Vec<String>,
}

/// A figure to reach.
struct Target {
    what: &'static str,
    measured: f64,
    wanted: f64,
    /// Whether more is better.
    is_least: bool,
}

impl Report {
    pub(crate) fn new(is_sqlite: bool, scale: f64) -> Self {
        Self {
            is_sqlite,
            scale,
            raw_commits: 0.0,
            resident_mib: 0,
            first_requests: Vec::new(),
            tweet_ratio: 0.0,
            big_follow_ms: (0.0, 0.0),
            measurements: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a sentence.
    pub(crate) fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }

    /// The name of the database.
    pub(crate) fn database(&self) -> &'static str {
        if self.is_sqlite { "SQLite" } else { "MariaDB" }
    }

    /// The rates of the page from memory, each time it was measured.
    fn ceilings(&self) -> impl Iterator<Item = f64> {
        self.measurements.iter().filter(|m| m.name == PAGE).map(|m| m.figures.rate())
    }

    /// Their median.
    pub(crate) fn ceiling(&self) -> f64 {
        let mut rates: Vec<f64> = self.ceilings().collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn find(&self, name: &str) -> Option<&Figures> {
        self.measurements.iter().find(|m| m.name == name).map(|m| &m.figures)
    }

    /// The rate of a measurement; not a number if there is none.
    fn rate(&self, name: &str) -> f64 {
        self.find(name).map_or(f64::NAN, Figures::rate)
    }

    fn p99_ms(&self, name: &str) -> f64 {
        self.find(name).map_or(f64::NAN, |figures| figures.p99_ms)
    }

    /// The numbers of tweets at which first pages were read, ascending.
    pub(crate) fn tweets(&self) -> Vec<usize> {
        let prefix = format!("timeline, first page, F={}, T=", FOLLOWED[0]);
        self.measurements.iter().filter_map(|m| m.name.strip_prefix(&prefix)?.parse().ok()).collect()
    }

    /// The ratio of a first page's rate to the ceiling.
    pub(crate) fn first_page_ratio(&self, followed: usize, tweets: usize) -> f64 {
        self.rate(&format!("timeline, first page, F={followed}, T={tweets}")) / self.ceiling()
    }

    fn targets(&self) -> Vec<Target> {
        let tweets = self.tweets();
        let (least, most) =
            (tweets.first().copied().unwrap_or_default(), tweets.last().copied().unwrap_or_default());
        let first =
            |followed: usize| self.rate(&format!("timeline, first page, F={followed}, T={most}, again"));
        let on = |sqlite: f64, mariadb: f64| if self.is_sqlite { sqlite } else { mariadb };
        let at_least = |what, measured, wanted| Target { what, measured, wanted, is_least: true };
        let at_most = |what, measured, wanted| Target { what, measured, wanted, is_least: false };
        #[expect(clippy::cast_precision_loss, reason = "mebibytes")]
        let resident_mib = self.resident_mib as f64;
        let mut targets = vec![
            at_least("first page, F=100, to the page from memory", first(100) / self.ceiling(), on(0.8, 0.5)),
            at_least("first page, F=5,000 to F=10", first(5_000) / first(10), 0.85),
            at_least(
                "first page, F=100, most tweets to fewest",
                self.first_page_ratio(100, most) / self.first_page_ratio(100, least),
                0.85,
            ),
            at_least(
                "middle page to first page, F=100",
                self.rate(&format!("timeline, middle page, F=100, T={most}")) / first(100),
                on(0.3, 0.85),
            ),
            at_least(
                "tweets with 100 followers, to raw commits",
                self.rate("tweet, 100 followers") / self.raw_commits,
                on(1.5, 2.0),
            ),
            at_most(
                "p99 of reads while 4 clients write, to reads alone",
                self.p99_ms("reads while 4 clients write") / self.p99_ms("reads alone"),
                3.0,
            ),
            at_most("resident memory, MiB", resident_mib, 200.0),
        ];
        if let [_, hundred, _, most] = self.first_requests[..] {
            targets.push(at_most(
                "first request after a start beyond the second, F=100, ms",
                hundred,
                on(1.0, 10.0),
            ));
            targets.push(at_most("the same, F=5,000, ms", most, on(10.0, 50.0)));
        }
        targets.push(at_least(
            "home timeline for apps to the same page from memory",
            self.rate(HOME) / self.rate(STATUSES),
            on(0.4, 0.3),
        ));
        let (took, waited) = self.big_follow_ms;
        targets.push(at_most(
            "a tweet with the most followers to one with the fewest",
            self.tweet_ratio,
            1.4,
        ));
        targets.push(at_most("following an author with many tweets, ms", took, on(5.0, 20.0)));
        targets.push(at_most("the longest that others waited meanwhile, ms", waited, 200.0));
        targets
    }

    /// Writes NAME.md, NAME.json and NAME.svg.
    pub(crate) fn write(&self, name: &Path) -> anyhow::Result<()> {
        if let Some(folder) = name.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(name.with_extension("md"), self.text(name)?)?;
        std::fs::write(name.with_extension("json"), serde_json::to_string_pretty(self)?)?;
        std::fs::write(name.with_extension("svg"), plot::draw(self)?)?;
        Ok(())
    }

    fn text(&self, name: &Path) -> anyhow::Result<String> {
        let mut text = String::new();
        let picture = name.with_extension("svg");
        let picture = picture.file_name().unwrap_or_default().display();
        writeln!(text, "# {}, scale {}\n\n![growth]({picture})\n", self.database(), self.scale)?;
        writeln!(
            text,
            "F: accounts followed. T: tweets in all. 32 connections (sign-up and login: 4). The ratio is to the page of 20 \
             tweets from memory, measured several times in the same run. Compare ratios; figures differ between machines.\n"
        )?;
        writeln!(text, "| target | measured | wanted | reached |\n|---|---:|---:|---|")?;
        for Target { what, measured, wanted, is_least } in self.targets() {
            let (sign, is_reached) =
                if is_least { ("≥", measured >= wanted) } else { ("≤", measured <= wanted) };
            let reached = if is_reached { "yes" } else { "no" };
            writeln!(text, "| {what} | {measured:.2} | {sign} {wanted} | {reached} |")?;
        }
        writeln!(
            text,
            "\n| what | req/s | p50 ms | p99 ms | errors | ratio |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for Measurement { name, figures } in &self.measurements {
            let (rate, ratio) = (figures.rate(), figures.rate() / self.ceiling());
            let Figures { p50_ms, p99_ms, errors, .. } = figures;
            writeln!(text, "| {name} | {rate:.0} | {p50_ms:.2} | {p99_ms:.2} | {errors} | {ratio:.3} |")?;
        }
        let (lowest, highest) =
            self.ceilings().fold((f64::MAX, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
        writeln!(text, "\n- The page from memory: {lowest:.0} to {highest:.0} a second.")?;
        writeln!(
            text,
            "- Raw durable commits of one row, one connection: {:.0} a second.",
            self.raw_commits
        )?;
        writeln!(text, "- Resident memory of the server after all of it: {} MiB.", self.resident_mib)?;
        for note in &self.notes {
            writeln!(text, "- {note}")?;
        }
        Ok(text)
    }
}
