//! The repository traits of `miniter-domain`, implemented by the store.

mod access_tokens;
mod accounts;
mod applications;
mod authorization_codes;
mod circles;
mod follows;
mod health;
mod interactions;
mod known_addresses;
mod login_throttle;
mod markers;
mod notifications;
mod reactions;
mod relationships;
mod sessions;
mod statistics;
mod statuses;
mod threads;
mod timelines;
mod users;
