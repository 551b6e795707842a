//! Favourites and bookmarks, and what a search finds.

use miniter_test_support::app::TestApp;
use serde_json::{Value, json};

use super::people::{act, get, ids, post, send};
use super::required;

#[test]
fn favourites_and_bookmarks_are_walked_by_cursors_of_their_own() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    let base = format!("http://{}", app.address);
    for (action, undo, flag, list) in [
        ("favourite", "unfavourite", "favourited", "/api/v1/favourites"),
        ("bookmark", "unbookmark", "bookmarked", "/api/v1/bookmarks"),
    ] {
        assert_eq!(get(&app, &kim, list), json!([]), "{list}");
        let posts: Vec<String> =
            (0..5).map(|number| post(&app, &song, "public", &number.to_string())).collect();
        // Not in the order of the statuses.
        let order = [2, 0, 4, 1, 3];
        for place in order {
            act(&app, &kim, &posts[place], action);
        }
        let newest: Vec<String> = order.iter().rev().map(|place| posts[*place].clone()).collect();
        let all = get(&app, &kim, list);
        assert!(required::check_all("Status", &all).iter().all(|status| status[flag] == true));
        assert_eq!(ids(&all), newest, "{list}");
        let (mut path, mut walked, mut last) = (format!("{list}?limit=2"), Vec::new(), String::new());
        loop {
            let answer = app.get(&path).by(&kim).send();
            walked.extend(ids(&answer.ok()));
            last = answer.link("prev").unwrap_or(last);
            let Some(next) = answer.link("next") else { break };
            next.strip_prefix(&base).unwrap().clone_into(&mut path);
        }
        assert_eq!(walked, newest, "{list}");
        assert_eq!(ids(&get(&app, &kim, last.strip_prefix(&base).unwrap())), newest[2..4]);
        act(&app, &kim, &posts[2], undo);
        app.call("DELETE", format!("/api/v1/statuses/{}", posts[0])).by(&song).send().ok();
        assert_eq!(ids(&get(&app, &kim, list)), newest[..3]);
        assert_eq!(get(&app, &song, list), json!([]), "they are the user's own");
    }
}

#[test]
fn what_one_may_not_see_any_more_is_no_favourite_on_a_page() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    app.follow(&kim, &song);
    let private = post(&app, &song, "private", "private");
    let public = post(&app, &song, "public", "public");
    for status in [&private, &public] {
        act(&app, &kim, status, "favourite");
        act(&app, &kim, status, "bookmark");
    }
    let lists = || ["/api/v1/favourites", "/api/v1/bookmarks"].map(|list| ids(&get(&app, &kim, list)));
    assert_eq!(lists(), [vec![public.clone(), private.clone()], vec![public.clone(), private.clone()]]);
    app.call("POST", format!("/api/v1/accounts/{}/unfollow", song.id)).by(&kim).send().ok();
    assert_eq!(lists(), [vec![public.clone()], vec![public.clone()]]);
    app.call("POST", format!("/api/v1/accounts/{}/block", kim.id)).by(&song).send().ok();
    assert_eq!(lists(), [vec![""; 0], vec![""; 0]]);
}

#[test]
fn a_search_finds_accounts_and_what_an_address_leads_to() {
    let app = TestApp::start();
    let (song, kim) = (app.user("song"), app.user("kim"));
    send(
        &app,
        &kim,
        "PATCH",
        "/api/v1/accounts/update_credentials",
        &json!({"display_name": "Kim Taehyung"}),
    )
    .ok();
    let (public, private) = (post(&app, &song, "public", "one"), post(&app, &song, "private", "two"));
    let base = format!("http://{}", app.address);
    let search = |query: &str| -> (Vec<String>, Vec<String>) {
        let found: Value = get(&app, &kim, &format!("/api/v2/search?{query}"));
        required::check("Search", &found);
        assert_eq!(found["hashtags"], json!([]));
        (ids(&found["accounts"]), ids(&found["statuses"]))
    };
    let (none, account) = (Vec::<String>::new(), |id: i64| vec![id.to_string()]);
    let name = format!("user{}", song.id);
    for (query, accounts, statuses) in [
        (format!("q={name}"), account(song.id), none.clone()),
        (format!("q=%40{name}&type=accounts&resolve=true"), account(song.id), none.clone()),
        ("q=taehy&type=accounts".to_owned(), account(kim.id), none.clone()),
        (format!("q={name}&type=statuses"), none.clone(), none.clone()),
        (format!("q={name}&type=hashtags"), none.clone(), none.clone()),
        (format!("q={name}&following=true"), none.clone(), none.clone()),
        (format!("q={base}/@{name}"), account(song.id), none.clone()),
        (format!("q={base}/@nobody"), none.clone(), none.clone()),
        (format!("q={base}/@{name}/{public}&resolve=1"), none.clone(), vec![public.clone()]),
        (format!("q={base}/@{name}/{private}"), none.clone(), none.clone()),
        ("q=https://elsewhere.org/@song".to_owned(), none.clone(), none.clone()),
        ("q=".to_owned(), none.clone(), none.clone()),
        (String::new(), none.clone(), none.clone()),
        ("q=%23tag&limit=99999&offset=99999".to_owned(), none.clone(), none.clone()),
    ] {
        assert_eq!(search(&query), (accounts, statuses), "{query}");
    }
    // Who is to be unblocked must be found.
    app.call("POST", format!("/api/v1/accounts/{}/block", song.id)).by(&kim).send().ok();
    assert_eq!(search(&format!("q={name}&type=accounts")).0, account(song.id));
    let anybody = app.get(format!("/api/v2/search?q={name}")).send().ok();
    assert_eq!(ids(&anybody["accounts"]), account(song.id));
    assert_eq!(app.get("/api/v2/search?q=a&limit=x").send().status, 422);
    assert_eq!(app.get("/api/v2/search?q=%ff").send().status, 400);
}
