//! Routes as data: what is served is listed once, with what limits it.

use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpRequest, HttpResponse, Resource, Route, guard, web};
use futures_util::FutureExt;
use miniter_domain::{Allowance, Exhausted};

use crate::http::address::subscriber;
use crate::http::auth;
use crate::http::exchange::{Known, state_of};
use crate::http::limits::{Caller, Limit};
use crate::http::problem::{ApiError, Code};

/// One method of one path.
pub(crate) struct Endpoint {
    /// The path, as both the router and the OpenAPI document write it.
    pub(crate) path: &'static str,
    /// The method. `GET` answers `HEAD` as well (RFC 9110, 9.1).
    pub(crate) method: Method,
    /// How often one may call.
    pub(crate) limit: Limit,
    handle: fn(Route) -> Route,
}

impl Endpoint {
    /// `GET path`, handled by `handle(route)`.
    pub(crate) fn get(path: &'static str, limit: Limit, handle: fn(Route) -> Route) -> Self {
        Self { path, method: Method::GET, limit, handle }
    }

    /// `POST path`, handled by `handle(route)`.
    pub(crate) fn post(path: &'static str, limit: Limit, handle: fn(Route) -> Route) -> Self {
        Self { path, method: Method::POST, limit, handle }
    }

    fn methods(&self) -> &'static [Method] {
        if self.method == Method::GET { &[Method::GET, Method::HEAD] } else { &[Method::POST] }
    }

    fn route(&self) -> Route {
        let any_of = self.methods().iter().fold(guard::Any(guard::fn_guard(|_| false)), |any, method| {
            any.or(guard::Method(method.clone()))
        });
        let (path, limit) = (self.path, self.limit);
        (self.handle)(web::route().guard(any_of))
            .wrap(from_fn(move |request, next| attend(path, limit, request, next)))
    }
}

/// What happens around every handler: the limit of its route, and what is left of a panic.
async fn attend(
    path: &'static str,
    limit: Limit,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    Known::begin(request.request(), path);
    let outcome = take(limit, request.request()).await;
    let mut response = match outcome {
        None | Some(Ok(_)) => call(request, next).await?,
        Some(Err(Exhausted { retry_after })) => {
            let refusal = ApiError::from(Code::RateLimited).with_retry_after(retry_after);
            request.error_response(refusal)
        }
    };
    if let Some(outcome) = outcome {
        let headers = state_of(response.request())
            .and_then(|state| state.limits.buckets(limit))
            .and_then(|buckets| buckets.headers(outcome));
        for (name, value) in headers.into_iter().flatten() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Takes one from the bucket of whoever calls. `None` if nothing is limited.
async fn take(limit: Limit, request: &HttpRequest) -> Option<Result<Allowance, Exhausted>> {
    let state = state_of(request)?;
    let buckets = state.limits.buckets(limit)?;
    let user = if buckets.by_user { auth::caller(request, state).await } else { None };
    let outcome =
        buckets.take(user.map_or_else(|| Caller::Address(subscriber(request, state)), Caller::User));
    if outcome.is_err() {
        state.metrics.count_rate_limited(buckets.name);
    }
    Some(outcome)
}

/// Calls the handler. A panic in it is a fault like any other.
async fn call(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let seen = request.request().clone();
    let handled = AssertUnwindSafe(async move { next.call(request).await }).catch_unwind().await;
    handled.unwrap_or_else(|_| {
        let fault = ApiError::from(Code::Internal).with_cause("the handler panicked".into());
        Ok(ServiceResponse::from_err(fault, seen))
    })
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
            let refuse = move |request: HttpRequest| {
                Known::begin(&request, path);
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

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;
    use crate::http::exchange::observe;
    use crate::state::State;
    use crate::state::tests::state;

    async fn panics(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
        if request.query_string() == "on-a-thread" {
            state.lanes.read.run::<()>(|| panic!("on purpose")).await?;
            Ok(HttpResponse::Ok().finish())
        } else {
            panic!("on purpose")
        }
    }

    #[actix_web::test]
    async fn a_panic_is_a_fault_like_any_other_and_the_next_request_is_served() {
        let endpoints = [Endpoint::get("/panics", Limit::Read, |route| route.to(panics))];
        let mut app = App::new().wrap(from_fn(observe)).app_data(web::Data::new(state()));
        for resource in resources(endpoints) {
            app = app.service(resource);
        }
        let app = test::init_service(app).await;
        for _ in 0..3 {
            for query in ["", "?on-a-thread"] {
                let request = test::TestRequest::get().uri(&format!("/panics{query}")).to_request();
                let response = test::call_service(&app, request).await;
                assert_eq!(response.status(), 500);
                let header = |name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
                assert_eq!(header("content-type"), "application/problem+json");
                let id = header("x-request-id");
                let problem: serde_json::Value = test::read_body_json(response).await;
                assert_eq!((&problem["code"], &problem["request_id"]), (&"internal".into(), &id.into()));
                assert!(!problem.to_string().contains("purpose"), "{problem}");
            }
        }
    }
}
