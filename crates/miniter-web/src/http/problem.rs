//! Every failure, as `application/problem+json` (RFC 9457).
//!
//! A handler, an extractor or the router fails with an [`ApiError`]; [`render`] writes it once, on the way out, when the
//! reader's language and the request's id are known.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder};

use crate::http::language::Language;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which an overloaded server is worth another try.
const RETRY_SECONDS: u32 = 1;

macro_rules! codes {
    ($($variant:ident $status:ident $name:literal $english:literal $korean:literal)+) => {
        /// What went wrong, in a form for programs. The names never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code { $($variant),+ }

        impl Code {
            /// All of them.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The status that goes with it.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The name on the wire.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// A sentence for the person who sent the request.
            pub(crate) fn detail(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::English) => $english,
                      (Self::$variant, Language::Korean) => $korean),+
                }
            }
        }
    };
}

codes! {
    InvalidJson BAD_REQUEST "invalid_json"
        "The body is not a well-formed JSON object."
        "본문이 올바른 JSON 객체가 아닙니다."
    InvalidBody BAD_REQUEST "invalid_body"
        "The JSON object in the body lacks a key or has a value of the wrong type."
        "본문의 JSON 객체에 필요한 키가 없거나 값의 형식이 맞지 않습니다."
    InvalidQuery BAD_REQUEST "invalid_query"
        "The query string cannot be read."
        "쿼리 문자열을 읽을 수 없습니다."
    InvalidLimit BAD_REQUEST "invalid_limit"
        "limit is a whole number from 1, in ASCII digits."
        "limit은 1 이상의 정수여야 합니다."
    InvalidCursor BAD_REQUEST "invalid_cursor"
        "max_id, since_id and min_id are tweet ids, in ASCII digits."
        "max_id, since_id, min_id는 숫자로 된 트윗 ID여야 합니다."
    InvalidName BAD_REQUEST "invalid_name"
        "A name has 1 to 255 characters, at least one of them visible."
        "이름은 1자 이상 255자 이하이고, 눈에 보이는 글자가 하나 이상 있어야 합니다."
    InvalidEmail BAD_REQUEST "invalid_email"
        "An e-mail address has at most 255 ASCII characters, no white space, and one @ between non-empty parts."
        "이메일 주소는 공백 없는 255자 이하의 ASCII 문자이고, @ 하나의 앞뒤에 글자가 있어야 합니다."
    ProfileTooLong BAD_REQUEST "profile_too_long"
        "A profile has at most 2,000 characters."
        "프로필은 2,000자를 넘을 수 없습니다."
    PasswordTooShort BAD_REQUEST "password_too_short"
        "A password has at least 8 characters."
        "비밀번호는 8자 이상이어야 합니다."
    PasswordTooLong BAD_REQUEST "password_too_long"
        "A password has at most 128 characters."
        "비밀번호는 128자를 넘을 수 없습니다."
    TweetEmpty BAD_REQUEST "tweet_empty"
        "A tweet needs at least one visible character."
        "트윗에는 눈에 보이는 글자가 하나 이상 있어야 합니다."
    TweetTooLong BAD_REQUEST "tweet_too_long"
        "A tweet has at most 300 characters."
        "트윗은 300자를 넘을 수 없습니다."
    InvalidUserId BAD_REQUEST "invalid_user_id"
        "A user id is a whole number, or a string of ASCII digits."
        "사용자 ID는 정수이거나 숫자로 된 문자열이어야 합니다."
    FollowSelf BAD_REQUEST "follow_self"
        "You cannot follow yourself."
        "자기 자신을 팔로우할 수 없습니다."
    InvalidIdempotencyKey BAD_REQUEST "invalid_idempotency_key"
        "There is one Idempotency-Key header, and it has 1 to 255 characters."
        "Idempotency-Key 헤더는 하나만, 1자 이상 255자 이하로 보내야 합니다."
    BadRequest BAD_REQUEST "bad_request"
        "The request cannot be understood."
        "요청을 이해할 수 없습니다."
    TokenMissing UNAUTHORIZED "token_missing"
        "This needs an access token in the Authorization header. Log in to get one."
        "Authorization 헤더에 액세스 토큰이 필요합니다. 로그인해서 토큰을 받으세요."
    TokenInvalid UNAUTHORIZED "token_invalid"
        "The access token is not valid. Log in to get a new one."
        "액세스 토큰이 올바르지 않습니다. 다시 로그인하세요."
    TokenExpired UNAUTHORIZED "token_expired"
        "The access token has expired. Log in to get a new one."
        "액세스 토큰이 만료되었습니다. 다시 로그인하세요."
    InvalidCredentials UNAUTHORIZED "invalid_credentials"
        "The e-mail address or the password is wrong."
        "이메일 주소 또는 비밀번호가 올바르지 않습니다."
    WrongPassword FORBIDDEN "wrong_password"
        "The old password is wrong."
        "기존 비밀번호가 올바르지 않습니다."
    NotFound NOT_FOUND "not_found"
        "There is nothing at this address."
        "이 주소에는 아무것도 없습니다."
    UserNotFound NOT_FOUND "user_not_found"
        "There is no such user."
        "그런 사용자가 없습니다."
    MethodNotAllowed METHOD_NOT_ALLOWED "method_not_allowed"
        "This address does not take this method; the Allow header lists those it takes."
        "이 주소에는 쓸 수 없는 메서드입니다. 쓸 수 있는 메서드는 Allow 헤더에 있습니다."
    EmailTaken CONFLICT "email_taken"
        "There is an account with this e-mail address already."
        "이미 가입된 이메일 주소입니다."
    BodyTimeout REQUEST_TIMEOUT "body_timeout"
        "The body did not arrive in time."
        "본문이 제시간에 도착하지 않았습니다."
    BodyTooLarge PAYLOAD_TOO_LARGE "body_too_large"
        "The body is larger than 64 KiB."
        "본문이 64KiB를 넘습니다."
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported_media_type"
        "The body must be JSON: send Content-Type: application/json, without a content encoding."
        "본문은 JSON이어야 합니다. 압축하지 않고 Content-Type: application/json으로 보내세요."
    IdempotencyKeyReused UNPROCESSABLE_ENTITY "idempotency_key_reused"
        "This Idempotency-Key came with another tweet before. Use a new one for each tweet."
        "이 Idempotency-Key는 이미 다른 트윗에 쓰였습니다. 트윗마다 새 키를 쓰세요."
    RateLimited TOO_MANY_REQUESTS "rate_limited"
        "You have called too often. Please wait as long as the Retry-After header says."
        "요청이 너무 많습니다. Retry-After 헤더에 적힌 시간만큼 기다려 주세요."
    TooManyFailures TOO_MANY_REQUESTS "too_many_failures"
        "There were too many wrong passwords for this account. Please wait as long as the Retry-After header says."
        "이 계정의 비밀번호를 너무 많이 틀렸습니다. Retry-After 헤더에 적힌 시간만큼 기다려 주세요."
    Internal INTERNAL_SERVER_ERROR "internal"
        "Something went wrong on our side. The request id helps us to find out what."
        "서버에 문제가 생겼습니다. 요청 ID로 원인을 찾을 수 있습니다."
    Unavailable SERVICE_UNAVAILABLE "unavailable"
        "The server cannot answer just now. Please try again in a moment."
        "지금은 서버가 응답할 수 없습니다. 잠시 후 다시 시도하세요."
    Draining SERVICE_UNAVAILABLE "draining"
        "This node is about to stop."
        "이 노드는 곧 종료됩니다."
}

