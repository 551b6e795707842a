//! OAuth: an app registers, a person logs in and consents on pages, and the app gets a token.

use std::collections::HashMap;

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{PASSWORD, TestApp, User};
use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, parse};

use crate::limits::{generous, quota};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const IVORY: &str = "com.tapbots.Ivory.10217:/request_token";
/// A route that needs a user's token with `read:lists`.
const LISTS: &str = "/api/v1/lists";
const FORM: &str = "application/x-www-form-urlencoded";

// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn encode(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn post_form(app: &TestApp, path: &str, pairs: &[(&str, &str)]) -> Answer {
    app.call("POST", path).header("content-type", FORM).body(encode(pairs)).send()
}

/// An app that has registered.
struct Client {
    id: String,
    secret: String,
}

impl Client {
    fn register(app: &TestApp, redirect_uris: &str, scopes: &str) -> Self {
        let answer = post_form(
            app,
            "/api/v1/apps",
            &[("client_name", "Ivory <b>"), ("redirect_uris", redirect_uris), ("scopes", scopes)],
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        let registered = answer.ok();
        let text = |key: &str| registered[key].as_str().unwrap().to_owned();
        Self { id: text("client_id"), secret: text("client_secret") }
    }

    /// The query string of a request for consent; later pairs count.
    fn query(&self, redirect_uri: &str, more: &[(&str, &str)]) -> String {
        let pairs =
            [("client_id", self.id.as_str()), ("redirect_uri", redirect_uri), ("response_type", "code")];
        encode(&pairs.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Exchanges a code.
    fn exchange(&self, app: &TestApp, code: &str, redirect_uri: &str, more: &[(&str, &str)]) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", self.id.as_str()),
            ("client_secret", self.secret.as_str()),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        post_form(app, "/oauth/token", &pairs.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// A token by which the app acts for itself.
    fn own_token(&self, app: &TestApp, scope: &str) -> String {
        let credentials = [("client_id", self.id.as_str()), ("client_secret", self.secret.as_str())];
        let grant = [("grant_type", "client_credentials"), ("scope", scope)];
        let answer = post_form(app, "/oauth/token", &[&credentials[..], &grant[..]].concat());
        answer.ok()["access_token"].as_str().unwrap().to_owned()
    }

    fn revoke(&self, app: &TestApp, token: &str) -> Answer {
        let pairs =
            [("client_id", self.id.as_str()), ("client_secret", self.secret.as_str()), ("token", token)];
        post_form(app, "/oauth/revoke", &pairs)
    }
}

/// A browser that keeps its cookies.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: HashMap<String, String>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: HashMap::new() }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        let cookie = answer.header("set-cookie");
        if let Some((name, rest)) = cookie.split_once('=') {
            assert!(rest.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        if answer.header("content-type").starts_with("text/html") {
            for (header, part) in [
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'"),
                ("content-security-policy", "frame-ancestors 'none'"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "no-referrer"),
            ] {
                assert!(answer.header(header).contains(part), "{header}: {answer:?}");
            }
            assert!(!answer.header("content-security-policy").contains("unsafe"));
            assert!(!answer.body.contains("<script") && !answer.body.contains("style="), "{answer:?}");
        }
        answer
    }

    fn open(&mut self, query: &str) -> Answer {
        let call = self.app.get(format!("/oauth/authorize?{query}"));
        let answer = call.header("cookie", &self.cookie()).send();
        self.keep(answer)
    }

    fn submit(&mut self, query: &str, pairs: &[(&str, &str)]) -> Answer {
        let call = self.app.call("POST", format!("/oauth/authorize?{query}"));
        let call = call.header("content-type", FORM).header("cookie", &self.cookie()).body(encode(pairs));
        let answer = call.send();
        self.keep(answer)
    }

    /// Fills in the log-in page, and returns the page for consent.
    fn log_in(&mut self, query: &str, login: &str, password: &str) -> Answer {
        let page = self.open(query);
        let form_token = form_token(&page);
        let form = [("form_token", form_token.as_str()), ("login", login), ("password", password)];
        let answer = self.submit(query, &form);
        if answer.status != 303 {
            return answer;
        }
        let next = answer.header("location").strip_prefix('?').unwrap().to_owned();
        self.open(&next)
    }

    /// Presses a button on the page for consent.
    fn decide(&mut self, query: &str, page: &Answer, decision: &str) -> Answer {
        self.submit(query, &[("form_token", &form_token(page)), ("decision", decision)])
    }

    /// Logs in and consents; returns where the app is answered.
    fn allow(&mut self, query: &str, user: &User) -> String {
        let page = self.log_in(query, &user.email, PASSWORD);
        let answer = self.decide(query, &page, "allow");
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").to_owned()
    }
}

fn form_token(page: &Answer) -> String {
    let (_, rest) =
        page.body.split_once("name=\"form_token\" value=\"").unwrap_or_else(|| panic!("{page:?}"));
    rest.split('"').next().unwrap().to_owned()
}

/// The value of a parameter behind an address.
fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// A token of the user for the app, through the pages.
fn let_in(app: &TestApp, client: &Client, redirect_uri: &str, scope: &str, user: &User) -> String {
    let query = client.query(redirect_uri, &[("scope", scope)]);
    let location = Browser::new(app).allow(&query, user);
    let code = parameter(&location, "code").unwrap();
    let token = client.exchange(app, &code, redirect_uri, &[]).ok();
    token["access_token"].as_str().unwrap().to_owned()
}

/// A token of the user that allows this, through the pages.
pub fn user_token(app: &TestApp, scopes: &str, user: &User) -> String {
    let_in(app, &Client::register(app, IVORY, scopes), IVORY, scopes, user)
}

/// A token by which an app acts for itself.
pub fn app_token(app: &TestApp, scopes: &str) -> String {
    Client::register(app, IVORY, scopes).own_token(app, scopes)
}

fn show(app: &TestApp, token: &str) -> Answer {
    app.get(LISTS).header("authorization", &format!("Bearer {token}")).send()
}

fn refuse(answer: &Answer, status: u16, code: &str) {
    answer.error(status, code);
    assert!(answer.json()["error_description"].is_string(), "{answer:?}");
}

#[test]
fn an_app_registers_in_every_form_and_gets_all_fields() {
    let app = TestApp::start();
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nIvory\r\n\
        --b\r\nContent-Disposition: form-data; name=\"redirect_uris\"\r\n\r\na://x b://y\r\n--b--\r\n";
    for (path, media_type, body) in [
        (
            "/api/v1/apps",
            "application/json",
            r#"{"client_name":"Ivory","redirect_uris":["a://x","b://y"],"website":null}"#,
        ),
        (
            "/api/v1/apps",
            "application/json",
            r#"{"client_name":"Ivory","redirect_uris":"a://x\nb://y","scopes":"read"}"#,
        ),
        ("/api/v1/apps", FORM, "client_name=Ivory&redirect_uris=a%3A%2F%2Fx%0Ab%3A%2F%2Fy&website="),
        ("/api/v1/apps", FORM, "client_name=Ivory&redirect_uris[]=a://x&redirect_uris[]=b://y"),
        ("/api/v1/apps", "multipart/form-data; boundary=b", multipart),
        ("/api/v1/apps?client_name=Ivory&redirect_uris=a://x%20b://y&scopes=read", FORM, ""),
    ] {
        let registered = app.call("POST", path).header("content-type", media_type).body(body).send().ok();
        assert_eq!(registered["name"], "Ivory", "{body}");
        assert_eq!(registered["redirect_uris"], json!(["a://x", "b://y"]));
        assert_eq!(registered["redirect_uri"], "a://x\nb://y");
        assert_eq!(registered["scopes"], json!(["read"]));
        assert_eq!(
            (&registered["website"], &registered["client_secret_expires_at"]),
            (&Value::Null, &json!(0))
        );
        assert!(registered["vapid_key"].is_string());
        assert!(registered["id"].as_str().unwrap().parse::<i64>().is_ok());
        for secret in ["client_id", "client_secret"] {
            assert_eq!(registered[secret].as_str().unwrap().len(), 43);
        }
    }
}

#[test]
fn a_registration_that_breaks_a_rule_is_refused() {
    let app = TestApp::start();
    for (name, uris, scopes, website) in [
        ("", "app://", "read", ""),
        (" ", "app://", "read", ""),
        ("a\0b", "app://", "read", ""),
        (&"x".repeat(61), "app://", "read", ""),
        ("app", "", "read", ""),
        ("app", "javascript:alert(1)", "read", ""),
        ("app", "app:// data:text/html,x", "read", ""),
        ("app", "https://app.example/#x", "read", ""),
        ("app", "/path", "read", ""),
        ("app", "app://", "read everything", ""),
        ("app", "app://", "read", "javascript:alert(1)"),
    ] {
        let pairs =
            [("client_name", name), ("redirect_uris", uris), ("scopes", scopes), ("website", website)];
        let answer = post_form(&app, "/api/v1/apps", &pairs);
        assert_eq!(answer.status, 422, "{pairs:?}");
        assert!(answer.json()["error"].as_str().unwrap().starts_with("Validation failed: "), "{answer:?}");
    }
}

#[test]
fn a_person_logs_in_and_consents_and_the_app_acts_for_them() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, &format!("https://app.example/cb {IVORY}"), "read write push");
    let mut browser = Browser::new(&app);
    let query = client.query(IVORY, &[("scope", "read write"), ("state", "a b&=한"), ("unknown", "x")]);

    let page = browser.open(&query);
    assert_eq!((page.status, page.header("content-language")), (200, "en"));
    assert!(page.body.contains("Ivory &#60;b&#62;") && page.body.contains("type=\"password\""), "{page:?}");
    assert!(page.header("content-security-policy").contains("form-action 'self'"));

    let wrong = browser.log_in(&query, &song.email, "wrong horse");
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("is wrong") && wrong.body.contains("value=\"song@example.com\""),
        "{wrong:?}"
    );

    let page = browser.log_in(&query, &format!("user{}", song.id), PASSWORD);
    assert_eq!(page.status, 200);
    for text in ["read everything in your account", "change everything", "song", IVORY] {
        assert!(page.body.contains(text), "{text}: {page:?}");
    }
    assert!(!page.body.contains("push notifications") && !page.body.contains(PASSWORD));
    // Chrome would hold the redirects of the app against it.
    assert!(!page.header("content-security-policy").contains("form-action"));

    let answer = browser.decide(&query, &page, "allow");
    let location = answer.header("location").to_owned();
    assert!(location.starts_with(&format!("{IVORY}?code=")), "{location}");
    assert_eq!(parameter(&location, "state").as_deref(), Some("a b&=한"));
    let code = parameter(&location, "code").unwrap();
    // An extra scope is ignored.
    let answer = client.exchange(&app, &code, IVORY, &[("scope", "read write follow push")]);
    assert_eq!(answer.header("cache-control"), "no-store");
    let token = answer.ok();
    assert_eq!((&token["token_type"], &token["scope"]), (&json!("Bearer"), &json!("read write")));
    assert!(token["created_at"].as_i64().unwrap() > 1_700_000_000);
    assert!(token.get("expires_in").is_none(), "it never expires");

    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let get = |path: &str| app.get(path).header("authorization", &bearer).send();
    get(LISTS).ok();
    assert_eq!(get("/api/v1/apps/verify_credentials").ok()["name"], "Ivory <b>");
    get("/oauth/userinfo").error(403, "This action is outside the authorized scopes");
    // The classic API knows the person as well, within the scopes.
    let tweet = app.post("/tweet", &json!({"tweet": "from the app"})).header("authorization", &bearer);
    assert_eq!(tweet.send().ok()["user_id"], song.id);
    assert_eq!(get("/timeline").tweets(), ["from the app"]);
    let change = json!({"old_password": PASSWORD, "new_password": "battery staple"});
    app.post("/password", &change).header("authorization", &bearer).send().problem(401, "token_invalid");
}

#[test]
fn the_pages_speak_the_persons_language_and_the_one_of_the_app() {
    let app = TestApp::start();
    let client = Client::register(&app, OOB, "read");
    let query = client.query(OOB, &[]);
    let open = |query: &str, language: &str| {
        app.get(format!("/oauth/authorize?{query}")).header("accept-language", language).send()
    };
    let page = open(&query, "ko-KR,ko;q=0.9,en;q=0.8");
    assert_eq!(page.header("content-language"), "ko");
    assert!(page.body.contains("lang=\"ko\"") && page.body.contains("비밀번호"), "{page:?}");
    assert_eq!(open(&query, "fr").header("content-language"), "en");
    assert_eq!(open(&(query.clone() + "&lang=ko"), "en").header("content-language"), "ko");
    assert_eq!(open("client_id=x", "ko").header("content-language"), "ko");
    let style = app.get("/oauth/page.css").send();
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
}

#[test]
fn without_an_address_the_code_is_shown() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, OOB, "read");
    let mut browser = Browser::new(&app);
    let query = client.query(OOB, &[]);
    let page = browser.log_in(&query, &song.email, PASSWORD);
    let denied = browser.decide(&query, &page, "deny");
    assert_eq!((denied.status, denied.header("location")), (403, ""));
    let shown = browser.decide(&query, &page, "allow");
    assert_eq!((shown.status, shown.header("location")), (200, ""));
    let code = shown.body.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    show(&app, client.exchange(&app, code, OOB, &[]).ok()["access_token"].as_str().unwrap()).ok();
    let wrong = browser.open(&client.query(OOB, &[("scope", "write")]));
    assert_eq!((wrong.status, wrong.header("location")), (400, ""));
}

