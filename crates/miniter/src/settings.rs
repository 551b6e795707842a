//! Settings: each is a flag and a `MINITER_…` variable, read once.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueEnum};
use log::LevelFilter;
use miniter_domain::{Email, Quota};
use miniter_persistence::DatabaseUrl;
use miniter_service::Registration;
use miniter_web::{CorsOrigins, PublicUrl, TrustedProxies};
use secrecy::{ExposeSecret, SecretString};

/// The settings of a server. A flag overrides the environment, the environment overrides `.env` in the working folder, and
/// `.env` overrides the default.
#[expect(clippy::doc_markdown, reason = "the comments on its fields are printed by --help, as they stand")]
#[allow(rustdoc::bare_urls, reason = "likewise")]
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// URL of the database: sqlite:PATH (a missing file or folder is created) or mysql://USER:PASSWORD@HOST:PORT/DATABASE
    /// (needs a build with the feature mysql)
    #[arg(
        long,
        global = true,
        env = "MINITER_DATABASE_URL",
        hide_env_values = true,
        default_value = "sqlite:data/miniter.db",
        value_name = "URL"
    )]
    pub database_url: DatabaseUrl,

    /// Address on which the server listens. 0.0.0.0:5000 makes it reachable from other machines
    #[arg(
        long,
        global = true,
        env = "MINITER_BIND",
        default_value = "127.0.0.1:5000",
        value_name = "ADDRESS:PORT"
    )]
    pub bind: String,

    /// URL at which people reach the server, such as https://example.com: no path, no slash at the end. Links, pictures and apps
    /// use it. Without this setting it is the address on which the server listens
    #[arg(long, global = true, env = "MINITER_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Name of the server, which apps show
    #[arg(long, global = true, env = "MINITER_TITLE", default_value = "miniter", value_name = "TEXT", value_parser = parse_title)]
    pub title: String,

    /// What the server is about, as text
    #[arg(
        long,
        global = true,
        env = "MINITER_DESCRIPTION",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub description: String,

    /// E-mail address at which people reach the operator. Everybody can read it
    #[arg(
        long,
        global = true,
        env = "MINITER_CONTACT",
        default_value = "",
        hide_default_value = true,
        value_name = "EMAIL",
        value_parser = parse_contact
    )]
    pub contact: String,

    /// Whether people may sign up
    #[arg(
        long,
        global = true,
        env = "MINITER_REGISTRATION",
        default_value = "open",
        value_name = "open|closed"
    )]
    pub registration: Registration,

    /// Key that signs tokens: at least 32 bytes, the same on every node. Without it, a server on SQLite generates one into a file
    /// beside the database. Set it in the environment: other users of the machine can see a flag
    #[arg(long, global = true, env = "MINITER_JWT_SECRET", hide_env_values = true, value_name = "SECRET", value_parser = parse_secret)]
    pub jwt_secret: Option<SecretString>,

    /// Older keys, separated by commas. The server still accepts tokens signed with them, so that a new key logs no user out
    #[arg(
        long,
        global = true,
        env = "MINITER_JWT_PREVIOUS_SECRETS",
        hide_env_values = true,
        value_delimiter = ',',
        value_name = "SECRETS",
        value_parser = parse_secret
    )]
    pub jwt_previous_secrets: Vec<SecretString>,

    /// Lifetime of a token, in seconds
    #[arg(long, global = true, env = "MINITER_TOKEN_LIFETIME", default_value = "86400", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub token_lifetime: u32,

    /// Maximum number of timeline entries in one response, and the number for a request without a limit
    #[arg(
        long,
        global = true,
        env = "MINITER_TIMELINE_LIMIT",
        default_value = "1000",
        value_name = "ENTRIES"
    )]
    pub timeline_limit: NonZeroU32,

    /// Origins of the web pages that may call the API, separated by commas (https://example.com), or * for all
    #[arg(long, global = true, env = "MINITER_CORS_ORIGINS", default_value = "*", value_name = "ORIGINS")]
    pub cors_origins: CorsOrigins,

    /// Number of database connections that read, and so of requests that read at once. One more connection writes
    #[arg(long, global = true, env = "MINITER_DATABASE_CONNECTIONS", default_value = "8", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// On MySQL and MariaDB: maximum age of cached data, such as 60s (s, m, h or d). Set it if other programs write follows,
    /// changes or deletions to the database; it limits the time until these are visible. Their new tweets are visible at once
    #[arg(long, global = true, env = "MINITER_FOREIGN_WRITES", value_name = "TIME", value_parser = parse_time)]
    pub foreign_writes: Option<Duration>,

    /// Maximum number of client connections. A further one closes the connection that has been idle longest. One address (an IPv6
    /// address counts as its /64) may hold an eighth of them, unless it is a trusted proxy or the rate limits are off
    #[arg(long, global = true, env = "MINITER_MAX_CONNECTIONS", default_value = "1024", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_connections: u16,

    /// Whether rate limits apply
    #[arg(long, global = true, env = "MINITER_RATE_LIMITS", default_value = "on", value_name = "on|off")]
    pub rate_limits: Switch,

    /// Limit of log-ins from one address: 25/5m is 25 at once, and from then on one every 12 seconds. An IPv6 address counts as
    /// its /64
    #[arg(long, global = true, env = "MINITER_LOG_IN_LIMIT", default_value = "25/5m", value_name = "NUMBER/TIME", value_parser = parse_quota)]
    pub log_in_limit: Quota,

    /// Limit of wrong passwords for one account, on all nodes together. Each address from which the account has been used has
    /// a separate count; all other addresses share one
    #[arg(long, global = true, env = "MINITER_LOG_IN_FAILURE_LIMIT", default_value = "25/1h", value_name = "NUMBER/TIME", value_parser = parse_quota)]
    pub log_in_failure_limit: Quota,

    /// Limit of sign-ups from one address
    #[arg(long, global = true, env = "MINITER_SIGN_UP_LIMIT", default_value = "5/30m", value_name = "NUMBER/TIME", value_parser = parse_quota)]
    pub sign_up_limit: Quota,

    /// Limit of tweets, follows and unfollows of one user
    #[arg(long, global = true, env = "MINITER_WRITE_LIMIT", default_value = "300/5m", value_name = "NUMBER/TIME", value_parser = parse_quota)]
    pub write_limit: Quota,

    /// Limit of reads of one user, or of one address for requests without a token
    #[arg(long, global = true, env = "MINITER_READ_LIMIT", default_value = "1500/5m", value_name = "NUMBER/TIME", value_parser = parse_quota)]
    pub read_limit: Quota,

    /// Proxies in front of this server, as addresses or networks separated by commas (10.0.0.0/8). For a request from one of
    /// them the server takes the client's address from X-Forwarded-For
    #[arg(
        long,
        global = true,
        env = "MINITER_TRUSTED_PROXIES",
        default_value = "",
        hide_default_value = true,
        value_name = "NETWORKS"
    )]
    pub trusted_proxies: TrustedProxies,

    /// Separate address for /metrics. Without it /metrics is on the address of the API
    #[arg(long, global = true, env = "MINITER_METRICS_BIND", value_name = "ADDRESS:PORT")]
    pub metrics_bind: Option<String>,

    /// Seconds for which the server goes on after SIGTERM with /readyz at 503, so that load balancers notice the stop
    #[arg(long, global = true, env = "MINITER_DRAIN_DELAY", default_value = "1", value_name = "SECONDS")]
    pub drain_delay: u16,

    /// Seconds for which a stopping server then waits for the requests that have begun
    #[arg(long, global = true, env = "MINITER_SHUTDOWN_TIMEOUT", default_value = "3", value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..))]
    pub shutdown_timeout: u16,

    /// Log level: error, warn, info, debug, trace or off, also by module (warn,miniter::access=info)
    #[arg(long, global = true, env = "MINITER_LOG", default_value = "info", value_name = "FILTER", value_parser = parse_log_filter)]
    pub log: String,
}

