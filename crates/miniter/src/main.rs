//! `miniter`: a microblog server. See `miniter --help`.

use std::process::ExitCode;

use miniter::commands;
use miniter::settings::{Cli, Command};

/// Gives memory back: under the system's allocator the 19 MiB of each password hash stay with the thread that made it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "the logger may not be there yet, and this is for a person"
            )]
            {
                eprintln!("miniter: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    commands::load_dot_env()?;
    let Cli { command, settings } = Cli::read();
    commands::start_logging(&settings);
    match command.unwrap_or(Command::Serve) {
        Command::Serve => commands::serve::run(&settings),
        Command::Migrate => commands::migrate::run(&settings),
        Command::Timelines(command) => commands::timelines::run(command, &settings),
        Command::User(command) => commands::user::run(command, &settings),
        Command::Backup { file } => commands::backup::back_up(&file, &settings),
        Command::Restore { file } => commands::backup::restore(&file, &settings),
        Command::Openapi => commands::openapi::run(),
    }
}
