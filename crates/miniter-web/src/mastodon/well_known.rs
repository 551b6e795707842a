//! What stands at well-known addresses (RFC 8615): how to find an account by its address.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::http::auth::Access;
use crate::http::body::params::Params;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::public_url::PublicUrl;
use crate::http::state::State;
use crate::mastodon::entities::webfinger::{Webfinger, WebfingerLink};
use crate::mastodon::{Part, get};

pub(super) const PART: Part = Part { endpoints, document: WellKnownApi::openapi };

/// The relation of an account's address to where an account is found by it (RFC 6415, 3).
const LRDD: &str = "lrdd";

fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/.well-known/host-meta", Access::Anyone, |route| route.to(read_host_meta)),
        get("/.well-known/host-meta.json", Access::Anyone, |route| route.to(read_host_meta_json)),
        get("/.well-known/webfinger", Access::Anyone, |route| route.to(find_account)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(read_host_meta, read_host_meta_json, find_account))]
struct WellKnownApi;

/// Where accounts are found.
#[derive(Serialize, ToSchema)]
struct HostMeta {
    links: Vec<WebfingerLink>,
}

/// The address of webfinger, with a place for the address of an account.
fn template(public_url: &PublicUrl) -> String {
    public_url.join("/.well-known/webfinger?resource={uri}")
}

/// Returns where accounts are found, as XRD.
#[utoipa::path(
    get,
    path = "/.well-known/host-meta",
    tag = "instance",
    responses((status = 200, description = "Where accounts are found.", body = String, content_type = "application/xrd+xml"))
)]
async fn read_host_meta(state: web::Data<State>) -> HttpResponse {
    // A host has no character that XML escapes.
    let template = template(&state.instance.public_url);
    HttpResponse::Ok().content_type("application/xrd+xml; charset=utf-8").body(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
         <Link rel=\"{LRDD}\" template=\"{template}\"/>\n\
         </XRD>\n"
    ))
}

/// Returns where accounts are found, as JSON.
#[utoipa::path(
    get,
    path = "/.well-known/host-meta.json",
    tag = "instance",
    responses((status = 200, description = "Where accounts are found.", body = HostMeta))
)]
async fn read_host_meta_json(state: web::Data<State>) -> web::Json<HostMeta> {
    let template = Some(template(&state.instance.public_url));
    web::Json(HostMeta { links: vec![WebfingerLink { rel: LRDD, kind: None, href: None, template }] })
}

/// Whom to find.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// `acct:song@example.com`, or the URL of a profile.
    #[serde(default)]
    #[param(required = true, example = "acct:song@example.com")]
    resource: String,
}

/// Finds an account of this server by its address.
#[utoipa::path(
    get,
    path = "/.well-known/webfinger",
    tag = "instance",
    params(Wanted),
    responses((status = 200, description = "The account.", body = Webfinger, content_type = "application/jrd+json"))
)]
async fn find_account(
    state: web::Data<State>,
    request: HttpRequest,
    Params(wanted): Params<Wanted>,
) -> Result<HttpResponse, Failure> {
    let name = username_of(&wanted.resource, &state.instance.public_url).ok_or(Failure::NotFound)?;
    let (name, profiles) = (name.to_owned(), state.services.profiles.clone());
    let find = move || profiles.find_by_username(&name);
    let account = freshness::read(&request, &state, || None, find).await?;
    let username = &account.username;
    let (public_url, json) = (&state.instance.public_url, "application/jrd+json; charset=utf-8");
    let profile = public_url.account_url(username);
    Ok(HttpResponse::Ok().content_type(json).json(Webfinger {
        subject: format!("acct:{username}@{}", public_url.host()),
        aliases: vec![profile.clone()],
        links: vec![WebfingerLink {
            rel: "http://webfinger.net/rel/profile-page",
            kind: Some("text/html"),
            href: Some(profile),
            template: None,
        }],
    }))
}

/// The name of the account of this server that an address or a URL would have.
fn username_of<'a>(resource: &'a str, public_url: &PublicUrl) -> Option<&'a str> {
    let profile = resource.strip_prefix(&public_url.join("/@"));
    let address = || {
        let address = resource.strip_prefix("acct:").unwrap_or(resource);
        let (name, host) = address.strip_prefix('@').unwrap_or(address).rsplit_once('@')?;
        host.eq_ignore_ascii_case(public_url.host()).then_some(name)
    };
    profile.or_else(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_address_or_its_page() {
        let public_url = "https://example.com".parse().unwrap();
        for (resource, name) in [
            ("acct:song@example.com", Some("song")),
            ("acct:Song@Example.com", Some("Song")),
            ("song@example.com", Some("song")),
            ("@song@example.com", Some("song")),
            ("https://example.com/@song", Some("song")),
            ("acct:song@elsewhere.example", None),
            ("acct:song", None),
            ("https://elsewhere.example/@song", None),
            ("", None),
        ] {
            assert_eq!(username_of(resource, &public_url), name, "{resource}");
        }
    }
}
