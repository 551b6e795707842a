//! What this server is, for programs that compare servers (<https://nodeinfo.diaspora.software>).

use actix_web::{HttpResponse, web};
use miniter_domain::Statistics;
use miniter_service::Registration;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::nodeinfo::{
    Metadata, NodeServices, Nodeinfo, NodeinfoLink, NodeinfoLinks, Software, Upstream, Usage, UsageUsers,
};
use crate::mastodon::instance::statistics;
use crate::mastodon::{COMPATIBLE_VERSION, Part, get};

pub(super) const PART: Part = Part { endpoints, document: NodeinfoApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/.well-known/nodeinfo", Access::Anyone, |route| route.to(list_links)),
        get("/nodeinfo/2.0", Access::Anyone, |route| route.to(read_2_0)),
        get("/nodeinfo/2.1", Access::Anyone, |route| route.to(read_2_1)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list_links, read_2_0, read_2_1))]
struct NodeinfoApi;

/// The versions of the document.
const VERSIONS: [&str; 2] = ["2.0", "2.1"];

/// Returns where the documents are.
#[utoipa::path(
    get,
    path = "/.well-known/nodeinfo",
    tag = "instance",
    operation_id = "list_nodeinfo_links",
    responses((status = 200, description = "Where they are.", body = NodeinfoLinks))
)]
async fn list_links(state: web::Data<State>) -> web::Json<NodeinfoLinks> {
    let links = VERSIONS.map(|version| NodeinfoLink {
        rel: format!("http://nodeinfo.diaspora.software/ns/schema/{version}"),
        href: state.instance.public_url.join(&format!("/nodeinfo/{version}")),
    });
    web::Json(NodeinfoLinks { links: links.into() })
}

/// Returns what this server is, in version 2.0 of the document.
#[utoipa::path(
    get,
    path = "/nodeinfo/2.0",
    tag = "instance",
    operation_id = "read_nodeinfo_2_0",
    responses((status = 200, description = "The server.", body = Nodeinfo))
)]
async fn read_2_0(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    read("2.0", &state).await
}

/// Returns what this server is, in version 2.1 of the document.
#[utoipa::path(
    get,
    path = "/nodeinfo/2.1",
    tag = "instance",
    operation_id = "read_nodeinfo_2_1",
    responses((status = 200, description = "The server.", body = Nodeinfo))
)]
async fn read_2_1(state: web::Data<State>) -> Result<HttpResponse, Failure> {
    read("2.1", &state).await
}

async fn read(version: &'static str, state: &State) -> Result<HttpResponse, Failure> {
    let Statistics { users, active_users, statuses } = statistics(state).await?;
    let instance = &state.instance;
    Ok(HttpResponse::Ok().json(Nodeinfo {
        version,
        software: Software { name: "miniter", version: instance.version.clone() },
        protocols: Vec::new(),
        services: NodeServices { inbound: Vec::new(), outbound: Vec::new() },
        usage: Usage {
            users: UsageUsers { total: users, active_month: active_users },
            local_posts: statuses,
        },
        open_registrations: instance.registration == Registration::Open,
        metadata: Metadata {
            node_name: instance.title.clone(),
            node_description: instance.description.clone(),
            upstream: Upstream { name: "mastodon", version: COMPATIBLE_VERSION },
        },
    }))
}
