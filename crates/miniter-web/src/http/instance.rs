//! What the operator says of this server.

use miniter_service::Registration;

use crate::http::public_url::PublicUrl;

/// What this server is called, where it is and who may sign up: what clients and people are told about it.
#[derive(Debug, Clone)]
pub struct InstanceSettings {
    /// Where people reach it.
    pub public_url: PublicUrl,
    /// Its name.
    pub title: String,
    /// What it is about, in plain text.
    pub description: String,
    /// The e-mail address of the operator; empty if people are told none.
    pub contact: String,
    /// Whether people may sign up.
    pub registration: Registration,
    /// The version of the program.
    pub version: String,
}
