//! Signing up, logging in and changing one's password.

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use miniter_service::{PasswordChange, Session, SignUp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::classic::problem::Code;
use crate::http::address::subscriber;
use crate::http::auth::{Authorized, TokenFault, token_of};
use crate::http::body::Body;
use crate::http::failure::Failure;
use crate::http::state::State;

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignUpRequest {
    /// 1 to 255 characters, at least one of them visible.
    #[schema(example = "송은우", min_length = 1, max_length = 255)]
    name: String,
    /// At most 255 ASCII characters, one `@` between non-empty parts, no white space. Unique, the case of ASCII letters
    /// aside.
    #[schema(example = "song@example.com", max_length = 255, pattern = "^[!-?A-~]+@[!-?A-~]+$")]
    email: String,
    /// 8 to 128 characters.
    #[schema(example = "correct horse", min_length = 8, max_length = 128, format = Password)]
    password: String,
    /// At most 2,000 characters.
    #[serde(default)]
    #[schema(example = "hello", max_length = 2000)]
    profile: String,
    /// The name in the account's address: 1 to 30 ASCII letters, digits and underscores. Unique, the case of letters aside. An account
    /// without one is called `user` with its number, a form that nobody can choose.
    #[serde(default)]
    #[schema(example = "song", min_length = 1, max_length = 30, pattern = "^[A-Za-z0-9_]+$")]
    username: Option<String>,
}

/// The account that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignUpResponse {
    /// The user's number.
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "송은우")]
    name: String,
    #[schema(example = "song@example.com")]
    email: String,
    #[schema(example = "hello")]
    profile: String,
}

/// The codes that this operation alone decides on.
pub(super) const SIGN_UP_PROBLEMS: &[Code] = &[
    Code::InvalidUsername,
    Code::UsernameReserved,
    Code::InvalidName,
    Code::InvalidEmail,
    Code::PasswordTooShort,
    Code::PasswordTooLong,
    Code::ProfileTooLong,
    Code::RegistrationClosed,
    Code::EmailTaken,
    Code::UsernameTaken,
    Code::Internal,
    Code::Unavailable,
];

/// Creates an account.
#[utoipa::path(
    post,
    path = "/sign-up",
    tag = "miniter",
    request_body = SignUpRequest,
    responses(
        (status = 200, description = "The account is there.", body = SignUpResponse, links(
            ("Timeline" = (operation_id = "read_timeline", parameters(("user_id" = "$response.body#/id")),
                description = "The new user's timeline.")),
            ("Follow" = (operation_id = "follow", request_body = json!({"follow": "$response.body#/id"}), description = "Follows the new user.")),
            ("Unfollow" = (operation_id = "unfollow", request_body = json!({"unfollow": "$response.body#/id"}),
                description = "Does not follow the new user any more."))
        ))
    )
)]
pub(crate) async fn sign_up(
    state: web::Data<State>,
    Body(request): Body<SignUpRequest>,
) -> Result<web::Json<SignUpResponse>, Failure> {
    let accounts = state.services.accounts.clone();
    state
        .bulkheads
        .hash
        .run(move || {
            let SignUpRequest { name, email, password, profile, username } = request;
            let account = SignUp {
                username,
                name: name.clone(),
                email: email.clone(),
                password: password.into(),
                profile: profile.clone(),
            };
            let id = accounts.sign_up(account)?.get();
            Ok(SignUpResponse { id, name, email, profile })
        })
        .await
        .map(web::Json)
}

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LogInRequest {
    #[schema(example = "song@example.com")]
    email: String,
    #[schema(example = "correct horse", format = Password)]
    password: String,
}

/// Who has logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogInResponse {
    /// The user's number.
    #[schema(example = 1)]
    user_id: i64,
    /// What to send in the `Authorization` header from now on.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9…")]
    access_token: String,
}

/// The codes that this operation alone decides on.
pub(super) const LOG_IN_PROBLEMS: &[Code] =
    &[Code::InvalidCredentials, Code::TooManyFailures, Code::Internal, Code::Unavailable];

/// Gives out an access token.
#[utoipa::path(
    post,
    path = "/login",
    tag = "miniter",
    request_body = LogInRequest,
    responses((status = 200, description = "Logged in.", body = LogInResponse))
)]
pub(crate) async fn log_in(
    state: web::Data<State>,
    http: HttpRequest,
    Body(request): Body<LogInRequest>,
) -> Result<HttpResponse, Failure> {
    let accounts = state.services.accounts.clone();
    let from = subscriber(&http, &state.trusted_proxies);
    let session =
        state.bulkheads.hash.run(move || accounts.log_in(&request.email, &request.password, from)).await?;
    Ok(respond(session))
}

/// What is not to be kept by anything on the way: it holds a token (RFC 6749, 5.1).
const NOT_KEPT: (HeaderName, &str) = (CACHE_CONTROL, "no-store");

fn respond(session: Session) -> HttpResponse {
    let Session { user_id, access_token } = session;
    HttpResponse::Ok().insert_header(NOT_KEPT).json(LogInResponse { user_id: user_id.get(), access_token })
}

/// Another password for one's account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordRequest {
    /// The password until now.
    #[schema(example = "correct horse", format = Password)]
    old_password: String,
    /// 8 to 128 characters.
    #[schema(example = "battery staple", min_length = 8, max_length = 128, format = Password)]
    new_password: String,
}

/// The codes that this operation alone decides on.
pub(super) const PASSWORD_PROBLEMS: &[Code] = &[
    Code::PasswordTooShort,
    Code::PasswordTooLong,
    Code::WrongPassword,
    Code::TooManyFailures,
    Code::Internal,
    Code::Unavailable,
];

/// Changes one's password, and logs out everywhere: no token that was given out before is good any more.
#[utoipa::path(
    post,
    path = "/password",
    tag = "miniter",
    request_body = PasswordRequest,
    responses((status = 200, description = "Changed. The token is a new one.", body = LogInResponse))
)]
pub(crate) async fn change_password(
    state: web::Data<State>,
    Authorized(grant): Authorized,
    http: HttpRequest,
    Body(request): Body<PasswordRequest>,
) -> Result<HttpResponse, Failure> {
    let accounts = state.services.accounts.clone();
    let (token, from) =
        (token_of(&http).map_err(TokenFault::failure)?.to_owned(), subscriber(&http, &state.trusted_proxies));
    let (old, new) = (request.old_password.into(), request.new_password.into());
    let change = PasswordChange { actor: grant.user, token, from, old, new };
    let session = state.bulkheads.hash.run(move || accounts.change_password(change)).await?;
    Ok(respond(session))
}
