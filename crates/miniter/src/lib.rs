//! The miniter server: settings, wiring and the command line.
//!
//! The library part exists for the end-to-end tests, which run the same [`app`] as `miniter serve`.

pub mod app;
pub mod cli;
pub mod commands;
pub mod log_writer;
pub mod open_files;
mod secret;
pub mod settings;
mod signals;
