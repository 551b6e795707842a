//! Measures a miniter server: loads a database with deterministic people and tweets, drives a release server with wrk and
//! real tokens, and sets every figure beside a ceiling that is measured in the same run.
//!
//! Absolute figures are noise between machines and hours; the ratios are what to compare.

mod ceiling;
mod client;
mod data;
mod load;
mod plot;
mod report;
mod server;
mod suite;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures a miniter server
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Load a database, measure a server on it and write the figures
    Run(Options),
    /// Serve what no database is behind: the ceiling that a server is compared with
    Ceiling {
        /// The address to listen on
        #[arg(long)]
        bind: String,
        /// A document in JSON to be served as /document
        #[arg(long)]
        document: Option<PathBuf>,
    },
}

/// What to measure, and how long.
#[derive(clap::Args)]
struct Options {
    /// The database, which must be new: sqlite:PATH or mysql://…
    #[arg(long)]
    database_url: String,
    /// The miniter to measure
    #[arg(long, default_value = "target/release/miniter")]
    server: PathBuf,
    /// How much data, where 1 is 20,000 users and 3 million tweets
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// How long each measurement lasts, in seconds
    #[arg(long, default_value_t = 6)]
    seconds: u32,
    /// Where the report and its figures go: NAME.md, NAME.json and NAME.svg
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(options) => suite::run(&options),
        Command::Ceiling { bind, document } => ceiling::serve(&bind, document.as_deref()),
    }
}
