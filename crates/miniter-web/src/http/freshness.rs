//! Once a request: the check that what this node has in memory has all that was acknowledged before the request came.
//!
//! Requests that come to a worker at once share a look at the database, which begins when all of them have come.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::future::{FutureExt, LocalBoxFuture, Shared};
use miniter_domain::{Freshness, RepositoryError};
use miniter_service::ServiceError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::http::failure::Failure;
use crate::http::request_context::RequestContext;
use crate::http::state::State;

/// The looks of one worker, in its application's data.
#[derive(Default)]
pub(crate) struct Looks {
    /// The one that has not begun yet.
    next: RefCell<Option<Look>>,
}

/// A look, and what became of it.
type Look = Shared<LocalBoxFuture<'static, Result<(), LookFailure>>>;

/// Why a look has failed, for all who wait for it.
#[derive(Clone)]
enum LookFailure {
    Unavailable(String),
    Backend(String),
}

/// Does the check.
///
/// # Errors
/// `Unavailable` if the database does not answer in time.
pub(crate) async fn check(request: &HttpRequest, state: &State) -> Result<(), Failure> {
    if request.extensions().get::<RequestContext>().is_some_and(|context| context.is_fresh) {
        return Ok(());
    }
    let looks = request.app_data::<Rc<Looks>>().cloned().unwrap_or_default();
    let outcome = looks.next(&state.services.freshness, state.bulkheads.freshness_timeout).await;
    outcome.map_err(|failure| ServiceError::from(RepositoryError::from(failure)))?;
    // The request need not wait again.
    if let Some(context) = request.extensions_mut().get_mut::<RequestContext>() {
        context.is_fresh = true;
    }
    Ok(())
}

/// Reads what is in memory, or asks the database for what is not.
///
/// # Errors
/// `Unavailable` if the database does not answer in time, and those of the use case.
pub(crate) async fn read<T: Send + 'static>(
    request: &HttpRequest,
    state: &State,
    cached: impl FnOnce() -> Option<T>,
    use_case: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, Failure> {
    check(request, state).await?;
    match cached() {
        Some(found) => Ok(found),
        None => state.bulkheads.read.run(use_case).await,
    }
}

impl Looks {
    /// A look that begins from now on.
    fn next(self: &Rc<Self>, freshness: &Arc<dyn Freshness>, patience: Duration) -> Look {
        let begin = || {
            let (looks, freshness) = (Rc::clone(self), Arc::clone(freshness));
            // As a task it comes after all that the worker has to do already: mostly connections that a request has come on.
            let task = spawn(async move {
                // Those who come from now on wait for another.
                looks.next.take();
                look(freshness, patience).await
            });
            let panicked = |_| Err(LookFailure::Backend("a look at the database panicked".to_owned()));
            task.map(move |outcome| outcome.unwrap_or_else(panicked)).boxed_local().shared()
        };
        self.next.borrow_mut().get_or_insert_with(begin).clone()
    }
}

/// Looks, without waiting where that can be.
async fn look(freshness: Arc<dyn Freshness>, patience: Duration) -> Result<(), LookFailure> {
    if let Some(outcome) = freshness.check_now() {
        return outcome.map_err(LookFailure::from);
    }
    let (sender, receiver) = oneshot::channel();
    // Requests that have waited in vain are gone.
    freshness.check(Box::new(move |outcome| drop(sender.send(outcome))));
    match timeout(patience, receiver).await {
        Ok(Ok(outcome)) => outcome.map_err(LookFailure::from),
        Ok(Err(_)) | Err(_) => {
            Err(LookFailure::Unavailable("no answer from the database in time".to_owned()))
        }
    }
}

impl From<RepositoryError> for LookFailure {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Unavailable(cause) => Self::Unavailable(cause.to_string()),
            RepositoryError::Backend(cause) => Self::Backend(cause.to_string()),
            RepositoryError::Taken
            | RepositoryError::KeyReused
            | RepositoryError::IdTaken
            | RepositoryError::MissingReference => Self::Backend(error.to_string()),
        }
    }
}

impl From<LookFailure> for RepositoryError {
    fn from(failure: LookFailure) -> Self {
        match failure {
            LookFailure::Unavailable(cause) => Self::Unavailable(cause.into()),
            LookFailure::Backend(cause) => Self::Backend(cause.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::future::join_all;
    use miniter_domain::{MockFreshness, OnFresh};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Counts the looks; those that need not wait for anything.
    fn counting(count: &Arc<AtomicU64>) -> Arc<dyn Freshness> {
        let mut freshness = MockFreshness::new();
        let count = Arc::clone(count);
        freshness.expect_check_now().returning(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Some(Ok(()))
        });
        Arc::new(freshness)
    }

    #[actix_web::test]
    async fn requests_that_come_at_once_share_a_look_and_the_next_one_has_its_own() {
        let count = Arc::new(AtomicU64::new(0));
        let (looks, freshness) = (Rc::new(Looks::default()), counting(&count));
        let at_once = [
            looks.next(&freshness, PATIENCE),
            looks.next(&freshness, PATIENCE),
            looks.next(&freshness, PATIENCE),
        ];
        assert_eq!(count.load(Ordering::SeqCst), 0, "others may come yet");
        assert!(join_all(at_once).await.iter().all(Result::is_ok));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(looks.next(&freshness, PATIENCE).await.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[actix_web::test]
    async fn a_request_that_comes_while_a_look_is_under_way_waits_for_the_next_one() {
        let (waiting, asked) = std::sync::mpsc::channel::<OnFresh>();
        let waiting = std::sync::Mutex::new(waiting);
        let mut freshness = MockFreshness::new();
        freshness.expect_check_now().returning(|| None);
        freshness.expect_check().returning(move |then| waiting.lock().unwrap().send(then).unwrap());
        let (looks, freshness): (_, Arc<dyn Freshness>) = (Rc::new(Looks::default()), Arc::new(freshness));
        let under_way = async || {
            // The look is the next task.
            tokio::task::yield_now().await;
            asked.try_recv().unwrap()
        };
        let first = looks.next(&freshness, PATIENCE);
        let tell_first = under_way().await;
        let (second, third) = (looks.next(&freshness, PATIENCE), looks.next(&freshness, PATIENCE));
        let tell_others = under_way().await;
        assert!(asked.try_recv().is_err(), "one look was enough for both");
        tell_first(Ok(()));
        assert!(first.await.is_ok());
        assert!(second.clone().now_or_never().is_none(), "the look that began before it is not its own");
        tell_others(Err(RepositoryError::Unavailable("away".into())));
        for failed in [second, third] {
            assert!(matches!(failed.await, Err(LookFailure::Unavailable(_))));
        }
    }
}
