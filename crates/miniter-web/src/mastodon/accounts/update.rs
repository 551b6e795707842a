//! Changing one's own account.

use actix_web::web;
use miniter_domain::Visibility;
use miniter_service::ProfileChange;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::http::auth::Authorized;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::credential_account::CredentialAccount;

/// What changes. What is not given stays as it is.
#[derive(Deserialize, ToSchema, Default)]
pub(super) struct Update {
    /// At most 255 characters. A blank one stands for the username.
    #[serde(default, deserialize_with = "lenient::text")]
    display_name: Option<String>,
    /// At most 2,000 characters, as text.
    #[serde(default, deserialize_with = "lenient::text")]
    note: Option<String>,
    /// Whether the account approves its followers.
    #[serde(default, deserialize_with = "lenient::boolean")]
    locked: Option<bool>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    bot: Option<bool>,
    #[serde(default, deserialize_with = "lenient::boolean")]
    discoverable: Option<bool>,
    #[serde(default)]
    source: SourceParameters,
    /// All fields of the profile, at most 4.
    #[serde(default, deserialize_with = "given_list")]
    fields_attributes: Option<Vec<FieldParameters>>,
}

/// What new statuses are, unless a client says otherwise.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
struct SourceParameters {
    /// `public`, `unlisted`, `private` or `direct`.
    #[serde(deserialize_with = "lenient::text")]
    privacy: Option<String>,
    #[serde(deserialize_with = "lenient::boolean")]
    sensitive: Option<bool>,
    /// ISO 639-1. An empty one: none.
    #[serde(deserialize_with = "lenient::text")]
    language: Option<String>,
}

/// A row of a profile.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
struct FieldParameters {
    /// At most 255 characters. A row of which both parts are empty is left out.
    #[serde(deserialize_with = "lenient::text")]
    name: Option<String>,
    /// At most 255 characters.
    #[serde(deserialize_with = "lenient::text")]
    value: Option<String>,
}

fn given_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<FieldParameters>>, D::Error> {
    lenient::list(deserializer).map(Some)
}

impl TryFrom<Update> for ProfileChange {
    type Error = Failure;

    fn try_from(update: Update) -> Result<Self, Failure> {
        let visibility = match update.source.privacy.as_deref() {
            None | Some("") => None,
            Some(name) => Some(Visibility::of_name(name).ok_or_else(|| Failure::UnfitBody {
                note: "source[privacy] must be public, unlisted, private or direct".to_owned(),
            })?),
        };
        let field =
            |field: FieldParameters| (field.name.unwrap_or_default(), field.value.unwrap_or_default());
        Ok(Self {
            display_name: update.display_name,
            note: update.note,
            fields: update.fields_attributes.map(|fields| fields.into_iter().map(field).collect()),
            is_locked: update.locked,
            is_bot: update.bot,
            is_discoverable: update.discoverable,
            default_visibility: visibility,
            default_sensitive: update.source.sensitive,
            default_language: update.source.language,
        })
    }
}

/// Changes one's own account.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/update_credentials",
    tag = "accounts",
    operation_id = "update_credentials",
    request_body = Update,
    responses((status = 200, description = "The account as it is then.", body = CredentialAccount))
)]
pub(super) async fn update_credentials(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    Params(update): Params<Update>,
) -> Result<web::Json<CredentialAccount>, Failure> {
    let change = ProfileChange::try_from(update)?;
    let (actor, profiles) = (grant.user, state.services.profiles.clone());
    let updated = move || {
        let account = profiles.update(actor, change)?;
        Ok((account, profiles.count_follow_requests(actor)?))
    };
    let (account, requests) = state.bulkheads.write.run_for(actor, updated).await?;
    Ok(web::Json(CredentialAccount::of(&account, requests, &state.instance.public_url)))
}
