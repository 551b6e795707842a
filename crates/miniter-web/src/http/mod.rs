//! What every presentation shares.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod cors;
pub(crate) mod endpoint;
pub(crate) mod exchange;
pub(crate) mod framing;
pub(crate) mod freshness;
pub(crate) mod lane;
pub(crate) mod language;
pub(crate) mod limits;
pub(crate) mod metrics;
pub(crate) mod problem;
pub(crate) mod stream;
pub(crate) mod unread;
