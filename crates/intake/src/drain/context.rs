//! What decoding a record asks of the data directory, whether the drain decodes it or somebody
//! tries one that is in quarantine.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::counters::Tally;
use crate::hooks::{TouchHook, Touched};
use crate::policy::Policies;
use crate::request::time_anomaly::TimeBounds;
use crate::rows::dedupe::Dedupe;
use crate::rows::scheme::RowScheme;

pub(crate) struct DecodeContext {
    pub(crate) policies: Arc<Policies>,
    pub(crate) times: TimeBounds,
    pub(crate) scheme: Arc<RowScheme>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) touch_hook: Option<TouchHook>,
    /// Shared with the contexts before and after it.
    pub(crate) dedupe: Arc<Mutex<Dedupe>>,
}

impl DecodeContext {
    /// The index of known events.
    pub(crate) fn index(&self) -> MutexGuard<'_, Dedupe> {
        // A panic while it is held is reported by `guarded`, and what it learnt is forgotten.
        self.dedupe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a test what is about to be touched.
    #[inline]
    pub(crate) fn touch(&self, touched: Touched<'_>) {
        if let Some(touch_hook) = &self.touch_hook {
            touch_hook(touched);
        }
    }
}

/// The context that the drain is asked to go on with.
#[derive(Default)]
pub(crate) struct NextContext(Mutex<Option<Arc<DecodeContext>>>);

impl NextContext {
    /// Asks for it; the drain must be woken by whoever does.
    pub(crate) fn put(&self, context: Arc<DecodeContext>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(context);
    }

    pub(crate) fn take(&self) -> Option<Arc<DecodeContext>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