impl Settings {
    /// The defaults, without the environment. For tests.
    ///
    /// # Panics
    /// Never: nothing is required.
    #[must_use]
    #[expect(clippy::unwrap_used, reason = "what is parsed is empty")]
    pub fn defaults(database_url: DatabaseUrl) -> Self {
        let command = command().mut_args(|argument| argument.env(None::<&str>));
        let matches = command.try_get_matches_from(["miniter"]).unwrap();
        Self { database_url, ..Self::from_arg_matches(&matches).unwrap() }
    }

    /// [`Settings::jwt_previous_secrets`] without empty ones.
    pub fn previous_secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.jwt_previous_secrets.iter().filter(|secret| !secret.expose_secret().is_empty())
    }

    /// [`Settings::token_lifetime`] as a duration.
    #[must_use]
    pub fn token_lifetime(&self) -> Duration {
        Duration::from_secs(self.token_lifetime.into())
    }
}

impl fmt::Display for Settings {
    /// The settings in one line, without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins = match &self.cors_origins {
            CorsOrigins::Any => "*".to_owned(),
            CorsOrigins::Only(origins) => origins.join(","),
        };
        let limits = match self.rate_limits {
            Switch::Off => "off".to_owned(),
            Switch::On => [
                ("log_in", self.log_in_limit),
                ("log_in_failure", self.log_in_failure_limit),
                ("sign_up", self.sign_up_limit),
                ("write", self.write_limit),
                ("read", self.read_limit),
            ]
            .map(|(name, quota)| format!("{name}:{}/{}s", quota.limit(), quota.window().as_secs()))
            .join(","),
        };
        let foreign_writes =
            self.foreign_writes.map_or_else(|| "off".to_owned(), |age| format!("{}s", age.as_secs()));
        let proxies: Vec<String> = self.trusted_proxies.0.iter().map(ToString::to_string).collect();
        let proxies = if proxies.is_empty() { "none".to_owned() } else { proxies.join(",") };
        write!(
            f,
            "database_url={} bind={} public_url={} registration={} jwt_secret={} jwt_previous_secrets={} token_lifetime={} timeline_limit={} \
             cors_origins={origins} database_connections={} foreign_writes={foreign_writes} max_connections={} \
             rate_limits={limits} trusted_proxies={proxies} \
             metrics_bind={} drain_delay={} shutdown_timeout={} log={}",
            self.database_url,
            self.bind,
            self.public_url.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string),
            self.registration,
            if self.jwt_secret.is_some() { "given" } else { "generated" },
            self.previous_secrets().count(),
            self.token_lifetime,
            self.timeline_limit,
            self.database_connections,
            self.max_connections,
            self.metrics_bind.as_deref().unwrap_or("none"),
            self.drain_delay,
            self.shutdown_timeout,
            self.log,
        )
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// The default.
    On,
    /// For measurements, and for servers behind a proxy with limits of its own.
    Off,
}

