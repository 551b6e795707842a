//! What is written about statuses that are published: boosts, edits and deletions, with all that depends on them.

mod delete;
mod edit;
mod reblog;

pub(crate) use delete::{delete, forget_statuses_of};
pub(crate) use edit::update;
pub(crate) use reblog::{NewBoost, reblog, unreblog};
