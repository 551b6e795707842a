//! The commands of `miniter`, and the steps before each of them.

pub mod adopt;
pub mod backup;
pub mod migrate;
pub mod openapi;
pub mod serve;
pub mod user;

use std::panic;

use anyhow::{Context, anyhow};
use env_logger::Target;

use crate::log_writer::LogSink;
use crate::settings::{Settings, unknown_variables};

/// Adds the variables of `.env` in the working folder to the environment, if the file exists. It overrides no variable.
///
/// # Errors
/// If the file cannot be read or understood.
pub fn load_dot_env() -> anyhow::Result<()> {
    match dotenvy::from_path(".env") {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(dotenvy::Error::LineParse(_, position)) => {
            // The line may hold a secret.
            Err(anyhow!("cannot understand .env: a line is not NAME=value (near its character {position})"))
        }
        Err(error) => Err(error).context("cannot read .env"),
    }
}

/// Starts the logger, and warns about unknown `MINITER_` variables.
pub fn start_logging(settings: &Settings, sink: LogSink) {
    env_logger::Builder::new()
        .target(Target::Pipe(Box::new(sink)))
        // Bytes that are not HTTP are the client's error, and would fill the log.
        .filter_module("actix_http::h1::dispatcher", log::LevelFilter::Off)
        .parse_filters(&settings.log)
        .format_timestamp_millis()
        .init();
    // One line, with any text in the message. The request that fails has a line of its own, with its id.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("something");
        log::warn!("panicked at {place}: {}", message.escape_debug());
    }));
    for variable in unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        log::warn!(
            "{variable} is no setting of miniter and has no effect; miniter --help lists the settings"
        );
    }
}

/// Logs the number of lost lines.
pub fn report_lost_lines(lost: u64) {
    log::error!(
        "{lost} lines of the log were lost here: the reader of standard error was too slow, or a write failed"
    );
}
