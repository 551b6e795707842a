//! miniter over HTTP.
//!
//! `http` holds what every presentation shares; `classic` is the API itself. A second API becomes a sibling of
//! `classic`. [`app`] puts them together.

mod classic;
mod docs;
mod http;
mod state;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, middleware, web};

pub use docs::openapi;
pub use http::cors::CorsOrigins;
pub use http::lane::Lanes;
pub use state::{Services, State};

/// The whole application, for one worker of an HTTP server.
pub fn app(
    state: web::Data<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let endpoints = classic::endpoints().into_iter().chain(docs::endpoints());
    let routes = http::endpoint::resources(endpoints);
    // The last to be wrapped is the first to see a request: what it adds stands on every answer.
    App::new()
        .wrap(http::cors::cors(&state.cors_origins))
        .wrap(middleware::from_fn(http::exchange::observe))
        .app_data(state)
        .configure(|config| {
            for resource in routes {
                config.service(resource);
            }
        })
        .default_service(web::to(http::problem::not_found))
}
