//! Asking a person whether an app may use their account: first for the password, then for consent.
//!
//! What the app asks for stands in the query string at each step, and is checked anew each time. What the person answers stands in the
//! form alone: a link of an app must not answer for them.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, HttpResponse, web};
use miniter_domain::{RedirectUri, User};
use miniter_service::{
    AuthorizationParameters, AuthorizationRequest, Bearer, BrowserSession, Examination, OAuthError,
    ServiceError,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::address::subscriber;
use crate::http::body::params::QueryParams;
use crate::http::body::{Body, lenient};
use crate::http::failure::Failure;
use crate::http::freshness;
use crate::http::language::Language;
use crate::http::state::State;
use crate::mastodon::oauth::pages::{CodePage, ConsentPage, ErrorPage, Head, LogInPage, respond};
use crate::mastodon::oauth::texts::{Texts, may};
use crate::mastodon::oauth::{cookie, redirect};

/// What an app asks for.
#[derive(Deserialize, utoipa::IntoParams, Default)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(super) struct AuthorizeQuery {
    /// The app.
    #[param(required = true)]
    client_id: Option<String>,
    /// Where the answer goes: an address that the app has registered.
    #[param(required = true)]
    redirect_uri: Option<String>,
    /// `code`.
    #[param(required = true)]
    response_type: Option<String>,
    /// Names of scopes with a space between two; `read` if there are none.
    scope: Option<String>,
    /// What the app gets back as it is.
    state: Option<String>,
    /// PKCE (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// Whether the person must log in again.
    #[serde(deserialize_with = "lenient::boolean")]
    force_login: Option<bool>,
    /// The language of the pages, instead of that in `Accept-Language`.
    lang: Option<String>,
}

/// What a person answers.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
pub(super) struct Answer {
    /// From the page.
    form_token: String,
    /// An e-mail address or a username.
    login: String,
    password: String,
    /// `allow` or `deny`.
    decision: Option<String>,
}

/// A request for consent, and who may be asked.
struct Dialogue<'a> {
    state: &'a web::Data<State>,
    http: &'a HttpRequest,
    query: AuthorizeQuery,
    language: Language,
    texts: &'static Texts,
}

/// Asks a person for the password, or for consent if they have logged in a short time ago.
#[utoipa::path(
    get,
    path = "/oauth/authorize",
    tag = "oauth",
    operation_id = "ask_for_authorization",
    params(AuthorizeQuery),
    responses(
        (status = 200, description = "A page.", body = String, content_type = "text/html"),
        (status = 303, description = "Back to the app, which is told an error.")
    )
)]
pub(super) async fn ask(
    state: web::Data<State>,
    http: HttpRequest,
    QueryParams(query): QueryParams<AuthorizeQuery>,
) -> Result<HttpResponse, Failure> {
    let dialogue = Dialogue::of(&state, &http, query);
    let request = match dialogue.examine().await? {
        Examination::Ask(request) => request,
        Examination::Refuse { redirect_uri, error } => return dialogue.refuse(&redirect_uri, error),
    };
    let session = dialogue.session();
    let person = match &session {
        Some(session) if dialogue.query.force_login != Some(true) => dialogue.person(session).await?,
        Some(_) | None => None,
    };
    match (person, session) {
        (Some((_, user)), Some(session)) => dialogue.consent_page(&request, &session, &user),
        (_, session) => dialogue.log_in_page(&request, session, StatusCode::OK, None, ""),
    }
}

