//! miniter over HTTP.
//!
//! `http` holds what every presentation shares; `classic` is the API itself. A second API becomes a sibling of
//! `classic`. [`app`] puts them together.

mod classic;
mod docs;
mod http;
mod operations;
mod server;
mod state;

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, middleware, web};

pub use docs::openapi;
pub use http::address::TrustedProxies;
pub use http::connections::Connections;
pub use http::cors::CorsOrigins;
pub use http::lane::Lanes;
pub use http::limits::{Limits, Quotas};
pub use server::{bind, listen, server};
pub use state::{Policy, Services, State};

use http::endpoint::Endpoint;

/// What an application serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// Everything.
    Everything,
    /// Everything but the metrics.
    EverythingButMetrics,
    /// The metrics alone.
    MetricsAlone,
}

/// The application, for one worker of an HTTP server.
pub fn app(
    state: web::Data<State>,
    serving: Serving,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let routes = http::endpoint::resources(endpoints(serving));
    // The last to be wrapped is the first to see a request: what it adds stands on every answer.
    App::new()
        .wrap(http::cors::cors(&state.cors_origins))
        .wrap(middleware::from_fn(http::exchange::observe))
        .app_data(state)
        .app_data(Rc::<http::freshness::Looks>::default())
        .configure(|config| {
            for resource in routes {
                config.service(resource);
            }
        })
        .default_service(web::to(http::problem::not_found))
}

fn endpoints(serving: Serving) -> Vec<Endpoint> {
    let metrics = operations::metrics_endpoint();
    let others = || classic::endpoints().into_iter().chain(docs::endpoints()).chain(operations::endpoints());
    match serving {
        Serving::Everything => others().chain([metrics]).collect(),
        Serving::EverythingButMetrics => others().collect(),
        Serving::MetricsAlone => vec![metrics],
    }
}
