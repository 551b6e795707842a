//! Accounts and relationships, as clients of Mastodon see them.

use miniter_test_support::answer::Answer;
use miniter_test_support::app::{PASSWORD, TestApp, User};
use serde_json::{Value, json};

use super::required;

const FORM: &str = "application/x-www-form-urlencoded";

fn get(app: &TestApp, user: &User, path: &str) -> Value {
    app.get(path).by(user).send().ok()
}

fn post(app: &TestApp, user: &User, path: &str, body: &Value) -> Answer {
    app.post(path, body).by(user).send()
}

/// Does something with an account, and returns what it is to the user then.
fn act(app: &TestApp, user: &User, account: &User, action: &str, body: &Value) -> Value {
    let relationship = post(app, user, &format!("/api/v1/accounts/{}/{action}", account.id), body).ok();
    required::check("Relationship", &relationship);
    assert_eq!(relationship["id"], account.id.to_string());
    relationship
}

fn update(app: &TestApp, user: &User, media_type: &str, body: &str) -> Answer {
    app.call("PATCH", "/api/v1/accounts/update_credentials")
        .by(user)
        .header("content-type", media_type)
        .body(body)
        .send()
}

fn lock(app: &TestApp, user: &User) {
    update(app, user, FORM, "locked=true").ok();
}