/// Takes the password or the decision of a person.
#[utoipa::path(
    post,
    path = "/oauth/authorize",
    tag = "oauth",
    operation_id = "answer_authorization",
    params(AuthorizeQuery),
    request_body(content = Answer, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A page with the code.", body = String, content_type = "text/html"),
        (status = 303, description = "To the next page, or back to the app with a code or an error."),
        (status = 403, description = "The person has denied it, and there is no address to go to.")
    )
)]
pub(super) async fn decide(
    state: web::Data<State>,
    http: HttpRequest,
    QueryParams(query): QueryParams<AuthorizeQuery>,
    Body(answer): Body<Answer>,
) -> Result<HttpResponse, Failure> {
    let dialogue = Dialogue::of(&state, &http, query);
    let request = match dialogue.examine().await? {
        Examination::Ask(request) => request,
        Examination::Refuse { redirect_uri, error } => return dialogue.refuse(&redirect_uri, error),
    };
    let session = dialogue.session().filter(|session| session.has_form_token(&answer.form_token));
    let Some(session) = session else {
        let (status, texts) = (StatusCode::UNPROCESSABLE_ENTITY, dialogue.texts);
        return dialogue.log_in_page(&request, None, status, Some(texts.page_expired), &answer.login);
    };
    match answer.decision.as_deref() {
        None => dialogue.log_in(request, session, answer).await,
        Some(decision) => match dialogue.person(&session).await? {
            Some((bearer, _)) if decision == "allow" => dialogue.allow(request, bearer).await,
            Some(_) => dialogue.refuse(&request.redirect_uri, OAuthError::AccessDenied),
            None => {
                let (status, texts) = (StatusCode::UNPROCESSABLE_ENTITY, dialogue.texts);
                dialogue.log_in_page(&request, None, status, Some(texts.page_expired), "")
            }
        },
    }
}

impl<'a> Dialogue<'a> {
    fn of(state: &'a web::Data<State>, http: &'a HttpRequest, query: AuthorizeQuery) -> Self {
        let language = query.lang.as_deref().and_then(Language::parse);
        let language = language.unwrap_or_else(|| Language::of(http));
        Self { state, http, query, language, texts: Texts::of(language) }
    }

    fn server(&self) -> &str {
        &self.state.instance.title
    }

    async fn examine(&self) -> Result<Examination, Failure> {
        let parameters = AuthorizationParameters {
            client_id: self.query.client_id.clone(),
            redirect_uri: self.query.redirect_uri.clone(),
            response_type: self.query.response_type.clone(),
            scope: self.query.scope.clone(),
            code_challenge: self.query.code_challenge.clone(),
            code_challenge_method: self.query.code_challenge_method.clone(),
        };
        let authorizations = self.state.services.authorizations.clone();
        self.state.bulkheads.read.run(move || authorizations.examine(parameters)).await
    }

    /// The session that the browser shows.
    fn session(&self) -> Option<BrowserSession> {
        cookie::read(self.http, &self.state.services.browser_sessions, &self.state.instance.public_url)
    }

