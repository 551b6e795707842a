//! `miniter`: a microblog server. See `miniter --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use miniter::cli::{Cli, Command};
use miniter::commands;
use miniter::log_writer::LogWriter;

/// Returns memory to the system. With the system's allocator each hashing thread would keep the 19 MiB of its last hash.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let log_writer = match LogWriter::start(io::stderr(), commands::report_lost_lines) {
        Ok(log_writer) => log_writer,
        Err(error) => {
            drop(writeln!(io::stderr(), "miniter: cannot start a thread for the log: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match run(&log_writer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log_writer.say(&format!("miniter: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run(log_writer: &LogWriter) -> anyhow::Result<()> {
    commands::load_dot_env()?;
    let Cli { command, settings } = Cli::read();
    commands::start_logging(&settings, log_writer.sink());
    match command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve::run(&settings),
        Command::Migrate => commands::migrate::run(&settings),
        Command::Adopt { yes } => commands::adopt::run(&settings, yes),
        Command::User(command) => commands::user::run(command, &settings),
        Command::Backup { file } => commands::backup::back_up(&file, &settings),
        Command::Restore { file } => commands::backup::restore(&file, &settings),
        Command::Openapi => commands::openapi::run(),
    }
}