#[test]
fn an_unknown_app_or_address_leads_to_a_page_and_nowhere_else() {
    let app = TestApp::start();
    let client = Client::register(&app, &format!("https://app.example/cb?x=1 {IVORY}"), "read");
    let other = Client { id: "x".repeat(43), secret: String::new() };
    let upper = Client { id: client.id.to_uppercase(), secret: String::new() };
    for query in [
        String::new(),
        "client_id=%ff".to_owned(),
        other.query(IVORY, &[]),
        upper.query(IVORY, &[]),
        client.query("", &[]),
        client.query("https://app.example/cb", &[]),
        client.query("https://app.example/cb?x=1&y=2", &[]),
        client.query("https://app.example/cb?x=1#f", &[]),
        client.query("https://app.example/CB?x=1", &[]),
        client.query("https://app.example/cb/../cb?x=1", &[]),
        client.query("http://app.example/cb?x=1", &[]),
        client.query("https://evil.example/", &[]),
        client.query(&IVORY.to_lowercase(), &[]),
        client.query(OOB, &[]),
        client.query("javascript:alert(1)", &[]),
    ] {
        let mut browser = Browser::new(&app);
        for answer in [browser.open(&query), browser.submit(&query, &[("decision", "allow")])] {
            assert_eq!((answer.status, answer.header("location")), (400, ""), "{query}");
            assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
        }
    }
}