/// A failure on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: Code,
    /// More about this occurrence, for the person who sent the request. ASCII.
    note: Option<String>,
    allow: Option<HeaderValue>,
    /// After which time another try may succeed.
    retry_after: Option<Duration>,
    /// For our log only.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self { code, note: None, allow: None, retry_after: None, cause: None }
    }
}

impl ApiError {
    /// Adds to the detail what is particular to this occurrence.
    pub(crate) fn with_note(self, note: &str) -> Self {
        Self { note: Some(note.escape_default().to_string()), ..self }
    }

    /// Says for our log, and for nobody else, what was behind it.
    pub(crate) fn with_cause(self, cause: Box<dyn Error + Send + Sync>) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Tells the client something else, for the same reason.
    pub(crate) fn with_code(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Says when to try again.
    pub(crate) fn with_retry_after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The method is none of `allow`.
    pub(crate) fn method_not_allowed(allow: HeaderValue) -> Self {
        Self { allow: Some(allow), ..Code::MethodNotAllowed.into() }
    }

    /// The cause and its causes in turn, in one line for the log.
    pub(crate) fn chain(&self) -> Option<String> {
        let mut next: Option<&(dyn Error + 'static)> = self.cause.as_deref().map(|cause| cause as _);
        let mut texts = Vec::new();
        while let Some(error) = next {
            texts.push(error.to_string());
            next = error.source();
        }
        (!texts.is_empty()).then(|| texts.join(": "))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only the status: [`render`] writes the rest.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// The answer where no route matches.
pub(crate) async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(Code::NotFound.into())
}

/// A failure (RFC 9457).
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The standard phrase of the status.
    #[schema(example = "Conflict")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// A sentence for the person who sent the request, in Korean if `Accept-Language` prefers it, else in English.
    #[schema(example = "There is an account with this e-mail address already.")]
    detail: String,
    /// What went wrong, in a form for programs. These names never change.
    #[schema(schema_with = code_schema)]
    code: &'static str,
    /// The id of the request, as in the header `X-Request-Id` and in the server's log.
    request_id: &'a str,
}

/// Writes a failed response anew, as a problem. What has no [`ApiError`] (a refusal by a middleware) is told by its
/// status alone.
pub(crate) fn render(
    response: &HttpResponse<impl Sized>,
    language: Language,
    request_id: &str,
) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let status = response.status();
    let code = error.map_or_else(|| code_of_status(status), |error| error.code);
    let mut detail = code.detail(language).to_owned();
    if let Some(note) = error.and_then(|error| error.note.as_ref()) {
        detail = format!("{detail} ({note})");
    }
    let problem = Problem {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail,
        code: code.name(),
        request_id,
    };

    let mut rendered = HttpResponse::build(status).content_type(PROBLEM_JSON).json(problem);
    let headers = rendered.headers_mut();
    for (name, value) in response.headers() {
        if name != actix_web::http::header::CONTENT_TYPE {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.append(VARY, HeaderValue::from_static("Accept-Language"));
    if let Some(allow) = error.and_then(|error| error.allow.clone()) {
        headers.insert(ALLOW, allow);
    }
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6750; a 401 must name a scheme (RFC 9110, 15.5.2).
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let retry_after = error.and_then(|error| error.retry_after);
    if let Some(wait) = retry_after {
        // Whole seconds (RFC 9110, 10.2.3), and never too few of them.
        let seconds = u64::try_from(wait.as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    } else if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    }
    rendered
}

/// The code for a failure of which only the status is known.
fn code_of_status(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Code::BodyTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_server_error() => Code::Internal,
        _ => Code::BadRequest,
    }
}

/// In the OpenAPI document: a string that is one of the codes.
fn code_schema() -> utoipa::openapi::schema::Object {
    code_enum(Code::ALL)
}

fn code_enum(codes: &[Code]) -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(codes.iter().map(|code| code.name())))
        .build()
}

