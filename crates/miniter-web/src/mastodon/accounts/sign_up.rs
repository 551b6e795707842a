//! Signing up with an app.

use std::collections::BTreeMap;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use miniter_domain::DomainError;
use miniter_service::{AnyGrant, IssuedToken, ServiceError, SignUp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::http::auth::AuthorizedToken;
use crate::http::body::lenient;
use crate::http::body::params::Params;
use crate::http::failure::Failure;
use crate::http::state::State;
use crate::mastodon::entities::token::Token;

/// A new account.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct SignUpParameters {
    /// 1 to 30 ASCII letters, digits and underscores.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String, example = "song")]
    username: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String, example = "song@example.com")]
    email: Option<String>,
    /// 8 to 128 characters.
    #[serde(deserialize_with = "lenient::text")]
    #[schema(required = true, value_type = String, format = Password)]
    password: Option<String>,
    /// That the person agrees to the rules of this server.
    #[serde(deserialize_with = "lenient::boolean")]
    #[schema(required = true, value_type = bool)]
    agreement: Option<bool>,
}

/// Why nobody was signed up.
#[derive(Serialize, ToSchema)]
struct SignUpError {
    /// All faults, in English.
    #[schema(example = "Validation failed: Username has already been taken")]
    error: String,
    /// The faults of each parameter.
    details: BTreeMap<&'static str, Vec<SignUpFault>>,
}

/// What is wrong with a parameter.
#[derive(Serialize, ToSchema)]
struct SignUpFault {
    /// A name: `ERR_TAKEN`, `ERR_RESERVED`, `ERR_ACCEPTED`, `ERR_BLANK`, `ERR_INVALID`, `ERR_TOO_LONG` or `ERR_TOO_SHORT`.
    error: &'static str,
    description: &'static str,
}

/// A parameter, the name of its fault, and the fault in English.
type Fault = (&'static str, &'static str, &'static str);

const EMAIL_TAKEN: Fault = ("email", "ERR_TAKEN", "has already been taken");
const USERNAME_TAKEN: Fault = ("username", "ERR_TAKEN", "has already been taken");

/// Signs a person up with an app, by the app's own token. The token that comes back is the person's, and works at once.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    tag = "accounts",
    operation_id = "sign_up_with_app",
    request_body = SignUpParameters,
    responses(
        (status = 200, description = "The person's token.", body = Token),
        (status = 422, description = "Parameters break rules, or are taken.", body = SignUpError)
    )
)]
pub(super) async fn sign_up(
    state: web::Data<State>,
    AuthorizedToken(grant): AuthorizedToken,
    Params(parameters): Params<SignUpParameters>,
) -> Result<HttpResponse, Failure> {
    let AnyGrant::App(grant) = grant else {
        let error = "This method requires an application's own token";
        return Ok(HttpResponse::Forbidden().json(json!({"error": error})));
    };
    let agreement = parameters.agreement.unwrap_or(false);
    let is_blank = [
        ("username", parameters.username.as_deref()),
        ("email", parameters.email.as_deref()),
        ("password", parameters.password.as_deref()),
    ]
    .map(|(name, value)| (name, value.unwrap_or_default().is_empty()));
    let account = account_of(parameters);
    let mut faults: Vec<Fault> = is_blank
        .iter()
        .filter(|(_, is_blank)| *is_blank)
        .map(|(name, _)| (*name, "ERR_BLANK", "can't be blank"))
        .collect();
    let rules = account.list_faults().into_iter().map(fault_of);
    faults.extend(rules.filter(|(name, ..)| !is_blank.contains(&(*name, true))));
    if !agreement {
        faults.push(("agreement", "ERR_ACCEPTED", "must be accepted"));
    }
    if !faults.is_empty() {
        return Ok(refuse(&faults));
    }
    let (accounts, tokens) = (state.services.accounts.clone(), state.services.access_tokens.clone());
    let signed_up = state.bulkheads.hash.run(move || {
        let user = accounts.sign_up(account)?;
        tokens.issue_to_new_user(grant, user)
    });
    match signed_up.await {
        Ok(IssuedToken { access_token, scopes, created_at }) => {
            let token = Token {
                access_token,
                token_type: "Bearer",
                scope: scopes.to_string(),
                created_at: created_at.timestamp(),
            };
            Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(token))
        }
        Err(Failure::Service(ServiceError::EmailTaken)) => Ok(refuse(&[EMAIL_TAKEN])),
        Err(Failure::Service(ServiceError::UsernameTaken)) => Ok(refuse(&[USERNAME_TAKEN])),
        Err(failure) => Err(failure),
    }
}

/// The account as the use case takes it: it is shown by its username until its owner chooses another name.
fn account_of(parameters: SignUpParameters) -> SignUp {
    let username = parameters.username.unwrap_or_default();
    SignUp {
        name: username.clone(),
        username: Some(username),
        email: parameters.email.unwrap_or_default(),
        password: parameters.password.unwrap_or_default().into(),
        profile: String::new(),
    }
}

/// The parameter that breaks a rule, and how.
fn fault_of(error: DomainError) -> Fault {
    match error {
        DomainError::InvalidUsername | DomainError::InvalidName => {
            ("username", "ERR_INVALID", "must contain only letters, numbers and underscores, at most 30")
        }
        DomainError::ReservedUsername => ("username", "ERR_RESERVED", "is reserved"),
        DomainError::InvalidEmail => ("email", "ERR_INVALID", "is invalid"),
        DomainError::PasswordTooShort => {
            ("password", "ERR_TOO_SHORT", "is too short (minimum is 8 characters)")
        }
        DomainError::PasswordTooLong => {
            ("password", "ERR_TOO_LONG", "is too long (maximum is 128 characters)")
        }
        // Rules of values that a sign-up does not have.
        DomainError::ProfileTooLong
        | DomainError::TweetEmpty
        | DomainError::TweetTooLong
        | DomainError::InvalidUserId
        | DomainError::InvalidTweetId
        | DomainError::NulCharacter
        | DomainError::InvalidProfileField
        | DomainError::TooManyProfileFields
        | DomainError::InvalidIdempotencyKey
        | DomainError::InvalidAppName
        | DomainError::InvalidWebsite
        | DomainError::InvalidRedirectUri
        | DomainError::InvalidScopes
        | DomainError::InvalidAccountNote
        | DomainError::NotPinnable
        | DomainError::TooManyPins
        | DomainError::FollowSelf => ("username", "ERR_INVALID", "is invalid"),
    }
}

fn refuse(faults: &[Fault]) -> HttpResponse {
    let mut details: BTreeMap<&'static str, Vec<SignUpFault>> = BTreeMap::new();
    let mut sentences: Vec<String> = Vec::new();
    for (name, error, description) in faults {
        let of_name = details.entry(name).or_default();
        // An invalid username is no display name either.
        if of_name.iter().any(|fault| fault.error == *error) {
            continue;
        }
        of_name.push(SignUpFault { error, description });
        let mut name = (*name).to_owned();
        name[..1].make_ascii_uppercase();
        sentences.push(format!("{name} {description}"));
    }
    let error = format!("Validation failed: {}", sentences.join(", "));
    HttpResponse::UnprocessableEntity().json(SignUpError { error, details })
}
