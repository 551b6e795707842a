//! Pictures of those who have chosen none.

use miniter_test_support::app::TestApp;

#[test]
fn every_account_has_a_picture_that_a_client_may_keep() {
    let app = TestApp::start();
    let mut pictures = Vec::new();
    for path in ["/avatars/default/1.png", "/avatars/default/2.png", "/headers/default/missing.png"] {
        let picture = app.get(path).header("origin", "https://elsewhere.example").send();
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"), "{path}");
        assert_eq!(picture.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_eq!(picture.header("access-control-allow-origin"), "*", "{path}");
        pictures.push(picture.body);
    }
    assert_ne!(pictures[0], pictures[1]);
    assert_eq!(app.get("/avatars/default/1.png").send().body, pictures[0], "always the same");
}

#[test]
fn what_is_no_id_has_no_picture() {
    let app = TestApp::start();
    for path in
        ["/avatars/default/x.png", "/avatars/default/-1.png", "/avatars/default/99999999999999999999.png"]
    {
        app.get(path).send().error(404, "Record not found");
    }
}

#[test]
fn the_pictures_of_the_server_are_where_it_says() {
    let app = TestApp::start();
    let instance = app.get("/api/v2/instance").send().ok();
    for url in [&instance["thumbnail"]["url"], &instance["icon"][0]["src"]] {
        let path = url.as_str().unwrap().strip_prefix(&format!("http://{}", app.address)).unwrap().to_owned();
        assert_eq!(app.get(&path).send().header("content-type"), "image/png", "{path}");
    }
}