fn ids(accounts: &Value) -> Vec<String> {
    let ids = accounts.as_array().unwrap().iter();
    ids.map(|account| account["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_account_has_all_that_clients_require() {
    let app = TestApp::start_with(|settings| {
        settings.public_url = Some("https://example.com".parse().unwrap());
    });
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&kim, &song);
    app.tweet(&song, "hello");
    let own = get(&app, &song, "/api/v1/accounts/verify_credentials");
    required::check("Account", &own);
    required::check("CredentialAccount", &own);
    assert_eq!(own["followers_count"], 1);
    assert_eq!(own["statuses_count"], 1);
    let read = app.get(format!("/api/v1/accounts/{}", song.id)).send().ok();
    required::check("Account", &read);
    assert_eq!(read["username"], format!("user{}", song.id));
    assert_eq!(read["url"], format!("https://example.com/@user{}", song.id));
    assert!(read.get("source").is_none(), "that is for its owner's eyes");
    required::check("Preferences", &get(&app, &song, "/api/v1/preferences"));
    for nobody in ["999", "0", "x", "-1", "99999999999999999999"] {
        let answer = app.get(format!("/api/v1/accounts/{nobody}")).send();
        assert_eq!((answer.status, answer.json()["error"].as_str()), (404, Some("Record not found")));
    }
    let refused = app.get("/api/v1/accounts/verify_credentials").send();
    assert_eq!(refused.status, 401);
}

#[test]
fn accounts_are_found_by_ids_and_names() {
    let app = TestApp::start();
    let song = app.user("song");
    let account = json!({"name": "김", "email": "kim@x.example", "password": PASSWORD, "username": "Kim_1"});
    let kim = app.post("/sign-up", &account).send().ok();
    assert_eq!(kim.as_object().unwrap().len(), 4, "the classic answer stays as it is: {kim}");
    let kim = kim["id"].to_string();
    let many = app.get(format!("/api/v1/accounts?id[]={}&id[]={kim}&id[]=x&id[]=999", song.id)).send().ok();
    assert_eq!(required::check_all("Account", &many).len(), 2);
    let all = (0..900).map(|id| format!("id[]={id}")).collect::<Vec<_>>().join("&");
    assert_eq!(ids(&app.get(format!("/api/v1/accounts?{all}")).send().ok()).len(), 2);
    for acct in ["kim_1", "@KIM_1", &format!("Kim_1@{}", app.address)] {
        let found = app.get(format!("/api/v1/accounts/lookup?acct={acct}")).send().ok();
        assert_eq!((found["id"].as_str(), found["acct"].as_str()), (Some(kim.as_str()), Some("Kim_1")));
    }
    for acct in ["kim", "kim_1@elsewhere.example", ""] {
        assert_eq!(app.get(format!("/api/v1/accounts/lookup?acct={acct}")).send().status, 404, "{acct}");
    }
    let search = |query: &str| get(&app, &song, &format!("/api/v1/accounts/search?{query}"));
    for query in ["q=kim", "q=%EA%B9%80", "q=@kim_1", "q=kim&resolve=true&limit=5"] {
        assert_eq!(ids(&search(query)), [kim.as_str()], "{query}");
    }
    for query in ["q=kim&following=true", "q=nobody", "q=", "", "q=kim@elsewhere.example", "q=kim&offset=1"] {
        assert_eq!(ids(&search(query)), [""; 0], "{query}");
    }
    let resource = format!("acct:kim_1@{}", app.address);
    let webfinger = app.get(format!("/.well-known/webfinger?resource={resource}")).send();
    assert_eq!(webfinger.json()["subject"], format!("acct:Kim_1@{}", app.address));
    let taken = json!({"name": "a", "email": "b@x.example", "password": PASSWORD, "username": "kim_1"});
    app.post("/sign-up", &taken).send().problem(409, "username_taken");
    for (username, code) in [("user7", "username_reserved"), ("송", "invalid_username")] {
        let refused =
            json!({"name": "a", "email": "b@x.example", "password": PASSWORD, "username": username});
        app.post("/sign-up", &refused).send().problem(400, code);
    }
}

#[test]
fn a_follow_is_the_same_in_both_apis() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.tweet(&kim, "hello");
    let followed = act(&app, &song, &kim, "follow", &json!({"reblogs": false, "notify": true}));
    assert_eq!((&followed["following"], &followed["showing_reblogs"]), (&json!(true), &json!(false)));
    assert_eq!(followed["notifying"], true);
    assert_eq!(app.timeline(&song), ["hello"]);
    app.post("/unfollow", &json!({"unfollow": kim.id})).by(&song).send().empty();
    let relationships = get(&app, &song, &format!("/api/v1/accounts/relationships?id[]={}", kim.id));
    required::check_all("Relationship", &relationships);
    assert_eq!(relationships[0]["following"], false);
    app.follow(&song, &kim);
    assert_eq!(act(&app, &kim, &song, "remove_from_followers", &json!({}))["followed_by"], false);
    assert_eq!(app.timeline(&song), [""; 0]);
    let own = post(&app, &song, &format!("/api/v1/accounts/{}/follow", song.id), &json!({}));
    assert_eq!(own.status, 422);
    for action in
        ["follow", "unfollow", "block", "unblock", "mute", "unmute", "note", "remove_from_followers"]
    {
        for nobody in ["999", "x"] {
            let path = format!("/api/v1/accounts/{nobody}/{action}");
            assert_eq!(post(&app, &song, &path, &json!({"comment": "x"})).status, 404, "{path}");
        }
    }
}

#[test]
fn a_locked_account_decides_on_requests_of_both_apis() {
    let app = TestApp::start();
    let (song, kim, lee) = (app.user("song"), app.user("kim"), app.user("lee"));
    app.tweet(&song, "hello");
    lock(&app, &song);
    // The classic answer is the same as of a follow.
    app.follow(&kim, &song);
    assert_eq!(app.timeline(&kim), [""; 0]);
    assert_eq!(act(&app, &lee, &song, "follow", &json!({}))["requested"], true);
    let requests = get(&app, &song, "/api/v1/follow_requests");
    required::check_all("Account", &requests);
    assert_eq!(ids(&requests), [lee.id.to_string(), kim.id.to_string()]);
    let own = get(&app, &song, "/api/v1/accounts/verify_credentials");
    assert_eq!(own["source"]["follow_requests_count"], 2);
    let decide = |follower: &User, verdict: &str| {
        post(&app, &song, &format!("/api/v1/follow_requests/{}/{verdict}", follower.id), &json!({}))
    };
    assert_eq!(decide(&kim, "authorize").ok()["followed_by"], true);
    assert_eq!(app.timeline(&kim), ["hello"]);
    assert_eq!(decide(&lee, "reject").ok()["followed_by"], false);
    assert_eq!((decide(&kim, "authorize").status, decide(&lee, "reject").status), (404, 404));
    assert_eq!(ids(&get(&app, &song, "/api/v1/follow_requests")), [""; 0]);
}

