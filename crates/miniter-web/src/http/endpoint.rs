//! Routes as data: all that is to be known of one stands in one place.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method as HttpMethod;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpRequest, HttpResponse, Resource, Route, guard, web};

use crate::http::auth::{Access, authorize};
use crate::http::body::BodyPolicy;
use crate::http::failure::Failure;
use crate::http::limits::{Limit, RateLimitHeaders};
use crate::http::panic::catch_panic;
use crate::http::rate_limit::rate_limit;
use crate::http::render::Render;
use crate::http::request_context::RequestContext;

/// A method that a route may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Method {
    /// Answers `HEAD` as well (RFC 9110, 9.1), unless the path has a route of its own for that.
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// HTTP's methods that it answers.
    pub(crate) const fn answers(self) -> &'static [HttpMethod] {
        match self {
            Self::Get => &[HttpMethod::GET, HttpMethod::HEAD],
            Self::Head => &[HttpMethod::HEAD],
            Self::Post => &[HttpMethod::POST],
            Self::Put => &[HttpMethod::PUT],
            Self::Patch => &[HttpMethod::PATCH],
            Self::Delete => &[HttpMethod::DELETE],
        }
    }
}

/// One method of one path. There is no default for anything: who adds a route decides all of it.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    /// The path, as both the router and the OpenAPI document write it.
    pub(crate) path: &'static str,
    /// How often one may call.
    pub(crate) limit: Limit,
    /// How clients are told what is left of that.
    pub(crate) rate_limit_headers: RateLimitHeaders,
    /// Who may call.
    pub(crate) access: Access,
    /// Which bodies it takes.
    pub(crate) body: BodyPolicy,
    /// How its presentation writes a failure.
    pub(crate) render: Render,
    /// Gives the route its handler.
    pub(crate) handle: fn(Route) -> Route,
}

impl Endpoint {
    /// Whether its path has parameters.
    pub(crate) fn is_pattern(&self) -> bool {
        self.path.contains('{')
    }

    /// The last to be wrapped is the first to see a request.
    fn route(self) -> Route {
        let any_of =
            self.method.answers().iter().fold(guard::Any(guard::fn_guard(|_| false)), |any, method| {
                any.or(guard::Method(method.clone()))
            });
        (self.handle)(web::route().guard(any_of))
            .wrap(from_fn(move |request, next| authorize(self.access, request, next)))
            .wrap(from_fn(catch_panic))
            .wrap(from_fn(move |request, next| {
                rate_limit(self.limit, self.rate_limit_headers, request, next)
            }))
            .wrap(from_fn(move |request, next| enter(self, request, next)))
    }
}

/// Notes the endpoint, for all that comes after.
async fn enter(
    endpoint: Endpoint,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    RequestContext::begin(request.request(), endpoint);
    next.call(request).await
}

/// HTTP's methods that any of the endpoints answers, each once.
pub(crate) fn methods<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Vec<HttpMethod> {
    let mut methods = Vec::new();
    for method in endpoints.into_iter().flat_map(|endpoint| endpoint.method.answers()) {
        if !methods.contains(method) {
            methods.push(method.clone());
        }
    }
    methods
}

/// The endpoints as the router tries them. Paths without parameters come first, so that none is taken for a value of a
/// parameter, and `HEAD` comes before the `GET` that would answer it, too.
pub(crate) fn in_order(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    endpoints.sort_by_key(|endpoint| (endpoint.is_pattern(), endpoint.method != Method::Head));
    endpoints
}

/// The endpoints for the router: a resource a path, each answering other methods with 405 and `Allow`.
pub(crate) fn resources(endpoints: Vec<Endpoint>) -> Vec<Resource> {
    let mut by_path: Vec<Vec<Endpoint>> = Vec::new();
    for endpoint in in_order(endpoints) {
        match by_path.iter_mut().find(|of_path| of_path[0].path == endpoint.path) {
            Some(of_path) => of_path.push(endpoint),
            None => by_path.push(vec![endpoint]),
        }
    }
    by_path.into_iter().map(resource).collect()
}

/// A path and its endpoints, of which there is at least one.
fn resource(endpoints: Vec<Endpoint>) -> Resource {
    let first = endpoints[0];
    let allowed = methods(&endpoints);
    let allowed = allowed.iter().map(HttpMethod::as_str).collect::<Vec<_>>().join(", ");
    let refuse = move |request: HttpRequest| {
        RequestContext::begin(&request, first);
        let allow = HeaderValue::from_str(&allowed);
        async move {
            let allow = allow.map_err(Failure::internal)?;
            Err::<HttpResponse, Failure>(Failure::MethodNotAllowed { allow })
        }
    };
    endpoints
        .into_iter()
        .fold(web::resource(first.path), |resource, endpoint| resource.route(endpoint.route()))
        .default_service(web::to(refuse))
}