#[test]
fn what_else_is_wrong_is_told_to_the_app() {
    let app = TestApp::start();
    let client = Client::register(&app, IVORY, "read");
    for (more, error) in [
        (&[("response_type", "token")][..], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("scope", "write")], "invalid_scope"),
        (&[("scope", "read everything")], "invalid_scope"),
        (&[("code_challenge", CHALLENGE)], "invalid_request"),
        (&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge", "short"), ("code_challenge_method", "S256")], "invalid_request"),
    ] {
        let more: Vec<_> = more.iter().copied().chain([("state", "s")]).collect();
        let answer = Browser::new(&app).open(&client.query(IVORY, &more));
        let location = answer.header("location");
        assert_eq!((answer.status, location.starts_with(IVORY)), (303, true), "{answer:?}");
        assert_eq!(parameter(location, "error").as_deref(), Some(error), "{more:?}");
        assert_eq!(parameter(location, "state").as_deref(), Some("s"));
        assert_eq!(parameter(location, "code"), None);
    }
}

#[test]
fn only_the_persons_own_press_of_the_button_counts() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let query = client.query(IVORY, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.log_in(&query, &song.email, PASSWORD);
    // What a page of another site can send: no token of the form, or one of its own.
    let foreign = form_token(&Browser::new(&app).open(&query));
    for token in ["", "x", foreign.as_str()] {
        let answer = browser.submit(&query, &[("form_token", token), ("decision", "allow")]);
        assert_eq!((answer.status, answer.header("location")), (422, ""), "{token}");
    }
    assert_eq!(page.status, 200);
    // That replaced the session, as any expired page does.
    let page = browser.log_in(&query, &song.email, PASSWORD);
    // What the link of an app can have in it.
    let linked = format!("{query}&decision=allow&form_token={}", form_token(&page));
    let answer = browser.decide(&linked, &page, "deny");
    assert_eq!(parameter(answer.header("location"), "error").as_deref(), Some("access_denied"));
    // A decision without a log-in.
    let mut stranger = Browser::new(&app);
    let page = stranger.open(&query);
    let answer = stranger.decide(&query, &page, "allow");
    assert_eq!((answer.status, answer.header("location")), (422, ""));
    assert!(answer.body.contains("type=\"password\""));
    assert_eq!(app.database.connect().number("SELECT COUNT(*) AS value FROM authorization_codes"), 0);
}

