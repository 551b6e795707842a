//! What is served, put together: this and `server.rs` are the only places that know the presentations.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};

use crate::http::app::assemble;
use crate::http::endpoint::Endpoint;
use crate::http::render::Renderers;
use crate::http::state::State;
use crate::{classic, mastodon, operations};

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

/// Who renders what matches no route.
const RENDERERS: Renderers = Renderers { by_prefix: mastodon::PREFIXES, otherwise: classic::render };

/// The application, for one worker of an HTTP server.
#[must_use]
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
    assemble(state, endpoints(serving), RENDERERS, mastodon::OPEN_PATHS, mastodon::SLASH_IGNORED)
}

pub(crate) fn endpoints(serving: Serving) -> Vec<Endpoint> {
    let metrics = operations::metrics_endpoint(classic::render);
    let others = || {
        let presentations = classic::endpoints().into_iter().chain(mastodon::endpoints());
        presentations.chain(operations::endpoints(classic::render))
    };
    match serving {
        Serving::Everything => others().chain([metrics]).collect(),
        Serving::EverythingButMetrics => others().collect(),
        Serving::MetricsAlone => vec![metrics],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use actix_web::dev::ResourceDef;

    use super::*;
    use crate::http::body::BodyPolicy;
    use crate::http::endpoint::{Method, in_order};

    #[test]
    fn no_two_endpoints_answer_the_same_method_of_a_path() {
        let mut seen = HashSet::new();
        for endpoint in endpoints(Serving::Everything) {
            assert!(endpoint.path.starts_with('/'), "{}", endpoint.path);
            assert!(seen.insert((endpoint.method, endpoint.path)), "{:?} {}", endpoint.method, endpoint.path);
        }
    }

    #[test]
    fn a_static_path_is_never_shadowed_by_a_pattern() {
        let endpoints = in_order(endpoints(Serving::Everything));
        for endpoint in endpoints.iter().filter(|endpoint| !endpoint.is_pattern()) {
            let matching =
                endpoints.iter().find(|other| ResourceDef::new(other.path).is_match(endpoint.path));
            assert_eq!(matching.unwrap().path, endpoint.path);
        }
    }

    #[test]
    fn what_only_reads_needs_no_body_and_what_writes_takes_one() {
        for endpoint in endpoints(Serving::Everything) {
            let only_reads = matches!(endpoint.method, Method::Get | Method::Head);
            let takes_none = endpoint.body == BodyPolicy::NONE;
            assert!(
                if only_reads { takes_none || endpoint.body.allows_none() } else { !takes_none },
                "{}",
                endpoint.path
            );
        }
    }
}
