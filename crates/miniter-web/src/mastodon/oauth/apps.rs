//! Registering an app.

use actix_web::{HttpResponse, web};
use miniter_domain as domain;
use miniter_service::{AppRegistration, RegisteredApp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::auth::AuthorizedToken;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::application::{Application, CredentialApplication};
use crate::mastodon::entities::value::Id;
use crate::mastodon::oauth::NOT_KEPT;

/// What a developer says of an app.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct Registration {
    /// 1 to 60 characters, at least one of them visible.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String, example = "Ivory")]
    client_name: Option<String>,
    /// Where codes may be sent to: a list, or addresses with white space between two. `urn:ietf:wg:oauth:2.0:oob` shows the code to the
    /// person.
    #[serde(deserialize_with = "lenient::list_or_item")]
    #[schema(required = true, example = json!(["com.tapbots.Ivory.10217:/request_token"]))]
    redirect_uris: Vec<String>,
    /// Names of scopes with a space between two; `read` if there are none.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(example = "read write follow push")]
    scopes: Option<String>,
    /// The page of the app.
    #[serde(deserialize_with = "lenient::text")]
    website: Option<String>,
}

impl From<domain::Application> for Application {
    fn from(application: domain::Application) -> Self {
        Self {
            id: Id(application.id.get()),
            name: application.name,
            website: application.website,
            scopes: application.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            redirect_uris: application.redirect_uris.lines().map(str::to_owned).collect(),
            redirect_uri: application.redirect_uris,
            vapid_key: String::new(),
        }
    }
}

/// Registers an app.
#[utoipa::path(
    post,
    path = "/api/v1/apps",
    tag = "oauth",
    operation_id = "register_app",
    request_body = Registration,
    responses((status = 200, description = "The app, with its secret.", body = CredentialApplication))
)]
pub(super) async fn register(
    state: web::Data<State>,
    Params(registration): Params<Registration>,
) -> Result<HttpResponse, Failure> {
    let applications = state.services.applications.clone();
    let registered = state.bulkheads.write.run(move || {
        let Registration { client_name, redirect_uris, scopes, website } = registration;
        let name = client_name.unwrap_or_default();
        applications.register(AppRegistration { name, redirect_uris, scopes, website })
    });
    let RegisteredApp { application, client_secret } = registered.await?;
    Ok(HttpResponse::Ok().insert_header(NOT_KEPT).json(CredentialApplication {
        client_id: application.client_id.clone(),
        client_secret,
        client_secret_expires_at: 0,
        application: application.into(),
    }))
}

/// Returns the app that holds the token, whether it acts for a person or for itself.
#[utoipa::path(
    get,
    path = "/api/v1/apps/verify_credentials",
    tag = "oauth",
    operation_id = "verify_app",
    responses((status = 200, description = "The app.", body = Application))
)]
pub(super) async fn verify_credentials(
    state: web::Data<State>,
    AuthorizedToken(grant): AuthorizedToken,
) -> Result<web::Json<Application>, Failure> {
    // No app holds the token of a log-in by password.
    let app = grant.app().ok_or(Failure::TokenInvalid)?;
    let applications = state.services.applications.clone();
    let application = state.bulkheads.read.run(move || applications.find(app)).await?;
    Ok(web::Json(application.into()))
}
