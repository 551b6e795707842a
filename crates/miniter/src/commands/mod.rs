//! What `miniter` can be told to do, and what comes before it.

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

/// Takes the variables of `.env` in the working folder, where there is one, into the environment; those that are set
/// already stay.
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

/// Starts the logger, and says what it first has to say.
pub fn start_logging(settings: &Settings, sink: LogSink) {
    env_logger::Builder::new()
        .target(Target::Pipe(Box::new(sink)))
        // What is no HTTP at all is a stranger's mistake, and no error of ours.
        .filter_module("actix_http::h1::dispatcher", log::LevelFilter::Off)
        .parse_filters(&settings.log)
        .format_timestamp_millis()
        .init();
    // In one line, whatever it quotes. The request that it makes fail has a line of its own, with its id.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("something");
        log::warn!("panicked at {place}: {}", message.escape_debug());
    }));
    for variable in unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        log::warn!("{variable} is no setting of miniter and has no effect; miniter --help lists them");
    }
}

/// Says in the log how many of its lines were lost.
pub fn report_lost_lines(lost: u64) {
    log::error!(
        "{lost} lines of the log were lost here: what reads standard error was too slow, or could not be written to"
    );
}
