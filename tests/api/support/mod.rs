//! A running server for a test, and a client for it.

pub mod answer;
pub mod app;
pub mod contract;
#[path = "../../support/database.rs"]
pub mod database;
pub mod process;
