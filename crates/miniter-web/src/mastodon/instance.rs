//! What this server is: the first thing that a client asks.

use actix_web::web;
use miniter_domain::Statistics;
use miniter_service::Registration;
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::endpoint::Endpoint;
use crate::http::failure::Failure;
use crate::http::instance::InstanceSettings;
use crate::http::state::State;
use crate::mastodon::entities::instance::{
    AccountLimits, Configuration, ConfigurationUrls, Contact, ContentLimits, Icon, Instance, InstanceUsage,
    InstanceUsers, MediaLimits, PollLimits, Registrations, Stats, StatusLimits, Thumbnail, ThumbnailVersions,
    Translation, V1Instance, V1Urls,
};
use crate::mastodon::{COMPATIBLE_VERSION, Part, get};

pub(super) const PART: Part = Part { endpoints, document: InstanceApi::openapi };

fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/api/v1/instance", Access::Anyone, |route| route.to(read_v1)),
        get("/api/v2/instance", Access::Anyone, |route| route.to(read_v2)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(read_v1, read_v2))]
struct InstanceApi;

/// How much there is.
pub(super) async fn statistics(state: &State) -> Result<Statistics, Failure> {
    let statistics = &state.services.statistics;
    if let Some(found) = statistics.cached() {
        return Ok(found);
    }
    let statistics = statistics.clone();
    state.bulkheads.read.run(move || statistics.count()).await
}

/// The version that clients compare: that of the API, and then our own.
pub(super) fn version(instance: &InstanceSettings) -> String {
    format!("{COMPATIBLE_VERSION} (compatible; miniter {})", instance.version)
}

/// Returns what this server is, as clients before version 4 ask for it.
#[utoipa::path(
    get,
    path = "/api/v1/instance",
    tag = "instance",
    operation_id = "read_instance_v1",
    responses((status = 200, description = "The server.", body = V1Instance))
)]
async fn read_v1(state: web::Data<State>) -> Result<web::Json<V1Instance>, Failure> {
    let Statistics { users, statuses, .. } = statistics(&state).await?;
    let instance = &state.instance;
    Ok(web::Json(V1Instance {
        uri: instance.public_url.host().to_owned(),
        title: instance.title.clone(),
        short_description: instance.description.clone(),
        description: instance.description.clone(),
        email: instance.contact.clone(),
        version: version(instance),
        urls: V1Urls { streaming_api: instance.public_url.streaming_url() },
        stats: Stats { user_count: users, status_count: statuses, domain_count: 1 },
        thumbnail: Some(instance.public_url.thumbnail_url()),
        languages: languages(),
        registrations: instance.registration == Registration::Open,
        approval_required: false,
        invites_enabled: false,
        configuration: content_limits(),
        contact_account: None,
        rules: Vec::new(),
    }))
}

/// Returns what this server is.
#[utoipa::path(
    get,
    path = "/api/v2/instance",
    tag = "instance",
    operation_id = "read_instance",
    responses((status = 200, description = "The server.", body = Instance))
)]
async fn read_v2(state: web::Data<State>) -> Result<web::Json<Instance>, Failure> {
    let Statistics { active_users, .. } = statistics(&state).await?;
    let instance = &state.instance;
    let thumbnail = instance.public_url.thumbnail_url();
    Ok(web::Json(Instance {
        domain: instance.public_url.host().to_owned(),
        title: instance.title.clone(),
        version: version(instance),
        // The program has no home of its own; its documentation is on each server.
        source_url: instance.public_url.join("/docs/"),
        description: instance.description.clone(),
        usage: InstanceUsage { users: InstanceUsers { active_month: active_users } },
        thumbnail: Thumbnail {
            url: thumbnail.clone(),
            blurhash: None,
            versions: ThumbnailVersions { single: thumbnail.clone(), double: thumbnail },
        },
        icon: vec![Icon { src: instance.public_url.icon_url(), size: "192x192".to_owned() }],
        languages: languages(),
        configuration: Configuration {
            urls: ConfigurationUrls { streaming: instance.public_url.streaming_url() },
            limits: content_limits(),
            translation: Translation { enabled: false },
        },
        registrations: Registrations {
            enabled: instance.registration == Registration::Open,
            approval_required: false,
            message: None,
            url: None,
        },
        contact: Contact { email: instance.contact.clone(), account: None },
        rules: Vec::new(),
    }))
}

/// The languages that this server speaks to people in.
fn languages() -> Vec<String> {
    vec!["en".to_owned(), "ko".to_owned()]
}

/// What this server takes. What it does not take yet has Mastodon's limits, for clients that require numbers.
fn content_limits() -> ContentLimits {
    ContentLimits {
        accounts: AccountLimits { max_featured_tags: 10, max_pinned_statuses: 5 },
        statuses: StatusLimits {
            max_characters: 300,
            // Pictures come with the routes that take them.
            max_media_attachments: 0,
            characters_reserved_per_url: 23,
        },
        media_attachments: MediaLimits {
            supported_mime_types: Vec::new(),
            image_size_limit: 16 << 20,
            image_matrix_limit: 33_177_600,
            video_size_limit: 99 << 20,
            video_frame_rate_limit: 120,
            video_matrix_limit: 8_294_400,
        },
        polls: PollLimits {
            max_options: 4,
            max_characters_per_option: 50,
            min_expiration: 300,
            max_expiration: 2_629_746,
        },
    }
}
