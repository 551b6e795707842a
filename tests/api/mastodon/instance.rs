//! What a client asks before anybody has logged in.

use miniter_service::Registration;
use miniter_test_support::app::{PASSWORD, TestApp};
use serde_json::json;

use super::required;

/// A server that people reach at another address than the one on which it listens.
fn app() -> TestApp {
    TestApp::start_with(|settings| {
        settings.public_url = Some("https://example.com".parse().unwrap());
        settings.title = "Song's".into();
        settings.description = "About <books>".into();
        settings.contact = "song@example.com".into();
    })
}

#[test]
fn version_1_has_all_that_clients_require() {
    let app = app();
    let song = app.user("song");
    app.tweet(&song, "hello");
    let instance = app.get("/api/v1/instance").send().ok();
    required::check("V1Instance", &instance);
    assert_eq!(instance["uri"], "example.com");
    assert_eq!(instance["title"], "Song's");
    assert_eq!(instance["description"], "About <books>");
    assert_eq!(instance["email"], "song@example.com");
    assert_eq!(instance["version"], "4.2.0 (compatible; miniter 0.1.0)");
    assert_eq!(instance["urls"]["streaming_api"], "wss://example.com");
    assert_eq!(instance["stats"], json!({"user_count": 1, "status_count": 1, "domain_count": 1}));
    assert_eq!(instance["registrations"], true);
    assert_eq!(instance["configuration"]["statuses"]["max_characters"], 300);
    assert_eq!(instance["configuration"]["statuses"]["characters_reserved_per_url"], 23);
}

#[test]
fn version_2_has_all_that_clients_require() {
    let app = app();
    let (song, _) = (app.user("song"), app.user("kim"));
    app.tweet(&song, "hello");
    let instance = app.get("/api/v2/instance").send().ok();
    required::check("Instance", &instance);
    assert_eq!(required::check_all("Icon", &instance["icon"]).len(), 1);
    assert_eq!(instance["domain"], "example.com");
    assert_eq!(instance["version"], "4.2.0 (compatible; miniter 0.1.0)");
    assert_eq!(instance["configuration"]["urls"]["streaming"], "wss://example.com");
    assert_eq!(instance["usage"]["users"]["active_month"], 1, "Kim has written nothing");
    assert_eq!(instance["contact"]["email"], "song@example.com");
    assert!(instance.get("api_versions").is_none(), "that would promise grouped notifications");
}

#[test]
fn without_a_setting_the_public_url_is_where_the_server_listens_whatever_the_host_header_says() {
    let app = TestApp::start();
    let instance = app.get("/api/v2/instance").header("host", "evil.example").send().ok();
    required::check("Instance", &instance);
    assert_eq!(instance["domain"], app.address.to_string());
    assert_eq!(instance["configuration"]["urls"]["streaming"], format!("ws://{}", app.address));
    assert!(!instance.to_string().contains("evil"), "{instance}");
}

#[test]
fn nodeinfo_says_what_clients_look_for() {
    let app = app();
    app.user("song");
    let links = app.get("/.well-known/nodeinfo").send().ok();
    for (link, version) in links["links"].as_array().unwrap().iter().zip(["2.0", "2.1"]) {
        assert_eq!(link["rel"], format!("http://nodeinfo.diaspora.software/ns/schema/{version}"));
        assert_eq!(link["href"], format!("https://example.com/nodeinfo/{version}"));
        let nodeinfo = app.get(format!("/nodeinfo/{version}")).send().ok();
        required::check("Nodeinfo", &nodeinfo);
        assert_eq!(nodeinfo["version"], version);
        assert_eq!(nodeinfo["software"], json!({"name": "miniter", "version": "0.1.0"}));
        assert_eq!(nodeinfo["metadata"]["upstream"]["name"], "mastodon");
        assert_eq!(nodeinfo["usage"]["users"]["total"], 1);
        assert_eq!(nodeinfo["openRegistrations"], true);
    }
    assert_eq!(links["links"].as_array().unwrap().len(), 2);
}

#[test]
fn host_meta_names_the_public_host() {
    let app = app();
    let template = "https://example.com/.well-known/webfinger?resource={uri}";
    let xrd = app.get("/.well-known/host-meta").send();
    assert_eq!(xrd.header("content-type"), "application/xrd+xml; charset=utf-8");
    assert!(xrd.body.contains(&format!("<Link rel=\"lrdd\" template=\"{template}\"/>")), "{}", xrd.body);
    let json = app.get("/.well-known/host-meta.json").send().ok();
    assert_eq!(json, json!({"links": [{"rel": "lrdd", "template": template}]}));
}

#[test]
fn webfinger_finds_nobody_who_is_not_here() {
    let app = app();
    for query in
        ["", "?resource=", "?resource=acct:song@elsewhere.example", "?resource=acct:nobody@example.com"]
    {
        app.get(format!("/.well-known/webfinger{query}")).send().error(404, "Record not found");
    }
}

#[test]
fn where_registration_is_closed_nobody_signs_up_and_clients_are_told() {
    let app = TestApp::start();
    let song = app.user("song");
    let closed = app.another_node(|settings| settings.registration = Registration::Closed);
    let account = json!({"name": "Kim", "email": "kim@example.com", "password": PASSWORD, "profile": ""});
    let refused = closed.post("/sign-up", &account).send();
    refused.problem(403, "registration_closed");
    let korean = closed.post("/sign-up", &account).header("accept-language", "ko").send();
    assert_eq!(korean.header("content-language"), "ko");
    assert_eq!(closed.get("/api/v1/instance").send().ok()["registrations"], false);
    assert_eq!(closed.get("/api/v2/instance").send().ok()["registrations"]["enabled"], false);
    assert_eq!(closed.get("/nodeinfo/2.0").send().ok()["openRegistrations"], false);
    closed.log_in(&song.email, PASSWORD).ok();
}
