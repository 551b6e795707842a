//! Once a request: the check that what this node has in memory has all that was acknowledged before the request came.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest};
use miniter_domain::RepositoryError;
use miniter_service::ServiceError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::http::exchange::Known;
use crate::http::problem::{ApiError, Code};
use crate::state::State;

/// How long a request waits for the database's answer.
const PATIENCE: Duration = Duration::from_millis(1_400);

/// Does the check where that takes no waiting. `None` if it does.
pub(crate) fn check_now(request: &HttpRequest, state: &State) -> Option<Result<(), ApiError>> {
    if request.extensions().get::<Known>().is_some_and(|known| known.is_fresh) {
        return Some(Ok(()));
    }
    state.services.freshness.check_now().map(|outcome| note(request, outcome))
}

/// Does the check.
///
/// # Errors
/// `unavailable` if the database does not answer in time.
pub(crate) async fn check(request: &HttpRequest, state: &State) -> Result<(), ApiError> {
    if let Some(outcome) = check_now(request, state) {
        return outcome;
    }
    let (sender, receiver) = oneshot::channel();
    // A request that has waited in vain is gone.
    state.services.freshness.check(Box::new(move |outcome| drop(sender.send(outcome))));
    match timeout(PATIENCE, receiver).await {
        Ok(Ok(outcome)) => note(request, outcome),
        Ok(Err(_)) | Err(_) => {
            Err(ApiError::from(Code::Unavailable).with_cause("no answer from the database in time".into()))
        }
    }
}

/// Reads what is in memory, or asks the database for what is not.
///
/// # Errors
/// `unavailable` if the database does not answer in time, and those of the use case.
pub(crate) async fn read<T: Send + 'static>(
    request: &HttpRequest,
    state: &State,
    cached: impl FnOnce() -> Option<T>,
    use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ApiError> {
    check(request, state).await?;
    match cached() {
        Some(found) => Ok(found),
        None => state.lanes.read.run(use_case).await,
    }
}

/// Notes that the request need not wait again.
fn note(request: &HttpRequest, outcome: Result<(), RepositoryError>) -> Result<(), ApiError> {
    outcome.map_err(ServiceError::from)?;
    if let Some(known) = request.extensions_mut().get_mut::<Known>() {
        known.is_fresh = true;
    }
    Ok(())
}
