//! What this server is, for programs that compare servers (nodeinfo).

use serde::Serialize;
use utoipa::ToSchema;

/// Where the documents are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeinfoLinks {
    pub(crate) links: Vec<NodeinfoLink>,
}

/// Where a document is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeinfoLink {
    /// The version, as the URL of its schema.
    pub(crate) rel: String,
    pub(crate) href: String,
}

/// What this server is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nodeinfo {
    /// The version of this document.
    #[schema(example = "2.0")]
    pub(crate) version: &'static str,
    pub(crate) software: Software,
    /// Always empty: there is no federation.
    pub(crate) protocols: Vec<String>,
    pub(crate) services: NodeServices,
    pub(crate) usage: Usage,
    pub(crate) open_registrations: bool,
    pub(crate) metadata: Metadata,
}

/// The program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Software {
    #[schema(example = "miniter")]
    pub(crate) name: &'static str,
    pub(crate) version: String,
}

/// Other networks that this server reads from or writes to: none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NodeServices {
    pub(crate) inbound: Vec<String>,
    pub(crate) outbound: Vec<String>,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    pub(crate) users: UsageUsers,
    pub(crate) local_posts: u64,
}

/// How many people there are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageUsers {
    pub(crate) total: u64,
    /// Those who wrote something in the last month.
    pub(crate) active_month: u64,
}

/// What clients need to know beyond the document's schema.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) node_name: String,
    pub(crate) node_description: String,
    /// The program whose API this server speaks: some clients look for it here where they do not know the name of the program.
    pub(crate) upstream: Upstream,
}

/// The program whose API this server speaks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upstream {
    #[schema(example = "mastodon")]
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}
