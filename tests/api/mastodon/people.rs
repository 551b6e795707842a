//! People who post and react, as clients of Mastodon do it.

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{TestApp, User};
use serde_json::{Value, json};

use super::required;

pub const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a request with JSON.
pub fn send(app: &TestApp, user: &User, method: &str, path: &str, body: &Value) -> Answer {
    app.call(method, path).header("content-type", "application/json").body(body.to_string()).by(user).send()
}

/// Reads what there must be.
pub fn get(app: &TestApp, user: &User, path: &str) -> Value {
    app.get(path).by(user).send().ok()
}

/// Publishes a status.
#[track_caller]
pub fn publish(app: &TestApp, author: &User, body: &Value) -> Value {
    status(&send(app, author, "POST", "/api/v1/statuses", body))
}

/// Publishes a text with a visibility, and returns the status's id.
#[track_caller]
pub fn post(app: &TestApp, author: &User, visibility: &str, text: &str) -> String {
    id(&publish(app, author, &json!({"status": text, "visibility": visibility})))
}

/// Asks for an action on a status, without a body.
pub fn ask(app: &TestApp, user: &User, status: &str, action: &str) -> Answer {
    app.call("POST", format!("/api/v1/statuses/{status}/{action}")).by(user).send()
}

/// Does something with a status, and returns the status that is answered.
#[track_caller]
pub fn act(app: &TestApp, user: &User, id: &str, action: &str) -> Value {
    status(&ask(app, user, id, action))
}

/// The status of an answer, which has all that clients require.
#[track_caller]
pub fn status(answer: &Answer) -> Value {
    let status = answer.ok();
    required::check("Status", &status);
    status
}

/// The id of an entity.
pub fn id(entity: &Value) -> String {
    entity["id"].as_str().unwrap().to_owned()
}

/// The ids of entities.
pub fn ids(entities: &Value) -> Vec<String> {
    entities.as_array().unwrap().iter().map(id).collect()
}
