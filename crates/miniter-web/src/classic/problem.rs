//! Every failure, as `application/problem+json` (RFC 9457).

use std::collections::BTreeMap;
use std::str::EscapeDefault;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LANGUAGE, VARY, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};
use miniter_domain::DomainError;
use miniter_service::ServiceError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder};

use crate::http::failure::Failure;
use crate::http::language::Language;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

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
    InvalidUsername BAD_REQUEST "invalid_username"
        "A username has 1 to 30 characters: ASCII letters, digits and underscores."
        "사용자 이름은 영문자, 숫자, 밑줄로 된 1자 이상 30자 이하여야 합니다."
    UsernameReserved BAD_REQUEST "username_reserved"
        "A username that is user with a number after it stands for accounts without a username."
        "user 뒤에 숫자만 붙은 이름은 사용자 이름이 없는 계정을 뜻하므로 쓸 수 없습니다."
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
    RegistrationClosed FORBIDDEN "registration_closed"
        "This server takes no new accounts at the moment."
        "지금은 새 계정을 만들 수 없습니다."
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
    UsernameTaken CONFLICT "username_taken"
        "There is an account with this username already."
        "이미 사용 중인 사용자 이름입니다."
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

impl Code {
    /// The code of a failure.
    fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Service(error) => Self::of_service_error(error),
            Failure::BadRequest => Self::BadRequest,
            Failure::MalformedBody { .. } => Self::InvalidJson,
            Failure::UnfitBody { .. } => Self::InvalidBody,
            Failure::BodyTimeout => Self::BodyTimeout,
            Failure::BodyTooLarge => Self::BodyTooLarge,
            Failure::UnsupportedMediaType => Self::UnsupportedMediaType,
            Failure::InvalidQuery => Self::InvalidQuery,
            Failure::InvalidLimit => Self::InvalidLimit,
            Failure::TokenMissing => Self::TokenMissing,
            // A token of this API is a user's and allows everything: any other is none of its tokens.
            Failure::TokenInvalid | Failure::MissingScope(_) | Failure::UserRequired => Self::TokenInvalid,
            Failure::TokenExpired => Self::TokenExpired,
            Failure::NotFound => Self::NotFound,
            Failure::MethodNotAllowed { .. } => Self::MethodNotAllowed,
            Failure::RateLimited { .. } => Self::RateLimited,
            Failure::Overloaded => Self::Unavailable,
            Failure::Draining => Self::Draining,
            Failure::Status(status) => Self::of_status(*status),
        }
    }

    fn of_service_error(error: &ServiceError) -> Self {
        match error {
            ServiceError::Invalid(error) => Self::of_domain_error(*error),
            ServiceError::EmailTaken => Self::EmailTaken,
            ServiceError::RegistrationClosed => Self::RegistrationClosed,
            ServiceError::UsernameTaken => Self::UsernameTaken,
            ServiceError::InvalidCredentials => Self::InvalidCredentials,
            ServiceError::WrongPassword => Self::WrongPassword,
            ServiceError::TooManyFailures { .. } => Self::TooManyFailures,
            ServiceError::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            ServiceError::Unauthenticated => Self::TokenInvalid,
            // Of use cases that this API does not have.
            ServiceError::OAuth(_) | ServiceError::Forbidden => Self::BadRequest,
            ServiceError::StatusNotFound
            | ServiceError::InReplyToNotFound
            | ServiceError::NotificationNotFound => Self::NotFound,
            // A blocked user is told the same as of an account that does not exist.
            ServiceError::UserNotFound | ServiceError::Blocked | ServiceError::RequestNotFound => {
                Self::UserNotFound
            }
            ServiceError::Unavailable(_) => Self::Unavailable,
            ServiceError::Internal(_) => Self::Internal,
        }
    }

    fn of_domain_error(error: DomainError) -> Self {
        match error {
            DomainError::InvalidName => Self::InvalidName,
            DomainError::InvalidEmail => Self::InvalidEmail,
            DomainError::ProfileTooLong => Self::ProfileTooLong,
            DomainError::PasswordTooShort => Self::PasswordTooShort,
            DomainError::PasswordTooLong => Self::PasswordTooLong,
            DomainError::TweetEmpty => Self::TweetEmpty,
            DomainError::TweetTooLong => Self::TweetTooLong,
            DomainError::InvalidUserId => Self::InvalidUserId,
            DomainError::InvalidTweetId => Self::InvalidCursor,
            DomainError::InvalidIdempotencyKey => Self::InvalidIdempotencyKey,
            DomainError::FollowSelf => Self::FollowSelf,
            // Of values that this API does not take, such as those of applications.
            DomainError::InvalidAppName
            | DomainError::InvalidWebsite
            | DomainError::InvalidRedirectUri
            | DomainError::InvalidScopes
            | DomainError::NotPinnable
            | DomainError::TooManyPins
            | DomainError::NulCharacter
            | DomainError::InvalidProfileField
            | DomainError::TooManyProfileFields
            | DomainError::InvalidAccountNote => Self::BadRequest,
            DomainError::InvalidUsername => Self::InvalidUsername,
            DomainError::ReservedUsername => Self::UsernameReserved,
        }
    }

    /// The code for a failure of which only the status is known.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::BodyTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
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

/// Writes a failure as a problem, in the language that the reader prefers.
pub(crate) fn render(failure: &Failure, request: &HttpRequest, request_id: &str) -> HttpResponse {
    let (code, language) = (Code::of(failure), Language::of(request));
    let status = if let Failure::Status(status) = failure { *status } else { code.status() };
    let mut detail = code.detail(language).to_owned();
    if let Some(note) = note(failure) {
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

    let mut response = HttpResponse::build(status);
    response
        .content_type(PROBLEM_JSON)
        .insert_header((CONTENT_LANGUAGE, language.tag()))
        .insert_header((VARY, "Accept-Language"));
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6750; a 401 must name a scheme (RFC 9110, 15.5.2).
        response.insert_header((WWW_AUTHENTICATE, "Bearer"));
    }
    response.json(problem)
}

/// More about this occurrence, for the person who sent the request. ASCII, also where it quotes other text.
fn note(failure: &Failure) -> Option<EscapeDefault<'_>> {
    if let Failure::MalformedBody { note } | Failure::UnfitBody { note } = failure {
        Some(note.escape_default())
    } else {
        None
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
        let failure = Failure::UnfitBody { note: "invalid type: string \"비밀\"".into() };
        assert!(note(&failure).unwrap().to_string().is_ascii());
    }
}
