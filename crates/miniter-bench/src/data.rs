//! Deterministic users, follows and tweets.

use std::fmt::Write as _;

use anyhow::Context;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fastrand::Rng;

/// The number of accounts that the readers of each group follow.
pub(crate) const FOLLOWED: [usize; 4] = [10, 100, 1_000, 5_000];

/// The number of readers in each of these groups. The groups with many followees are smaller, because a large part of all tweets
/// is in each timeline.
const READERS: [usize; 4] = [64, 64, 16, 16];

/// The number of authors in a group.
pub(crate) const AUTHORS: usize = 64;

/// The number of the first user outside all groups.
const FIRST_OTHER: usize = 1 + READERS[0] + READERS[1] + READERS[2] + READERS[3] + FOLLOWED.len() * AUTHORS;

/// The number of followees of each user outside the groups. At scale 1 there are 3 million tweets by 20,000 users, 150 each. Then the
/// home timelines of all users together have about 32 million entries.
const FOLLOWED_BY_OTHERS: usize = 5;

/// Rows in one statement. Many more would exceed the maximum packet of a database server.
const BATCH: usize = 1_000;

/// A connection that loads a database.
pub(crate) enum Database {
    Sqlite(SqliteConnection),
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

impl Database {
    pub(crate) fn connect(url: &str) -> anyhow::Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let mut connection = SqliteConnection::establish(path)?;
            // Only while it is being loaded: it can be made anew.
            connection.batch_execute("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000")?;
            return Ok(Self::Sqlite(connection));
        }
        #[cfg(feature = "mysql")]
        {
            let mut connection = MysqlConnection::establish(url)?;
            connection.batch_execute("SET foreign_key_checks = 0, unique_checks = 0")?;
            Ok(Self::Mysql(connection))
        }
        #[cfg(not(feature = "mysql"))]
        anyhow::bail!("this bench was built without MySQL");
    }

    pub(crate) fn execute(&mut self, statements: &str) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(statements)?,
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => connection.batch_execute(statements)?,
        }
        Ok(())
    }

    /// Commits as a server would, from now on.
    pub(crate) fn make_durable(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(_) => self.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"),
            // It was never told otherwise.
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(()),
        }
    }

    /// Inserts rows, written as SQL values.
    fn insert(&mut self, into: &str, rows: impl Iterator<Item = String>) -> anyhow::Result<()> {
        self.execute("BEGIN")?;
        let mut statement = String::new();
        let mut count = 0;
        for row in rows {
            let separator = if count == 0 { format!("INSERT INTO {into} VALUES ") } else { ", ".to_owned() };
            write!(statement, "{separator}{row}")?;
            count += 1;
            if count == BATCH {
                self.execute(&statement)?;
                statement.clear();
                count = 0;
            }
        }
        if count > 0 {
            self.execute(&statement)?;
        }
        self.execute("COMMIT")
    }
}

/// The users. Their ids have this order: the readers of each group, the authors of each group, all other users, and last the
/// prolific author, who has many tweets and no followers yet.
pub(crate) struct People {
    count: usize,
    /// The number of tweets of the prolific author.
    pub(crate) prolific_tweets: usize,
}

impl People {
    /// The number of users for a scale: at least as many as the readers of the largest group need as followees.
    pub(crate) fn of_scale(scale: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of people")]
        let wanted = (20_000.0 * scale) as usize;
        let least = FOLLOWED[FOLLOWED.len() - 1] + FIRST_OTHER + 500;
        Self { count: wanted.max(least), prolific_tweets: if scale >= 0.1 { 100_000 } else { 1_000 } }
    }

    /// The prolific author.
    pub(crate) fn prolific(&self) -> usize {
        self.count + 1
    }

    /// The number of followers of the authors of each group. In the last group it is the number of users outside the groups, at most 10,000.
    pub(crate) fn followers(&self) -> [usize; 4] {
        [10, 100, 1_000, 10_000.min(self.count - FIRST_OTHER)]
    }

    /// The readers of a group.
    pub(crate) fn readers(group: usize) -> std::ops::Range<usize> {
        let first = 1 + READERS[..group].iter().sum::<usize>();
        first..first + READERS[group]
    }

