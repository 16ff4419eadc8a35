//! The query engine as readers get it: its functions, its rules, its settings.
//!
//! Made once and then only copied: putting a few hundred functions into their registry takes
//! longer than a small query. A query gets a copy with a catalog and a budget of memory of its
//! own, so that nothing a reader does (or finds a way to do) reaches the next one. What queries
//! share are the object stores they read from and the footers of data files, which never change.
//!
//! There are no temporary files and no way to name a file. Names keep their case: XDM spells its
//! fields `chatStart`, and a reader should not have to quote each of them. Functions and keywords
//! work in any case; the columns of our views are all lower case.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
};
use datafusion::common::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{FunctionRegistry, SessionState, SessionStateBuilder, TaskContext};
use datafusion::prelude::SessionConfig;

use crate::postgres::catalog::Catalog;
use crate::yielding::YieldInJoins;
use crate::{percentile, read_only, surroundings, views, visitor};

/// Where a reader's unqualified names are found.
pub(crate) const CATALOG: &str = "frontdesk";
pub(crate) const SCHEMA: &str = "public";

/// Makes the engines when they are first asked for. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct SharedEngine(Arc<Engines>);

#[derive(Default)]
struct Engines {
    plain: OnceLock<Engine>,
    /// With PostgreSQL's functions and catalog, which take a while to put together.
    postgres: OnceLock<(Engine, Catalog)>,
}

impl SharedEngine {
    pub(crate) fn get(&self) -> Result<&Engine, DataFusionError> {
        match self.0.plain.get() {
            Some(engine) => Ok(engine),
            None => {
                let engine = Engine::new()?;
                Ok(self.0.plain.get_or_init(|| engine))
            }
        }
    }

    /// The engine for statements of PostgreSQL's dialect.
    pub(crate) fn postgres(&self) -> Result<&(Engine, Catalog), DataFusionError> {
        match self.0.postgres.get() {
            Some(both) => Ok(both),
            None => {
                let (template, catalog) = Catalog::extend(&self.get()?.template)?;
                Ok(self.0.postgres.get_or_init(|| (Engine { template }, catalog)))
            }
        }
    }
}

/// What every query's state is copied from.
pub(crate) struct Engine {
    template: SessionState,
}

impl Engine {
    fn new() -> Result<Engine, DataFusionError> {
        let no_spill = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let runtime = RuntimeEnvBuilder::new().with_disk_manager_builder(no_spill).build_arc()?;
        let mut config =
            SessionConfig::new().with_information_schema(true).with_default_catalog_and_schema(CATALOG, SCHEMA);
        let options = config.options_mut();
        options.sql_parser.enable_ident_normalization = false;
        options.execution.time_zone = Some("UTC".to_owned());
        // Kept aside for merging spilled runs; nothing spills here.
        options.execution.sort_spill_reservation_bytes = 0;
        let mut template = SessionStateBuilder::new()
            .with_config(config.with_create_default_catalog_and_schema(false))
            .with_runtime_env(runtime)
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(YieldInJoins))
            .build();
        for name in read_only::REFUSED_FUNCTIONS {
            template.deregister_udf(name)?;
        }
        datafusion_functions_json::register_all(&mut template)?;
        for function in visitor::udfs().chain(surroundings::udfs()) {
            template.register_udf(Arc::new(function))?;
        }
        template.register_udf(Arc::new(views::length_udf()))?;
        template.register_udaf(Arc::new(percentile::percentile_disc()))?;
        Ok(Engine { template })
    }

    /// What one query is planned with. Its catalog is empty and its own; its clock stands still.
    pub(crate) fn state(&self) -> Result<SessionState, DataFusionError> {
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let mut state = self.template.clone();
        state.register_catalog_list(Arc::new(catalogs));
        state.mark_start_execution();
        Ok(state)
    }

    /// What one query is run with: joins, sorts and groups may hold so many bytes. Its functions
    /// are in the plan by now.
    pub(crate) fn task(&self, state: &SessionState, memory_bytes_max: usize) -> Arc<TaskContext> {
        let memory_pool = Arc::new(GreedyMemoryPool::new(memory_bytes_max));
        let runtime = RuntimeEnv { memory_pool, ..(**state.runtime_env()).clone() };
        Arc::new(TaskContext::new(
            None,
            state.session_id().to_owned(),
            state.config().clone(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            Arc::new(runtime),
        ))
    }
}