#[test]
fn a_person_may_be_asked_to_log_in_again() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let client = Client::register(&app, IVORY, "read");
    let query = client.query(IVORY, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.log_in(&query, &song.email, PASSWORD);
    assert!(page.body.contains("decision") && page.body.contains("force_login=true"), "{page:?}");
    assert!(browser.open(&query).body.contains("decision"), "the session lasts");
    let forced = format!("{query}&force_login=true");
    assert!(browser.open(&forced).body.contains("type=\"password\""));
    let page = browser.log_in(&forced, &kim.email, PASSWORD);
    assert!(page.body.contains("kim") && page.body.contains("decision"), "{page:?}");
    let location = browser.decide(&query, &page, "allow").header("location").to_owned();
    let token = client.exchange(&app, &parameter(&location, "code").unwrap(), IVORY, &[]).ok();
    let token = token["access_token"].as_str().unwrap().to_owned();
    app.tweet(&kim, "mine");
    assert_eq!(app.get("/timeline").token(&token).send().tweets(), ["mine"]);
}

#[test]
fn the_session_of_the_pages_ends_with_the_password() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let query = client.query(IVORY, &[]);
    let mut browser = Browser::new(&app);
    let page = browser.log_in(&query, &song.email, PASSWORD);
    let change = json!({"old_password": PASSWORD, "new_password": "battery staple"});
    app.post("/password", &change).by(&song).send().ok();
    assert_eq!(browser.decide(&query, &page, "allow").status, 422);
    assert!(browser.open(&query).body.contains("type=\"password\""));
    // A cookie is no token, and a token is no cookie.
    let cookie = browser.cookies["miniter"].clone();
    show(&app, &cookie).error(401, "The access token is invalid");
    browser.cookies.insert("miniter".to_owned(), song.token);
    assert!(browser.open(&query).body.contains("type=\"password\""));
}

