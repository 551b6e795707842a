//! The classic API: its routes, and for each what it takes and what it answers.

mod accounts;
mod error;
mod follows;
mod page;
mod ping;
mod timelines;
mod tweets;

use utoipa::OpenApi;

use crate::http::endpoint::Endpoint;
use crate::http::limits::Limit;
use crate::http::problem::Problem;

/// The routes.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/ping", Limit::Read, |route| route.to(ping::ping)),
        Endpoint::post("/sign-up", Limit::SignUp, |route| route.to(accounts::sign_up)),
        Endpoint::post("/login", Limit::LogIn, |route| route.to(accounts::log_in)),
        Endpoint::post("/password", Limit::LogIn, |route| route.to(accounts::change_password)),
        Endpoint::post("/tweet", Limit::Write, |route| route.to(tweets::post_tweet)),
        Endpoint::post("/follow", Limit::Write, |route| route.to(follows::follow)),
        Endpoint::post("/unfollow", Limit::Write, |route| route.to(follows::unfollow)),
        Endpoint::get("/timeline", Limit::Read, |route| route.to(timelines::read_own_timeline)),
        Endpoint::get("/timeline/{user_id}", Limit::Read, |route| route.to(timelines::read_timeline)),
    ]
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
pub(crate) struct ClassicApi;
