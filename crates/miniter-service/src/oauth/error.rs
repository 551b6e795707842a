//! Why the protocol refuses.

/// A refusal that a program is told by a name of RFC 6749 (4.1.2.1, 5.2) or RFC 7009. The texts are for developers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// A parameter is missing, or has a value that no request may have.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// There is no such application, or its secret is another one.
    #[error("The application is unknown, or its client_secret is wrong or missing. Register it again.")]
    InvalidClient,
    /// The code is unknown, expired, used, or was made for another application, address or verifier.
    #[error(
        "The authorization code is unknown, expired or used, or belongs to another application, redirect_uri or code_verifier."
    )]
    InvalidGrant,
    /// There is no such scope, or the application has not registered it.
    #[error("The scope is unknown, or the application has not registered it.")]
    InvalidScope,
    /// The token belongs to another application.
    #[error("You are not authorized to revoke this token")]
    UnauthorizedClient,
    /// Tokens are given for `authorization_code` and `client_credentials`.
    #[error("grant_type must be authorization_code or client_credentials.")]
    UnsupportedGrantType,
    /// Only codes are given out.
    #[error("response_type must be code.")]
    UnsupportedResponseType,
    /// The person has said no.
    #[error("The user has denied the request.")]
    AccessDenied,
}

impl OAuthError {
    /// The name on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidScope => "invalid_scope",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::AccessDenied => "access_denied",
        }
    }
}