#[test]
fn over_tls_the_cookie_is_secure_and_of_this_host() {
    let app =
        TestApp::start_with(|settings| settings.public_url = Some("https://example.com".parse().unwrap()));
    let client = Client::register(&app, IVORY, "read");
    let answer = app.get(format!("/oauth/authorize?{}", client.query(IVORY, &[]))).send();
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-miniter="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let metadata = app.get("/.well-known/oauth-authorization-server").send().ok();
    assert_eq!(metadata["issuer"], "https://example.com/");
    assert_eq!(metadata["authorization_endpoint"], "https://example.com/oauth/authorize");
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("read:statuses")));
}

#[test]
fn a_code_is_bound_to_its_app_its_address_and_its_verifier() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, &format!("{IVORY} app://"), "read");
    let other = Client::register(&app, IVORY, "read");
    let code = |more: &[(&str, &str)]| {
        let location = Browser::new(&app).allow(&client.query(IVORY, more), &song);
        parameter(&location, "code").unwrap()
    };
    let plain = code(&[]);
    refuse(&other.exchange(&app, &plain, IVORY, &[]), 400, "invalid_grant");
    refuse(&client.exchange(&app, &plain, "app://", &[]), 400, "invalid_grant");
    refuse(&client.exchange(&app, &plain, &IVORY.to_uppercase(), &[]), 400, "invalid_grant");
    refuse(&client.exchange(&app, "x", IVORY, &[]), 400, "invalid_grant");
    // A challenge that was removed on the way (RFC 9700, 4.8.2).
    refuse(&client.exchange(&app, &plain, IVORY, &[("code_verifier", VERIFIER)]), 400, "invalid_grant");
    // None of these has used the code up.
    client.exchange(&app, &plain, IVORY, &[]).ok();

    let bound = code(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    for verifier in ["", CHALLENGE, &VERIFIER.to_lowercase()] {
        refuse(&client.exchange(&app, &bound, IVORY, &[("code_verifier", verifier)]), 400, "invalid_grant");
    }
    refuse(&client.exchange(&app, &bound, IVORY, &[]), 400, "invalid_grant");
    client.exchange(&app, &bound, IVORY, &[("code_verifier", VERIFIER)]).ok();
}

