//! Routes as data: what is served is listed once.

use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, Resource, Route, guard, web};

use crate::http::problem::{ApiError, Code};

/// One method of one path.
pub(crate) struct Endpoint {
    /// The path, as both the router and the OpenAPI document write it.
    pub(crate) path: &'static str,
    /// The method. `GET` answers `HEAD` as well (RFC 9110, 9.1).
    pub(crate) method: Method,
    handle: fn(Route) -> Route,
}

impl Endpoint {
    /// `GET path`, handled by `handle(route)`.
    pub(crate) fn get(path: &'static str, handle: fn(Route) -> Route) -> Self {
        Self { path, method: Method::GET, handle }
    }

    /// `POST path`, handled by `handle(route)`.
    pub(crate) fn post(path: &'static str, handle: fn(Route) -> Route) -> Self {
        Self { path, method: Method::POST, handle }
    }

    fn methods(&self) -> &'static [Method] {
        if self.method == Method::GET { &[Method::GET, Method::HEAD] } else { &[Method::POST] }
    }

    fn route(&self) -> Route {
        let any_of = self.methods().iter().fold(guard::Any(guard::fn_guard(|_| false)), |any, method| {
            any.or(guard::Method(method.clone()))
        });
        (self.handle)(web::route().guard(any_of))
    }
}

/// The endpoints for the router: a resource a path, each answering other methods with 405 and `Allow`.
pub(crate) fn resources(endpoints: impl IntoIterator<Item = Endpoint>) -> Vec<Resource> {
    let mut by_path: Vec<(&'static str, Vec<Endpoint>)> = Vec::new();
    for endpoint in endpoints {
        match by_path.iter_mut().find(|(path, _)| *path == endpoint.path) {
            Some((_, methods)) => methods.push(endpoint),
            None => by_path.push((endpoint.path, vec![endpoint])),
        }
    }
    by_path
        .into_iter()
        .map(|(path, endpoints)| {
            let allowed: Vec<&str> =
                endpoints.iter().flat_map(Endpoint::methods).map(Method::as_str).collect();
            let allowed = allowed.join(", ");
            let refuse = move || {
                let allowed = allowed.clone();
                async move {
                    let allow = HeaderValue::from_str(&allowed).map_err(|_| Code::Internal)?;
                    Err::<HttpResponse, ApiError>(ApiError::method_not_allowed(allow))
                }
            };
            endpoints
                .iter()
                .fold(web::resource(path), |resource, endpoint| resource.route(endpoint.route()))
                .default_service(web::to(refuse))
        })
        .collect()
}