#[test]
fn a_block_ends_follows_and_refuses_new_ones() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&song, &kim);
    app.follow(&kim, &song);
    let blocked = act(&app, &song, &kim, "block", &json!({}));
    assert_eq!((&blocked["blocking"], &blocked["following"]), (&json!(true), &json!(false)));
    assert_eq!(blocked["followed_by"], false);
    assert_eq!(ids(&get(&app, &song, "/api/v1/blocks")), [kim.id.to_string()]);
    let refused = post(&app, &kim, &format!("/api/v1/accounts/{}/follow", song.id), &json!({}));
    assert_eq!((refused.status, refused.json()), (403, json!({"error": "This action is not allowed"})));
    app.post("/follow", &json!({"follow": song.id})).by(&kim).send().problem(404, "user_not_found");
    assert_eq!(act(&app, &song, &kim, "unblock", &json!({}))["blocking"], false);
    app.follow(&kim, &song);
}

#[test]
fn a_mute_and_a_note_are_the_users_own() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let muted = act(&app, &song, &kim, "mute?notifications=false&duration=3600", &json!({}));
    assert_eq!((&muted["muting"], &muted["muting_notifications"]), (&json!(true), &json!(false)));
    let mutes = get(&app, &song, "/api/v1/mutes");
    required::check_all("Account", &mutes);
    assert!(mutes[0]["mute_expires_at"].as_str().unwrap().ends_with('Z'), "{mutes}");
    let muted = act(&app, &song, &kim, "mute", &json!({"duration": u64::MAX}));
    assert_eq!(muted["muting_notifications"], true);
    assert_eq!(get(&app, &song, "/api/v1/mutes")[0]["mute_expires_at"], Value::Null);
    assert_eq!(act(&app, &song, &kim, "unmute", &json!({}))["muting"], false);
    let noted = act(&app, &song, &kim, "note", &json!({"comment": "a friend 🍺"}));
    assert_eq!(noted["note"], "a friend 🍺");
    let theirs = get(&app, &kim, &format!("/api/v1/accounts/relationships?id={}", song.id));
    assert_eq!(theirs[0]["note"], "");
    assert_eq!(act(&app, &song, &kim, "note", &json!({}))["note"], "");
    let long = json!({"comment": "x".repeat(2_001)});
    assert_eq!(post(&app, &song, &format!("/api/v1/accounts/{}/note", kim.id), &long).status, 422);
    assert_eq!(act(&app, &song, &song, "block", &json!({}))["blocking"], false, "nobody blocks themselves");
}

#[test]
fn lists_are_walked_by_their_links() {
    let app = TestApp::start();
    let song = app.user("song");
    let others: Vec<User> = (0..5).map(|number| app.user(&format!("other{number}"))).collect();
    for other in &others {
        app.follow(other, &song);
        app.follow(&song, other);
    }
    let newest: Vec<String> = others.iter().rev().map(|other| other.id.to_string()).collect();
    for list in ["followers", "following"] {
        let mut path = format!("/api/v1/accounts/{}/{list}?limit=2", song.id);
        let mut walked = Vec::new();
        loop {
            let answer = app.get(&path).send();
            required::check_all("Account", &answer.ok());
            walked.extend(ids(&answer.ok()));
            let link = answer.header("link");
            let Some((next, _)) = link.split_once(">; rel=\"next\"") else { break };
            let (_, next) = next.split_once(&app.address.to_string()).unwrap();
            next.clone_into(&mut path);
        }
        assert_eq!(walked, newest, "{list}");
    }
    let familiar =
        get(&app, &others[0], &format!("/api/v1/accounts/familiar_followers?id[]={}", others[1].id));
    assert_eq!(familiar[0]["id"], others[1].id.to_string());
    assert_eq!(ids(&familiar[0]["accounts"]), [song.id.to_string()]);
    // A block hides each of two from the other, here too.
    act(&app, &others[0], &others[1], "block", &json!({}));
    let followers = get(&app, &others[1], &format!("/api/v1/accounts/{}/followers", song.id));
    assert_eq!(ids(&followers), newest[..4]);
    let theirs = get(&app, &others[1], &format!("/api/v1/accounts/{}/followers", others[0].id));
    assert_eq!(ids(&theirs), [""; 0]);
    assert_eq!(app.get("/api/v1/accounts/999/followers").send().status, 404);
}

