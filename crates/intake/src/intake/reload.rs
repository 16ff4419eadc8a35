//! Other schemas while requests come in.
//!
//! What waits in the journal was judged by the schemas that are kept beside it
//! ([`kept_schemas`](crate::opening::kept_schemas)), and nothing in a record says by which. So the
//! journal is drained by the old ones before anything is judged by the new ones: first while requests
//! go on, then once more for what came meanwhile, with requests waiting at the gate until it is done,
//! about as long as a commit takes. Then the tables get their columns, the new set is kept, and drain
//! and admission go on with it. Until the set is kept, whatever fails leaves the old schemas in force;
//! a column more in the tables does no harm.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use table::Shape;
use tokio::time::timeout;

use super::{Intake, ended};
use crate::drain::context::DecodeContext;
use crate::error::IntakeError;
use crate::hooks::ReloadStep;
use crate::opening::kept_schemas::{Kept, SchemaSet};
use crate::policy::{Policies, ValidationPolicy};
use crate::rows::derive::Derivation;
use crate::rows::scheme::RowScheme;

/// Longest wait for requests that are under way, and for the drain, while others wait at the gate.
const GATE_TIME_MAX: Duration = Duration::from_secs(10);

/// What came of [`Intake::reload`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// These schemas are in force from now on; what was acknowledged before is stored as it was
    /// judged.
    Changed,
    /// They were before.
    Unchanged,
}

impl Intake {
    /// Lets events be judged by other schemas from now on, without a restart. Requests that come
    /// meanwhile wait a moment and are judged by the new ones.
    ///
    /// # Errors
    /// The schemas can't be in force together with what is stored, or what was judged by the old
    /// ones can't be stored now: then the old ones go on. An [`IntakeError::Stopped`] says that the
    /// drain has ended.
    pub async fn reload(
        &self,
        policy: ValidationPolicy,
        policies: BTreeMap<String, ValidationPolicy>,
    ) -> Result<Reloaded, IntakeError> {
        let intake = self.clone();
        let policies = Policies { default: policy, by_datastream: policies };
        // A task of its own: half of it must not be done because nobody waits for it any more.
        let reloading = tokio::spawn(async move { intake.reload_to(policies).await });
        reloading.await.map_err(|error| IntakeError::Stopped(error.to_string()))?
    }

    async fn reload_to(&self, policies: Policies) -> Result<Reloaded, IntakeError> {
        let inner = &*self.inner;
        let _one = inner.reloading.lock().await;
        let before = self.context();
        let set = SchemaSet::of(&policies);
        if matches!(set.compare(&inner.data).map_err(|source| self.schemas_failed("read", source))?, Kept::Same) {
            return Ok(Reloaded::Unchanged);
        }
        if let Some(datastream) = policies.find_foreign_layout() {
            return Err(IntakeError::Layout(datastream.to_owned()));
        }
        let layout = policies.default.plan.layout();
        let shape = Shape::new(Arc::clone(layout))?;
        let columns = shape.arrow_schema();
        inner.store.events.takes_columns(&columns)?;
        let derivation = Derivation::new(&inner.link_rules, layout)?;
        let context = Arc::new(DecodeContext {
            policies: Arc::new(policies),
            times: before.times,
            scheme: Arc::new(RowScheme::new(shape, derivation, &inner.secrets)),
            tally: Arc::clone(&before.tally),
            touch_hook: before.touch_hook.clone(),
            dedupe: Arc::clone(&before.dedupe),
        });
        // Most of what waits, while nobody else has to.
        self.flush().await?;
        let held_up = |_| IntakeError::Failing("requests that are under way don't come to an end".to_owned());
        let gate = timeout(GATE_TIME_MAX, inner.admit.shut_gate()).await.map_err(held_up)?;
        let held_up = |_| IntakeError::Failing("what is in the journal can't be stored in time".to_owned());
        timeout(GATE_TIME_MAX, self.flush()).await.map_err(held_up)??;
        self.pass(ReloadStep::Drained)?;
        inner.store.events.add_columns(&columns).await?;
        self.pass(ReloadStep::Widened)?;
        set.keep(&inner.data).map_err(|source| self.schemas_failed("write", source))?;
        self.pass(ReloadStep::Kept)?;
        self.switch_drain(&context).await?;
        self.pass(ReloadStep::Switched)?;
        inner.admit.judge_by(Arc::clone(&context.policies));
        *inner.context.write().unwrap_or_else(PoisonError::into_inner) = context;
        drop(gate);
        Ok(Reloaded::Changed)
    }

    /// Hands the drain another context, and waits until it has taken it. There is no way back: the
    /// new set is kept.
    async fn switch_drain(&self, context: &Arc<DecodeContext>) -> Result<(), IntakeError> {
        let mut progress = self.inner.progress.clone();
        let before = progress.borrow().switches;
        self.inner.next_context.put(Arc::clone(context));
        loop {
            {
                let now = progress.borrow_and_update();
                if now.switches > before {
                    return Ok(());
                }
                ended(&now)?;
            }
            self.inner.control.ask(|wanted| wanted.commit = true);
            progress.changed().await.map_err(|_| IntakeError::Closed)?;
        }
    }

    /// Lets a test end it here, as a crash would.
    fn pass(&self, step: ReloadStep) -> Result<(), IntakeError> {
        match &self.inner.reload_hook {
            Some(hook) if hook(step).is_break() => Err(IntakeError::Stopped(format!("stopped at {step:?}"))),
            _ => Ok(()),
        }
    }

    fn schemas_failed(&self, action: &'static str, source: std::io::Error) -> IntakeError {
        IntakeError::Io { action, path: self.inner.data.join("schemas"), source }
    }
}
