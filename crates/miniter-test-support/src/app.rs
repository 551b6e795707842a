//! A server in this process: `TestApp::start()`, then `app.user("song")`, `app.post("/tweet", …)`.

use std::fmt::Display;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use miniter::app;
use miniter::settings::{Settings, Switch};
use serde_json::{Value, json};
use ureq::http::{Method, Request};

use crate::answer::Answer;
use crate::contract;
use crate::database::TestDatabase;

/// What the tests sign tokens with.
pub const SECRET: &str = "a secret for tests, 32 bytes and more";

/// The password of every user that [`TestApp::user`] makes.
pub const PASSWORD: &str = "correct horse";

/// A server with a database of its own; both are gone when it is dropped.
pub struct TestApp {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its database.
    pub database: Arc<TestDatabase>,
    client: Client,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Somebody who has signed up and logged in.
pub struct User {
    /// The user's number.
    pub id: i64,
    /// The e-mail address that the account has.
    pub email: String,
    /// A token of the user's.
    pub token: String,
}

impl TestApp {
    /// Starts a server with a new database and no limits.
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// Starts a server after `change` has changed its settings.
    pub fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(TestDatabase::new(), change)
    }

    /// Starts a server on a database that may hold something already.
    pub fn start_on(database: impl Into<Arc<TestDatabase>>, change: impl FnOnce(&mut Settings)) -> Self {
        let database = database.into();
        let mut settings = Settings::defaults(database.url());
        "127.0.0.1:0".clone_into(&mut settings.bind);
        settings.jwt_secret = Some(SECRET.into());
        settings.database_connections = 2;
        settings.rate_limits = Switch::Off;
        change(&mut settings);

        let (sender, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let application = app::build(&settings).unwrap();
                sender.send((application.addresses[0], application.server.handle())).unwrap();
                application.server.await.unwrap();
            });
        });
        let (address, handle) = started.recv().unwrap();
        let client = Client::new(&address);
        Self { address, database, client, handle, thread: Some(thread) }
    }

    /// Another server on the same database. On SQLite that is no way to run miniter, but the file allows it.
    #[must_use]
    pub fn another_node(&self, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(Arc::clone(&self.database), change)
    }

    /// Signs somebody up and logs them in.
    pub fn user(&self, name: &str) -> User {
        let email = format!("{name}@example.com");
        let account = json!({"name": name, "email": email, "password": PASSWORD, "profile": ""});
        let id = self.post("/sign-up", &account).send().ok()["id"].as_i64().unwrap();
        let token = self.log_in(&email, PASSWORD).ok()["access_token"].as_str().unwrap().to_owned();
        User { id, email, token }
    }

    /// Asks for a log-in.
    pub fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/login", &json!({"email": email, "password": password})).send()
    }

    /// Publishes a tweet.
    pub fn tweet(&self, author: &User, text: &str) -> Value {
        self.post("/tweet", &json!({"tweet": text})).by(author).send().ok()
    }

    /// Has one user follow another.
    pub fn follow(&self, follower: &User, followee: &User) {
        self.post("/follow", &json!({"follow": followee.id})).by(follower).send().empty();
    }

    /// The tweets of somebody's timeline.
    pub fn timeline(&self, reader: &User) -> Vec<String> {
        self.get("/timeline").by(reader).send().tweets()
    }

    /// A GET.
    pub fn get(&self, path: impl Display) -> Call<'_> {
        self.client.get(path)
    }

    /// A POST of JSON.
    pub fn post(&self, path: impl Display, body: &Value) -> Call<'_> {
        self.client.post(path, body)
    }

    /// A request with any method.
    pub fn call(&self, method: &str, path: impl Display) -> Call<'_> {
        self.client.call(method, path)
    }

    /// Runs a statement beside the server.
    pub fn execute(&self, statement: &str) {
        self.database.execute(statement);
    }

    /// Sends bytes as they stand and returns whatever comes back until the server closes.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // One that it does not want the server may have answered, and closed, before it has all of it.
        if stream.write_all(request).is_ok() {
            drop(stream.shutdown(Shutdown::Write));
        }
        read_until_closed(&mut stream)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Sent when it is called; the thread is what is waited for.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            assert!(outcome.is_ok() || thread::panicking(), "the server has panicked");
        }
    }
}

/// All that comes until the server closes, which it must before the stream's time-out. Where it had not yet read what was sent,
/// the system resets the connection.
pub fn read_until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it is not closed: {error}; {answer}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Calls a server.
pub struct Client {
    base: String,
    agent: ureq::Agent,
}

impl Client {
    /// A client of the server at this address.
    pub fn new(address: &SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_mins(1)));
        Self { base: format!("http://{address}"), agent: config.build().into() }
    }

    /// A GET.
    pub fn get(&self, path: impl Display) -> Call<'_> {
        self.call("GET", path)
    }

    /// A POST of JSON.
    pub fn post(&self, path: impl Display, body: &Value) -> Call<'_> {
        self.call("POST", path).header("content-type", "application/json").body(body.to_string())
    }

    /// A request with any method.
    pub fn call(&self, method: &str, path: impl Display) -> Call<'_> {
        Call {
            client: self,
            method: method.to_owned(),
            path: path.to_string(),
            headers: Vec::new(),
            body: None,
        }
    }
}

/// A request that is being put together.
#[must_use = "it is sent by `send`"]
pub struct Call<'a> {
    client: &'a Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the token bare, as the classic clients send it.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", token)
    }

    /// Adds the token of a user.
    pub fn by(self, user: &User) -> Self {
        self.token(&user.token)
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it. Whatever comes back is held against the OpenAPI document.
    pub fn send(self) -> Answer {
        let (method, path) = (self.method.clone(), self.path.clone());
        let answer = self.send_unchecked();
        contract::check(&method, &path, &answer);
        answer
    }

    /// Sends it, to a server that has something else at that path than the document says.
    pub fn send_unchecked(self) -> Answer {
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(format!("{}{}", self.client.base, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = match self.body {
            Some(body) => self.client.agent.run(request.body(body).unwrap()),
            None => self.client.agent.run(request.body(()).unwrap()),
        };
        Answer::read(response.unwrap())
    }
}
