//! What a route is made of: its declaration and its handler, in one place.

use std::sync::Arc;

use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::route::RouteSpec;
use crate::app::state::AppState;

/// One route. It has no value: it is named in the list of [`super::routes`], and all else
/// follows from that.
pub(crate) trait Endpoint: 'static {
    /// What it declares.
    const SPEC: &'static RouteSpec;

    /// Answers a call that was admitted.
    fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> impl Future<Output = Outcome> + Send;
}
