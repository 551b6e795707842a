//! Endpoints as an application, with what happens around each of them.

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpResponse, middleware, web};

use crate::http::cors::{cors, open_cors};
use crate::http::endpoint::{Endpoint, methods, resources};
use crate::http::failure::Failure;
use crate::http::freshness::Looks;
use crate::http::observe::observe;
use crate::http::render::Renderers;
use crate::http::state::State;
use crate::http::trailing_slash::ignore_trailing_slash;

/// An application of these endpoints, for one worker of an HTTP server. Any web page may call what is below the paths
/// `open_to_any_origin`. Below the paths `slash_ignored` a path may end in a slash.
pub(crate) fn assemble(
    state: web::Data<State>,
    endpoints: Vec<Endpoint>,
    renderers: Renderers,
    open_to_any_origin: &'static [&'static str],
    slash_ignored: &'static [&'static str],
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    // The last to be wrapped is the first to see a request: what it adds stands on every answer.
    App::new()
        .wrap(middleware::from_fn(move |request, next| ignore_trailing_slash(slash_ignored, request, next)))
        .wrap(cors(&state.cors_origins, methods(&endpoints)))
        .wrap(middleware::from_fn(move |request, next| open_cors(open_to_any_origin, request, next)))
        .wrap(middleware::from_fn(move |request, next| observe(renderers, request, next)))
        .app_data(state)
        .app_data(Rc::<Looks>::default())
        .configure(|config| {
            for resource in resources(endpoints) {
                config.service(resource);
            }
        })
        .default_service(web::to(not_found))
}

/// The answer where no route matches.
async fn not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::NotFound)
}
