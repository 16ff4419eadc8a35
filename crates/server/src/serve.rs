//! One server, from its first connection to its last: the three layers put together.

use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::api::kept::keeping;
use crate::api::openapi;
use crate::api::router::Routes;
use crate::api::routes::ROUTES;
use crate::app::access::control::AccessControl;
use crate::app::backend::Backend;
use crate::app::embedded::EmbeddedBackend;
use crate::app::options::ServerOptions;
use crate::app::state::{AppState, Interface};
use crate::http::accept::Acceptor;
use crate::http::listeners::Listeners;

/// Serves HTTP on all `listeners` until `shutdown` resolves, then finishes the requests
/// that have begun, for at most [`ServerOptions::shutdown_timeout`].
///
/// # Errors
/// `InvalidInput` when the options contradict each other or there is no listener, or what
/// a listener that isn't bound gives. A failed accept is logged and tried again.
pub async fn serve(
    listeners: impl Into<Listeners>,
    backend: impl Backend,
    options: ServerOptions,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let options = options.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let (limits, shutdown_timeout) = (options.accept_limits(), options.shutdown_timeout);
    let listeners = listeners.into();
    let access = AccessControl::new(listeners.reaches()?, &options);
    let listeners = listeners.all()?;
    let interface = Interface { routes: ROUTES, openapi: openapi_document().into() };
    let state = Arc::new(AppState::new(backend, access, options, interface));
    if state.options.state.is_some() {
        // Taking events in needs none of them.
        if let Err(problem) = keeping::mirror(&state).await {
            problem.log("/share/{token}");
            tracing::error!("the links in the state file can't be read; none is answered until the next start");
        }
    }
    let acceptor = Acceptor::new(Routes::new(&state), limits, state.answers.clone(), Arc::clone(&state.connections));
    tokio::select! {
        biased;
        () = shutdown => {}
        () = acceptor.accept(listeners) => {}
        never = state.access.keys().keep_fresh() => match never {},
    }
    // The listeners are closed: new connections go elsewhere while these finish.
    let closing = acceptor.close();
    state.recorder.close();
    state.stopping.cancel();
    state.access.keys().close();
    closing.finish(shutdown_timeout).await;
    Ok(())
}

/// [`serve`] for a data directory. Without type parameters and boxed, so that all of the
/// server is compiled in this crate, which the dev profile optimises, and not in the
/// binary's, which it doesn't.
///
/// # Errors
/// As [`serve`].
pub fn serve_embedded(
    listeners: Listeners,
    backend: EmbeddedBackend,
    options: ServerOptions,
    shutdown: BoxFuture<'static, ()>,
) -> BoxFuture<'static, io::Result<()>> {
    Box::pin(serve(listeners, backend, options, shutdown))
}

/// The OpenAPI document of all routes.
pub fn openapi_document() -> String {
    openapi::document(ROUTES)
}
