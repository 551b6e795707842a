//! A running server for a test, and a client for it.

pub mod answer;
pub mod app;
pub mod contract;
pub mod process;
