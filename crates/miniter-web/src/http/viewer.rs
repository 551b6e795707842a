//! Who looks, at endpoints that anybody may call.

use actix_web::{HttpMessage, HttpRequest};
use miniter_domain::{Scopes, UserId};

use crate::http::auth;
use crate::http::request_context::RequestContext;
use crate::http::state::State;

/// The user who looks: the holder of a good token that allows all of this. `None` for everybody else, also with a token that
/// is void or allows less: they see what anybody sees.
pub(crate) async fn viewer(request: &HttpRequest, state: &State, required: Scopes) -> Option<UserId> {
    let is_known =
        request.extensions().get::<RequestContext>().is_some_and(|context| context.authenticated.is_some());
    if !is_known {
        auth::caller(request, state).await?;
    }
    let extensions = request.extensions();
    let grant = extensions.get::<RequestContext>()?.authenticated.as_ref()?.as_ref().ok()?;
    grant.user().filter(|_| grant.scopes().include(required))
}