    /// The authors of a group.
    pub(crate) fn authors(group: usize) -> std::ops::Range<usize> {
        let first = 1 + READERS.iter().sum::<usize>() + group * AUTHORS;
        first..first + AUTHORS
    }

    /// A random user outside the groups.
    pub(crate) fn other(&self, rng: &mut Rng) -> usize {
        rng.usize(FIRST_OTHER..=self.count)
    }

    /// A random user outside the groups; a few users come far more often than the rest.
    fn popular(&self, rng: &mut Rng) -> usize {
        let others = self.count - FIRST_OTHER + 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (rng.f64().powi(3) * others as f64) as usize;
        FIRST_OTHER + index.min(others - 1)
    }

    /// Loads users and follows.
    pub(crate) fn load(&self, database: &mut Database) -> anyhow::Result<()> {
        let users = (1..=self.prolific())
            .map(|id| format!("({id}, 'user {id}', 'user{id}@example.com', 'no hash', '')"));
        database.insert("users (id, name, email, hashed_password, profile)", users)?;

        let mut rng = Rng::with_seed(1);
        let mut follows = Vec::new();
        for (group, &followed) in FOLLOWED.iter().enumerate() {
            for reader in Self::readers(group) {
                follows
                    .extend(self.sample(&mut rng, followed).into_iter().map(|followee| (reader, followee)));
            }
        }
        for (group, &followers) in self.followers().iter().enumerate() {
            // All authors of the largest group would make more follows than all other users together: a few suffice.
            let few = if followers > 1_000 { 4 } else { AUTHORS };
            for author in Self::authors(group).take(few) {
                follows
                    .extend(self.sample(&mut rng, followers).into_iter().map(|follower| (follower, author)));
            }
        }
        for follower in FIRST_OTHER..=self.count {
            for _ in 0..FOLLOWED_BY_OTHERS {
                follows.push((follower, self.popular(&mut rng)));
            }
        }
        follows.retain(|(follower, followee)| follower != followee);
        follows.sort_unstable();
        follows.dedup();
        let rows = follows.iter().map(|(follower, followee)| format!("({follower}, {followee})"));
        database.insert("users_follow_list (user_id, follow_user_id)", rows)
    }

    /// `wanted` different users outside the groups.
    fn sample(&self, rng: &mut Rng, wanted: usize) -> Vec<usize> {
        let mut others: Vec<usize> = (FIRST_OTHER..=self.count).collect();
        let wanted = wanted.min(others.len());
        for i in 0..wanted {
            let j = rng.usize(i..others.len());
            others.swap(i, j);
        }
        others.truncate(wanted);
        others
    }

    /// Loads the tweets of a range of numbers. Each user outside the groups writes about the same number.
    pub(crate) fn tweet(&self, database: &mut Database, from: usize, to: usize) -> anyhow::Result<()> {
        let mut rng = Rng::with_seed(from as u64 + 2);
        let rows = (from..to).map(|number| {
            let (id, author) = (tweet_id(number), self.other(&mut rng));
            format!("({id}, {author}, '{}')", text(i64::try_from(number).unwrap_or_default()))
        });
        database.insert("tweets (id, user_id, tweet)", rows).context("cannot load tweets")
    }

    /// Loads the tweets of the prolific author.
    pub(crate) fn tweet_a_lot(&self, database: &mut Database) -> anyhow::Result<()> {
        let author = self.prolific();
        let rows = (0..self.prolific_tweets)
            .map(|number| format!("({}, {author}, 'one of many')", tweet_id(number) + 1));
        database.insert("tweets (id, user_id, tweet)", rows).context("cannot load tweets")
    }
}

/// The id of a tweet: ascending, far apart as snowflakes are, and smaller than what a server draws today.
pub(crate) fn tweet_id(number: usize) -> u64 {
    (number as u64 + 1) << 30
}

/// The text of a tweet.
pub(crate) fn text(number: i64) -> String {
    format!("Tweet number {number}: 오늘 점심은 뭐 먹지? I wonder what is for lunch.")
}
