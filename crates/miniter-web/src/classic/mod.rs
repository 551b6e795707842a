//! The classic API: its routes, and for each what it takes and what it answers.

mod accounts;
mod docs;
mod follows;
mod page;
mod ping;
mod problem;
mod timelines;
mod tweets;

use actix_web::Route;
use miniter_service::{Scope, Scopes};
use utoipa::OpenApi;

use crate::http::auth::Access;
use crate::http::body::BodyPolicy;
use crate::http::endpoint::{Endpoint, Method};
use crate::http::limits::{Limit, RateLimitHeaders};

pub use docs::openapi;
pub(crate) use problem::render;
use problem::{Code, Problem};

/// The largest body, in bytes. The longest sign-up is a fifth of it.
const MAX_BODY: usize = 64 << 10;

/// The routes.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    operations().into_iter().chain(docs::operations()).map(|(endpoint, _)| endpoint).collect()
}

/// The routes, each with the codes that it alone decides on: the others follow from its endpoint.
fn operations() -> Vec<(Endpoint, &'static [Code])> {
    let (anyone, read, write) = (
        Access::Anyone,
        Access::Scopes(Scopes::of(&[Scope::ReadStatuses])),
        Access::Scopes(Scopes::of(&[Scope::WriteStatuses])),
    );
    let follow = Access::Scopes(Scopes::of(&[Scope::WriteFollows]));
    // It gives out a token that allows everything.
    let everything = Access::Scopes(Scopes::ALL);
    vec![
        (get("/ping", Limit::Read, anyone, |route| route.to(ping::ping)), &[]),
        (
            post("/sign-up", Limit::SignUp, anyone, |route| route.to(accounts::sign_up)),
            accounts::SIGN_UP_PROBLEMS,
        ),
        (post("/login", Limit::LogIn, anyone, |route| route.to(accounts::log_in)), accounts::LOG_IN_PROBLEMS),
        (
            post("/password", Limit::LogIn, everything, |route| route.to(accounts::change_password)),
            accounts::PASSWORD_PROBLEMS,
        ),
        (post("/tweet", Limit::Write, write, |route| route.to(tweets::post_tweet)), tweets::TWEET_PROBLEMS),
        (post("/follow", Limit::Write, follow, |route| route.to(follows::follow)), follows::FOLLOW_PROBLEMS),
        (
            post("/unfollow", Limit::Write, follow, |route| route.to(follows::unfollow)),
            follows::UNFOLLOW_PROBLEMS,
        ),
        (
            get("/timeline", Limit::Read, read, |route| route.to(timelines::read_own_timeline)),
            timelines::OWN_TIMELINE_PROBLEMS,
        ),
        (
            get("/timeline/{user_id}", Limit::Read, anyone, |route| route.to(timelines::read_timeline)),
            timelines::TIMELINE_PROBLEMS,
        ),
    ]
}

fn get(path: &'static str, limit: Limit, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    let (method, body) = (Method::Get, BodyPolicy::NONE);
    Endpoint {
        method,
        path,
        limit,
        rate_limit_headers: RateLimitHeaders::Standard,
        access,
        body,
        render,
        handle,
    }
}

fn post(path: &'static str, limit: Limit, access: Access, handle: fn(Route) -> Route) -> Endpoint {
    let (method, body) = (Method::Post, BodyPolicy::json(MAX_BODY));
    Endpoint {
        method,
        path,
        limit,
        rate_limit_headers: RateLimitHeaders::Standard,
        access,
        body,
        render,
        handle,
    }
}

/// The same routes, documented.
#[derive(OpenApi)]
#[openapi(
    paths(
        ping::ping,
        accounts::sign_up,
        accounts::log_in,
        accounts::change_password,
        tweets::post_tweet,
        follows::follow,
        follows::unfollow,
        timelines::read_own_timeline,
        timelines::read_timeline,
    ),
    components(schemas(Problem))
)]
struct ClassicApi;