    /// Who has logged in, if that still counts.
    async fn person(&self, session: &BrowserSession) -> Result<Option<(Bearer, User)>, Failure> {
        let Some(bearer) = session.bearer() else { return Ok(None) };
        freshness::check(self.http, self.state).await?;
        if self.state.services.sessions.current(bearer).is_none() {
            return Ok(None);
        }
        let accounts = self.state.services.accounts.clone();
        match self.state.bulkheads.read.run(move || accounts.find(bearer.user)).await {
            Ok(user) => Ok(Some((bearer, user))),
            Err(Failure::Service(ServiceError::Unauthenticated)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Asks for the password. Without a session one begins.
    fn log_in_page(
        &self,
        request: &AuthorizationRequest,
        session: Option<BrowserSession>,
        status: StatusCode,
        message: Option<&str>,
        login: &str,
    ) -> Result<HttpResponse, Failure> {
        let sessions = &self.state.services.browser_sessions;
        let (session, cookie) = if let Some(session) = session {
            (session, None)
        } else {
            let session = sessions.begin(None)?;
            let cookie = cookie::write(&session, sessions, &self.state.instance.public_url)?;
            (session, Some(cookie))
        };
        let page = LogInPage {
            language: self.language,
            texts: self.texts,
            server: self.server(),
            app: &request.application.name,
            message,
            login,
            form_token: session.form_token(),
        };
        respond(status, self.language, &page, Head { cookie, ..Head::default() })
    }

    fn consent_page(
        &self,
        request: &AuthorizationRequest,
        session: &BrowserSession,
        user: &User,
    ) -> Result<HttpResponse, Failure> {
        let is_out_of_band = request.redirect_uri == RedirectUri::OUT_OF_BAND;
        let page = ConsentPage {
            language: self.language,
            texts: self.texts,
            server: self.server(),
            app: &request.application.name,
            website: request.application.website.as_deref(),
            abilities: request.scopes.iter().map(|scope| may(scope, self.language)).collect(),
            person: &user.name,
            other_account: format!("?{}&force_login=true", self.query_without_force()),
            returns_to: (!is_out_of_band).then_some(request.redirect_uri.as_str()),
            form_token: session.form_token(),
        };
        respond(StatusCode::OK, self.language, &page, Head { leads_elsewhere: true, ..Head::default() })
    }

    /// Checks the password, and shows the page for consent to a person who knows it.
    async fn log_in(
        &self,
        request: AuthorizationRequest,
        session: BrowserSession,
        answer: Answer,
    ) -> Result<HttpResponse, Failure> {
        let Answer { login, password, .. } = answer;
        let from = subscriber(self.http, &self.state.trusted_proxies);
        let accounts = self.state.services.accounts.clone();
        let typed = login.clone();
        let identified =
            self.state.bulkheads.hash.run(move || accounts.identify(&typed, &password, from)).await;
        match identified {
            Ok(bearer) => {
                // Another session: a value that somebody has planted in the browser is worth nothing after.
                let sessions = &self.state.services.browser_sessions;
                let session = sessions.begin(Some(bearer))?;
                let cookie = cookie::write(&session, sessions, &self.state.instance.public_url)?;
                let mut response = redirect::to(&format!("?{}", self.query_without_force()))?;
                let cookie = cookie.parse().map_err(Failure::internal)?;
                response.headers_mut().insert(SET_COOKIE, cookie);
                Ok(response)
            }
            Err(Failure::Service(ServiceError::InvalidCredentials)) => {
                let (status, message) = (StatusCode::UNPROCESSABLE_ENTITY, self.texts.wrong_password);
                self.log_in_page(&request, Some(session), status, Some(message), &login)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Gives the app a code.
    async fn allow(&self, request: AuthorizationRequest, by: Bearer) -> Result<HttpResponse, Failure> {
        let authorizations = self.state.services.authorizations.clone();
        let redirect_uri = request.redirect_uri.clone();
        let code =
            self.state.bulkheads.write.run_for(by.user, move || authorizations.approve(request, by)).await?;
        if redirect_uri != RedirectUri::OUT_OF_BAND {
            return redirect::to_app(&redirect_uri, &[("code", &code)], self.query.state.as_deref());
        }
        let page =
            CodePage { language: self.language, texts: self.texts, server: self.server(), code: &code };
        respond(StatusCode::OK, self.language, &page, Head::default())
    }

    /// Tells the app what is wrong, or the person if there is no address to go to.
    fn refuse(&self, redirect_uri: &str, error: OAuthError) -> Result<HttpResponse, Failure> {
        let detail = error.to_string();
        if redirect_uri != RedirectUri::OUT_OF_BAND {
            let parameters = [("error", error.code()), ("error_description", detail.as_str())];
            return redirect::to_app(redirect_uri, &parameters, self.query.state.as_deref());
        }
        let is_denied = error == OAuthError::AccessDenied;
        let (status, message) = if is_denied {
            (StatusCode::FORBIDDEN, self.texts.denied)
        } else {
            (StatusCode::BAD_REQUEST, self.texts.bad_request)
        };
        let page = ErrorPage {
            language: self.language,
            texts: self.texts,
            server: self.server(),
            message,
            detail: (!is_denied).then_some(detail.as_str()),
            request_id: None,
        };
        respond(status, self.language, &page, Head::default())
    }

    /// The query string without the wish to log in again, which is fulfilled once.
    fn query_without_force(&self) -> String {
        let is_force = |pair: &&str| pair.split('=').next() == Some("force_login");
        let pairs = self.http.query_string().split('&').filter(|pair| !is_force(pair));
        pairs.collect::<Vec<_>>().join("&")
    }
}