/// In the OpenAPI document: the failed responses of an operation, one a status, each with the codes it may carry.
pub(crate) fn responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for &code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| {
            let description: Vec<_> = codes
                .iter()
                .map(|code| format!("`{}`: {}", code.name(), code.detail(Language::English)))
                .collect();
            let schema = AllOfBuilder::new()
                .item(Ref::from_schema_name("Problem"))
                .item(ObjectBuilder::new().property("code", code_enum(&codes)));
            let mut response = ResponseBuilder::new()
                .description(description.join("\n\n"))
                .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build())
                .header("X-Request-Id", header("The id of the request, as in the server's log."));
            if status == StatusCode::UNAUTHORIZED.as_u16() {
                response = response.header("WWW-Authenticate", header("`Bearer`"));
            }
            if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE]
                .contains(&StatusCode::from_u16(status).unwrap_or_default())
            {
                response = response.header("Retry-After", header("Seconds after which to try again."));
            }
            (status.to_string(), RefOr::T(response.build()))
        })
        .collect()
}

fn header(description: &str) -> Header {
    utoipa::openapi::HeaderBuilder::new().description(Some(description)).build()
}

/// Names the codes that an operation may fail with, for `#[utoipa::path(responses(…))]`.
macro_rules! problems {
    ($name:ident: $($code:ident),+ $(,)?) => {
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses()
            -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>> {
                crate::http::problem::responses(&[$(crate::http::problem::Code::$code),+])
            }
        }
    };
}
pub(crate) use problems;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_an_error_status() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
    }

    #[test]
    fn english_details_are_ascii_and_korean_ones_are_korean() {
        for code in Code::ALL {
            assert!(code.detail(Language::English).is_ascii(), "{code:?}");
            let korean = code.detail(Language::Korean);
            assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{code:?}");
        }
    }

    #[test]
    fn a_note_is_ascii_whatever_it_quotes() {
        let error = ApiError::from(Code::InvalidBody).with_note("invalid type: string \"비밀\"");
        assert!(error.note.unwrap().is_ascii());
    }

    #[test]
    fn the_log_gets_the_whole_chain_of_causes() {
        let inner = std::io::Error::other("disk on fire");
        let outer = miniter_domain::RepositoryError::Backend(Box::new(inner));
        let error = ApiError::from(Code::Internal).with_cause(Box::new(outer));
        assert_eq!(error.chain().unwrap(), "the database failed: disk on fire");
        assert_eq!(ApiError::from(Code::NotFound).chain(), None);
    }
}
