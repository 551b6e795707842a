//! Follows, requests, blocks, mutes and notes: what accounts are to each other.

mod changes;
mod lists;
mod query;

pub(crate) use changes::{authorize, block, end_follow, end_request, follow};
pub(crate) use lists::page_of;
pub(crate) use query::{Kind, RelationRow, relationships_of};