#[test]
fn a_code_shown_twice_ends_the_token_that_came_of_it() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let location = Browser::new(&app).allow(&client.query(IVORY, &[]), &song);
    let code = parameter(&location, "code").unwrap();
    let token = client.exchange(&app, &code, IVORY, &[]).ok()["access_token"].as_str().unwrap().to_owned();
    let another = let_in(&app, &client, IVORY, "read", &song);
    show(&app, &token).ok();
    refuse(&client.exchange(&app, &code, IVORY, &[]), 400, "invalid_grant");
    show(&app, &token).error(401, "The access token is invalid");
    show(&app, &another).ok();
}

#[test]
fn a_code_is_good_for_ten_minutes() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let location = Browser::new(&app).allow(&client.query(IVORY, &[]), &song);
    app.execute("UPDATE authorization_codes SET created_at = '2026-01-01 00:00:00'");
    refuse(&client.exchange(&app, &parameter(&location, "code").unwrap(), IVORY, &[]), 400, "invalid_grant");
}

#[test]
fn the_token_route_takes_every_form_and_names_what_is_wrong() {
    let app = TestApp::start();
    let client = Client::register(&app, IVORY, "read write");
    let (id, secret) = (client.id.as_str(), client.secret.as_str());
    let good =
        json!({"grant_type": "client_credentials", "client_id": id, "client_secret": secret, "scope": null});
    assert_eq!(app.post("/oauth/token", &good).send().ok()["scope"], "read");
    let query = encode(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", "write"),
    ]);
    assert_eq!(app.call("POST", format!("/oauth/token?{query}")).body("").send().ok()["scope"], "write");
    // "id:secret" by HTTP Basic.
    let basic = format!("Basic {}", base64(format!("{id}:{secret}").as_bytes()));
    let call = app.call("POST", "/oauth/token").header("authorization", &basic).header("content-type", FORM);
    assert_eq!(
        call.body("grant_type=client_credentials&scope=read+write:media").send().ok()["scope"],
        "read write:media"
    );

    let post = |changed: &[(&str, &str)]| {
        let pairs = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        post_form(&app, "/oauth/token", &pairs.into_iter().chain(changed.iter().copied()).collect::<Vec<_>>())
    };
    for changed in [("client_id", "x"), ("client_id", ""), ("client_secret", "x"), ("client_secret", "")] {
        refuse(&post(&[changed]), 401, "invalid_client");
    }
    refuse(&post_form(&app, "/oauth/token", &[("grant_type", "client_credentials")]), 401, "invalid_client");
    refuse(&post(&[("scope", "read push")]), 400, "invalid_scope");
    refuse(&post(&[("scope", "everything")]), 400, "invalid_scope");
    refuse(&post(&[("grant_type", "password")]), 400, "unsupported_grant_type");
    refuse(&post(&[("grant_type", "")]), 400, "invalid_request");
    refuse(&post(&[("grant_type", "authorization_code")]), 400, "invalid_request");
    refuse(&app.call("POST", "/oauth/token").body("").send(), 400, "invalid_request");
    let call = app.call("POST", "/oauth/token").header("content-type", "application/json").body("{");
    refuse(&call.send(), 400, "invalid_request");
    let call = app.call("POST", "/oauth/token").header("content-type", FORM).body("grant_type=%ff");
    refuse(&call.send(), 400, "invalid_request");
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for i in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * i) & 63) as usize]);
            text.push(if i <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[test]
fn an_app_acts_for_itself_where_no_user_is_needed() {
    let app = TestApp::start();
    let client = Client::register(&app, IVORY, "read write profile");
    let token = client.own_token(&app, "read write profile");
    let bearer = format!("Bearer {token}");
    let get = |path: &str| app.get(path).header("authorization", &bearer).send();
    assert_eq!(get("/api/v1/apps/verify_credentials").ok()["redirect_uris"], json!([IVORY]));
    get(LISTS).error(422, "This method requires an authenticated user");
    get("/oauth/userinfo").error(422, "This method requires an authenticated user");
    get("/timeline").problem(401, "token_invalid");
    app.post("/tweet", &json!({"tweet": "x"})).token(&token).send().problem(401, "token_invalid");
    app.get("/api/v1/apps/verify_credentials").send().error(401, "The access token is invalid");
    // The token of a log-in by password belongs to no app.
    let song = app.user("song");
    let call = app.get("/api/v1/apps/verify_credentials").by(&song);
    call.send().error(401, "The access token is invalid");
    client.revoke(&app, &token).ok();
    get("/api/v1/apps/verify_credentials").error(401, "The access token is invalid");
}

#[test]
fn userinfo_tells_who_has_let_the_app_in() {
    let app = TestApp::start();
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "profile");
    let token = let_in(&app, &client, IVORY, "profile", &song);
    let info = app.get("/oauth/userinfo").token(&token).send().ok();
    let base = format!("http://{}", app.address);
    assert_eq!((&info["iss"], &info["name"]), (&json!(format!("{base}/")), &json!("song")));
    assert_eq!(info["preferred_username"], format!("user{}", song.id));
    assert_eq!(info["sub"], format!("{base}/@user{}", song.id));
    show(&app, &token).error(403, "This action is outside the authorized scopes");
}

