//! The ceiling: the same HTTP server returns a page of 20 tweets from memory. A server with a database can be no faster.

use std::path::Path;

use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Page {
    user_id: i64,
    timeline: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    user_id: i64,
    tweet: String,
}

/// Serves `/page`, `/document` and `/ping` until a signal ends the process.
pub(crate) fn serve(bind: &str, document: Option<&Path>) -> anyhow::Result<()> {
    let document: Value = match document {
        Some(path) => serde_json::from_slice(&std::fs::read(path)?)?,
        None => Value::Null,
    };
    let document = web::Data::new(document);
    let page = web::Data::new(Page {
        user_id: 1,
        timeline: (0..20).map(|i| Entry { user_id: i, tweet: crate::data::text(i) }).collect(),
    });
    actix_web::rt::System::new().block_on(async {
        HttpServer::new(move || {
            App::new()
                .app_data(page.clone())
                .app_data(document.clone())
                .route(
                    "/page",
                    web::get()
                        .to(|page: web::Data<Page>| async move { HttpResponse::Ok().json(page.get_ref()) }),
                )
                .route(
                    "/document",
                    web::get().to(|document: web::Data<Value>| async move {
                        HttpResponse::Ok().json(document.get_ref())
                    }),
                )
                .route("/ping", web::get().to(|| async { "pong" }))
        })
        .bind(bind)?
        .run()
        .await?;
        Ok(())
    })
}