#[test]
fn a_profile_is_changed_in_every_encoding() {
    let app = TestApp::start();
    let song = app.user("song");
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"display_name\"\r\n\r\n은우\r\n\
        --b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nI <read>\r\n\
        --b\r\nContent-Disposition: form-data; name=\"bot\"\r\n\r\ntrue\r\n\
        --b\r\nContent-Disposition: form-data; name=\"source[privacy]\"\r\n\r\nunlisted\r\n\
        --b\r\nContent-Disposition: form-data; name=\"source[language]\"\r\n\r\nko\r\n\
        --b\r\nContent-Disposition: form-data; name=\"fields_attributes[0][name]\"\r\n\r\nTea\r\n\
        --b\r\nContent-Disposition: form-data; name=\"fields_attributes[0][value]\"\r\n\r\n<green>\r\n--b--\r\n";
    let json = json!({"display_name": "은우", "note": "I <read>", "bot": true,
        "source": {"privacy": "unlisted", "language": "ko"},
        "fields_attributes": {"0": {"name": "Tea", "value": "<green>"}, "1": {"name": "", "value": ""}}});
    let array = json!({"fields_attributes": [{"name": "Tea", "value": "<green>"}]});
    let form = "display_name=%EC%9D%80%EC%9A%B0&note=I+%3Cread%3E&bot=1&source%5Bprivacy%5D=unlisted\
        &source[language]=ko&fields_attributes[][name]=Tea&fields_attributes[][value]=%3Cgreen%3E";
    for (media_type, body) in [
        (FORM, form),
        ("multipart/form-data; boundary=b", multipart),
        ("application/json", &json.to_string()),
        ("application/json", &array.to_string()),
    ] {
        let updated = update(&app, &song, media_type, body).ok();
        required::check("CredentialAccount", &updated);
        assert_eq!(updated["display_name"], "은우", "{media_type}");
        assert_eq!(updated["note"], "<p>I &lt;read&gt;</p>");
        assert_eq!(updated["bot"], true);
        assert_eq!(
            (&updated["source"]["note"], &updated["source"]["privacy"]),
            (&json!("I <read>"), &json!("unlisted"))
        );
        assert_eq!(updated["source"]["language"], "ko");
        assert_eq!(updated["source"]["fields"][0]["value"], "<green>");
        assert_eq!(updated["fields"][0]["value"], "&lt;green&gt;");
        assert_eq!(updated["fields"].as_array().unwrap().len(), 1);
    }
    let preferences = get(&app, &song, "/api/v1/preferences");
    assert_eq!(preferences["posting:default:visibility"], "unlisted");
    assert_eq!(get(&app, &song, "/api/v1/accounts/verify_credentials")["display_name"], "은우");
    let cleared =
        update(&app, &song, "application/json", r#"{"display_name":"","note":"","source":{"language":""}}"#)
            .ok();
    assert_eq!(cleared["display_name"], cleared["username"]);
    assert_eq!((&cleared["note"], &cleared["source"]["language"]), (&json!(""), &Value::Null));
    let five = json!({"fields_attributes": (0..5).map(|n| json!({"name": n.to_string(), "value": "x"})).collect::<Vec<_>>()});
    for bad in [
        json!({"display_name": "x".repeat(256)}),
        json!({"note": "x".repeat(2_001)}),
        json!({"source": {"privacy": "secret"}}),
        five,
    ] {
        assert_eq!(update(&app, &song, "application/json", &bad.to_string()).status, 422, "{bad}");
    }
    assert_eq!(get(&app, &song, "/api/v1/accounts/verify_credentials")["fields"][0]["name"], "Tea");
}

/// An app's own token.
fn app_token(app: &TestApp, scopes: &str) -> String {
    let registration =
        json!({"client_name": "Ivory", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": scopes});
    let registered = app.post("/api/v1/apps", &registration).send().ok();
    let grant = json!({"grant_type": "client_credentials", "client_id": registered["client_id"],
        "client_secret": registered["client_secret"], "scope": scopes});
    app.post("/oauth/token", &grant).send().ok()["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn people_sign_up_with_an_app_and_go_on_at_once() {
    let app = TestApp::start();
    let token = app_token(&app, "read write follow");
    let sign_up = |token: &str, body: &Value| {
        app.post("/api/v1/accounts", body).header("authorization", &format!("Bearer {token}")).send()
    };
    let account = json!({"username": "Song", "email": "song@example.com", "password": PASSWORD,
        "agreement": true, "locale": "ko"});
    let answer = sign_up(&token, &account);
    let issued = answer.ok();
    required::check("Token", &issued);
    assert_eq!(issued["scope"], "read write follow");
    let theirs = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let own = app.get("/api/v1/accounts/verify_credentials").header("authorization", &theirs).send().ok();
    assert_eq!((own["username"].as_str(), own["display_name"].as_str()), (Some("Song"), Some("Song")));
    app.log_in("song@example.com", PASSWORD).ok();

    let details = |body: &Value| {
        let refused = sign_up(&token, body);
        assert_eq!(refused.status, 422, "{refused:?}");
        let refused = refused.json();
        assert!(refused["error"].as_str().unwrap().starts_with("Validation failed: "), "{refused}");
        refused["details"].clone()
    };
    let with = |key: &str, value: Value| {
        let mut other =
            json!({"username": "kim", "email": "kim@example.com", "password": PASSWORD, "agreement": true});
        other[key] = value;
        other
    };
    for (body, name, error) in [
        (with("username", json!("SONG")), "username", "ERR_TAKEN"),
        (with("username", json!("user1")), "username", "ERR_RESERVED"),
        (with("username", json!("송")), "username", "ERR_INVALID"),
        (with("username", Value::Null), "username", "ERR_BLANK"),
        (with("email", json!("SONG@example.com")), "email", "ERR_TAKEN"),
        (with("email", json!("song")), "email", "ERR_INVALID"),
        (with("password", json!("short")), "password", "ERR_TOO_SHORT"),
        (with("agreement", json!(false)), "agreement", "ERR_ACCEPTED"),
    ] {
        let details = details(&body);
        assert_eq!(details.as_object().unwrap().len(), 1, "{details}");
        assert_eq!(details[name][0]["error"], error, "{details}");
        assert!(details[name][0]["description"].is_string());
    }
    assert_eq!(details(&json!({})).as_object().unwrap().len(), 4);

    let users = app.user("lee").token;
    assert_eq!(sign_up(&users, &with("locale", json!("en"))).status, 403, "it is no app's");
    assert_eq!(sign_up(&app_token(&app, "read"), &with("locale", json!("en"))).status, 403);
    assert_eq!(app.post("/api/v1/accounts", &account).send().status, 401);
}

#[test]
fn where_registration_is_closed_no_app_signs_anybody_up() {
    let app = TestApp::start_with(|settings| settings.registration = miniter_service::Registration::Closed);
    let token = app_token(&app, "write");
    let account =
        json!({"username": "Song", "email": "song@example.com", "password": PASSWORD, "agreement": true});
    let call = app.post("/api/v1/accounts", &account).header("authorization", &format!("Bearer {token}"));
    assert_eq!(call.send().status, 403);
}