#[test]
fn an_app_revokes_its_own_tokens_on_every_node_and_no_others() {
    let app = TestApp::start();
    let other_node = app.another_node(|_| ());
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let other = Client::register(&app, IVORY, "read");
    let (token, kept) =
        (let_in(&app, &client, IVORY, "read", &song), let_in(&app, &client, IVORY, "read", &song));
    show(&other_node, &token).ok();
    refuse(&other.revoke(&app, &token), 403, "unauthorized_client");
    let impostor = Client { id: client.id.clone(), secret: other.secret.clone() };
    refuse(&impostor.revoke(&app, &token), 403, "unauthorized_client");
    show(&other_node, &token).ok();
    for _ in 0..2 {
        assert_eq!(client.revoke(&app, &token).ok(), json!({}));
        show(&other_node, &token).error(401, "The access token is invalid");
        show(&app, &token).error(401, "The access token is invalid");
    }
    client.revoke(&app, "nonsense").ok();
    show(&other_node, &kept).ok();
    app.get("/timeline").by(&song).send().ok();
}

#[test]
fn a_new_password_and_a_deleted_account_end_tokens_on_every_node() {
    let app = TestApp::start();
    let other_node = app.another_node(|_| ());
    let (song, kim) = (app.user("song"), app.user("kim"));
    let client = Client::register(&app, IVORY, "read");
    let (songs, kims) =
        (let_in(&app, &client, IVORY, "read", &song), let_in(&app, &client, IVORY, "read", &kim));
    let own = client.own_token(&app, "read");
    let location = Browser::new(&app).allow(&client.query(IVORY, &[]), &song);
    for node in [&app, &other_node] {
        show(node, &songs).ok();
        show(node, &kims).ok();
    }
    let change = json!({"old_password": PASSWORD, "new_password": "battery staple"});
    app.post("/password", &change).by(&song).send().ok();
    for node in [&other_node, &app] {
        show(node, &songs).error(401, "The access token is invalid");
        show(node, &kims).ok();
    }
    // A code of before, too.
    let code = parameter(&location, "code").unwrap();
    refuse(&client.exchange(&app, &code, IVORY, &[]), 400, "invalid_grant");

    // No route deletes accounts yet. What other SQL deletes, a node on a server does not notice.
    if app.database.is_sqlite() {
        app.execute(&format!("DELETE FROM users WHERE id = {}", kim.id));
        for node in [&other_node, &app] {
            show(node, &kims).error(401, "The access token is invalid");
        }
    }
    let verify = app.get("/api/v1/apps/verify_credentials").token(&own).send();
    assert_eq!(verify.status, 200, "{verify:?}");
}

#[test]
fn wrong_passwords_on_the_page_are_counted_with_those_of_the_api() {
    let app = TestApp::start_with(|settings| {
        generous(settings);
        settings.log_in_failure_limit = quota(2, 3_600_000);
    });
    let song = app.user("song");
    let client = Client::register(&app, IVORY, "read");
    let query = client.query(IVORY, &[]);
    let mut browser = Browser::new(&app);
    for _ in 0..2 {
        assert_eq!(browser.log_in(&query, &song.email, "wrong horse").status, 422);
    }
    let answer = browser.log_in(&query, &song.email, PASSWORD);
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(answer.body.contains("too many wrong passwords"), "{answer:?}");
    app.log_in(&song.email, PASSWORD).problem(429, "too_many_failures");
}
