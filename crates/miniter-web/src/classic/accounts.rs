//! Signing up and logging in.

use actix_web::web;
use miniter_service::SignUp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::body::JsonBody;
use crate::http::problem::{ApiError, problems};
use crate::state::State;

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignUpRequest {
    /// 1 to 255 characters.
    #[schema(example = "송은우", min_length = 1, max_length = 255)]
    name: String,
    /// At most 255 ASCII characters, one `@` between non-empty parts, no white space. Unique, the case of ASCII letters
    /// aside.
    #[schema(example = "song@example.com", max_length = 255)]
    email: String,
    /// 8 to 128 characters.
    #[schema(example = "correct horse", min_length = 8, max_length = 128, format = Password)]
    password: String,
    /// At most 2,000 characters.
    #[serde(default)]
    #[schema(example = "hello", max_length = 2000)]
    profile: String,
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

problems!(SignUpProblems: InvalidJson, InvalidBody, InvalidName, InvalidEmail, PasswordTooShort, PasswordTooLong,
    ProfileTooLong, BadRequest, EmailTaken, BodyTimeout, BodyTooLarge, UnsupportedMediaType, Internal, Unavailable);

/// Creates an account.
#[utoipa::path(
    post,
    path = "/sign-up",
    tag = "miniter",
    request_body = SignUpRequest,
    responses((status = 200, description = "The account is there.", body = SignUpResponse), SignUpProblems)
)]
pub(crate) async fn sign_up(
    state: web::Data<State>,
    JsonBody(request): JsonBody<SignUpRequest>,
) -> Result<web::Json<SignUpResponse>, ApiError> {
    let accounts = state.services.accounts.clone();
    state
        .lanes
        .hash
        .run(move || {
            let SignUpRequest { name, email, password, profile } = request;
            let account =
                SignUp { name: name.clone(), email: email.clone(), password, profile: profile.clone() };
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

problems!(LogInProblems: InvalidJson, InvalidBody, BadRequest, InvalidCredentials, BodyTimeout, BodyTooLarge, UnsupportedMediaType,
    Internal, Unavailable);

/// Gives out an access token.
#[utoipa::path(
    post,
    path = "/login",
    tag = "miniter",
    request_body = LogInRequest,
    responses((status = 200, description = "Logged in.", body = LogInResponse), LogInProblems)
)]
pub(crate) async fn log_in(
    state: web::Data<State>,
    JsonBody(request): JsonBody<LogInRequest>,
) -> Result<web::Json<LogInResponse>, ApiError> {
    let accounts = state.services.accounts.clone();
    let session = state.lanes.hash.run(move || accounts.log_in(&request.email, &request.password)).await?;
    Ok(web::Json(LogInResponse { user_id: session.user_id.get(), access_token: session.access_token }))
}