/// A command line of the settings alone.
fn command() -> Command {
    Settings::augment_args(Command::new("miniter"))
}

/// Removes white space around a secret: the space in `one, another` belongs to neither.
#[expect(clippy::unnecessary_wraps, reason = "what a parser returns")]
fn parse_secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(text.trim().into())
}

fn parse_title(text: &str) -> Result<String, &'static str> {
    let title = text.trim();
    if title.is_empty() { Err("a title has at least one character") } else { Ok(title.to_owned()) }
}

fn parse_contact(text: &str) -> Result<String, String> {
    if !text.is_empty() {
        Email::parse(text).map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

/// Checks a log filter. `env_logger` takes a misspelt level for the name of a module, and then logs nothing.
fn parse_log_filter(text: &str) -> Result<String, String> {
    let is_level = |text: &str| text.trim().parse::<LevelFilter>().is_ok();
    let is_directive = |part: &str| match part.split_once('=') {
        Some((module, level)) => !module.trim().is_empty() && is_level(level),
        None => is_level(part),
    };
    if text.split(',').all(is_directive) {
        Ok(text.to_owned())
    } else {
        Err("use error, warn, info, debug, trace or off, also by module: warn,miniter::access=info"
            .to_owned())
    }
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let parse = || {
        let (number, seconds) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
            .iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
        let number: u64 = number.parse::<u32>().ok()?.into();
        (number > 0).then(|| Duration::from_secs(number * seconds))
    };
    parse().ok_or_else(|| "write a time as 60s, with s, m, h or d".to_owned())
}

fn parse_quota(text: &str) -> Result<Quota, String> {
    let parse = || {
        let (limit, time) = text.split_once('/')?;
        Quota::new(limit.parse().ok()?, parse_time(time).ok()?)
    };
    parse().ok_or_else(|| "write a number and a time: 25/5m, with s, m, h or d".to_owned())
}

/// The variables among `names` that begin like a setting and are not a setting: probably misspelt.
pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let command = command();
    let known: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()).collect();
    let mut unknown: Vec<_> = names
        .filter(|name| name.starts_with("MINITER_") && !known.iter().any(|known| *known == name.as_str()))
        .collect();
    unknown.sort();
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_a_flag_with_a_variable_of_the_same_name() {
        for argument in command().get_arguments() {
            let Some(flag) = argument.get_long().filter(|flag| !["help", "version"].contains(flag)) else {
                continue;
            };
            let variable = format!("MINITER_{}", flag.to_uppercase().replace('-', "_"));
            assert_eq!(argument.get_env().unwrap().to_str(), Some(variable.as_str()));
        }
    }

    #[test]
    fn every_setting_is_in_the_example_file() {
        let example = include_str!("../../../.env.example");
        for argument in command().get_arguments() {
            if let Some(variable) = argument.get_env() {
                let line = format!("#{}=", variable.to_str().unwrap());
                assert!(example.lines().any(|found| found.starts_with(&line)), "{line}");
            }
        }
        let listed =
            example.lines().filter_map(|line| Some(line.strip_prefix('#')?.split_once('=')?.0.to_owned()));
        assert_eq!(unknown_variables(listed), Vec::<String>::new());
    }

    #[test]
    fn a_misspelt_variable_is_found() {
        let names = ["MINITER_BIND", "MINITER_BINT", "PATH", "MINITER_"].map(str::to_owned);
        assert_eq!(unknown_variables(names.into_iter()), ["MINITER_", "MINITER_BINT"]);
    }

    #[test]
    fn a_misspelt_log_level_is_refused() {
        for text in ["info", "OFF", "warn,miniter::access=info", "miniter=debug"] {
            assert!(parse_log_filter(text).is_ok(), "{text}");
        }
        for text in ["", "inof", "miniter", "=info", "a=b=c", "info,", "miniter=inof"] {
            assert!(parse_log_filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_contact_is_an_address_or_none_and_a_title_is_not_blank() {
        for text in ["", "song@example.com"] {
            assert_eq!(parse_contact(text).as_deref(), Ok(text));
        }
        assert!(parse_contact("song").is_err());
        assert_eq!(parse_title(" Song's "), Ok("Song's".to_owned()));
        assert!(parse_title(" ").is_err());
    }

    #[test]
    fn a_limit_is_a_number_and_a_time() {
        for (text, limit, seconds) in
            [("25/5m", 25, 300), ("1/1s", 1, 1), ("7/2h", 7, 7_200), ("9/1d", 9, 86_400)]
        {
            let quota = parse_quota(text).unwrap();
            assert_eq!((quota.limit().get(), quota.window().as_secs()), (limit, seconds), "{text}");
        }
        for text in ["", "25", "25/5", "0/5m", "25/0m", "-1/5m", "25/m", "25/5w", "x/5m", "4000000000/1s"] {
            assert!(parse_quota(text).is_err(), "{text}");
        }
    }

    #[test]
    fn white_space_is_part_of_no_secret() {
        let arguments = ["miniter", "--jwt-secret", "new\n", "--jwt-previous-secrets", "old, older,, "];
        let settings = Settings::from_arg_matches(&command().get_matches_from(arguments)).unwrap();
        let previous: Vec<_> = settings.previous_secrets().map(ExposeSecret::expose_secret).collect();
        assert_eq!(previous, ["old", "older"]);
        assert_eq!(settings.jwt_secret.unwrap().expose_secret(), "new");
    }

    #[test]
    fn no_secret_is_shown() {
        let mut settings = Settings::defaults("sqlite:data/miniter.db".parse().unwrap());
        settings.jwt_secret = Some("hunter2hunter2".into());
        settings.jwt_previous_secrets = vec!["hunter2hunter2".into()];
        assert!(!format!("{settings} {settings:?}").contains("hunter2"));
    }
}
