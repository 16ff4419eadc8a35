//! The engine with PostgreSQL's functions, and `pg_catalog` over our views.
//!
//! Programs ask for an object's number in one statement and for what hangs on it in the next,
//! which another worker may run. So numbers must be the same in every process: they are given in
//! the order of the names, before a statement reads the first of them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::new_null_array;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, TableProvider,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::{MemTable, TableType};
use datafusion::execution::{FunctionRegistry, SessionState, TaskContext};
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;
use datafusion_pg_catalog::pg_catalog::context::{PgCatalogContextProvider, Role};
use datafusion_pg_catalog::pg_catalog::{
    PgCatalogSchemaProvider, PgCatalogStaticTables, PgCatalogTable, setup_pg_catalog,
};
use futures::StreamExt;

use super::reading::{PG_CATALOG, Reading};
use super::{functions, information};
use crate::engine::{CATALOG, SCHEMA};
use crate::views;

/// What statements of PostgreSQL's dialect need besides the engine.
pub(crate) struct Catalog {
    pub(crate) reading: Reading,
    tables: Arc<PgCatalogStaticTables>,
}

impl Catalog {
    /// Adds PostgreSQL's functions to an engine's state.
    pub(crate) fn extend(template: &SessionState) -> Result<(SessionState, Catalog)> {
        let mut state = template.clone();
        // Its own, which is thrown away: functions and tables are registered in one step.
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        state.register_catalog_list(Arc::new(catalogs));
        let context = SessionContext::new_with_state(state);
        setup_pg_catalog(&context, CATALOG, Reader).map_err(|error| *error)?;
        let mut state = context.state();
        for function in functions::all() {
            state.register_udf(Arc::new(function))?;
        }
        let tables = Arc::new(PgCatalogStaticTables::try_new()?);
        Ok((state, Catalog { reading: Reading::new(), tables }))
    }

    /// Makes `pg_catalog` available to a statement whose state has all views.
    pub(crate) async fn register(&self, state: &SessionState) -> Result<()> {
        let public = state.schema_for_ref("events")?;
        let mut relations = Vec::new();
        let mut names = views::NAMES;
        names.sort_unstable();
        for name in names {
            if let Some(table) = public.table(name).await? {
                relations.push((name, table.schema()));
            }
        }
        let relations: Relations = Arc::new(relations);
        let known = Known { relations: Arc::clone(&relations) };
        let provider = PgCatalogSchemaProvider::try_new(known, Arc::clone(&self.tables), Reader)?;
        // Numbers are given in the order in which things are first seen.
        let mut classes = None;
        if let Some(PgCatalogTable::Dynamic(table)) = provider.build_table_by_name("pg_class")? {
            let mut rows = table.execute(Arc::new(TaskContext::default()));
            if let Some(batch) = rows.next().await {
                classes = Some(with_more_columns(&batch?)?);
            }
        }
        let catalog = state.catalog_list().catalog(CATALOG);
        let catalog = catalog.ok_or_else(|| DataFusionError::Internal("a state without a catalog".to_owned()))?;
        let provider = Arc::new(provider);
        catalog.register_schema(PG_CATALOG, Arc::new(OurTables { provider, classes, relations }))?;
        Ok(())
    }
}

/// Columns of `pg_class` that tools select and that are null everywhere here.
const MORE_OF_CLASSES: [&str; 2] = ["relacl", "reloptions"];

fn with_more_columns(classes: &RecordBatch) -> Result<Arc<dyn TableProvider>> {
    let schema = classes.schema();
    // What is looked up by a name that nobody has is null.
    let nullable = |field: &Arc<Field>| Arc::new(field.as_ref().clone().with_nullable(true));
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().map(nullable).collect();
    let mut columns = classes.columns().to_vec();
    for name in MORE_OF_CLASSES {
        let kind = DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)));
        columns.push(new_null_array(&kind, classes.num_rows()));
        fields.push(Arc::new(Field::new(name, kind, true)));
    }
    let schema = Arc::new(Schema::new(fields));
    let classes = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![classes]])?))
}

/// `pg_catalog` with these tables in it, and with all columns of `pg_class`.
///
/// As trait objects: that a future may be sent which holds one of them by its type takes the compiler a third of this
/// crate's time to find out.
#[derive(Debug)]
struct OurTables {
    provider: Arc<dyn SchemaProvider>,
    classes: Option<Arc<dyn TableProvider>>,
    relations: Relations,
}

#[async_trait]
impl SchemaProvider for OurTables {
    fn table_names(&self) -> Vec<String> {
        self.provider.table_names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(classes) = self.classes.as_ref().filter(|_| name == "pg_class") {
            return Ok(Some(Arc::clone(classes)));
        }
        match information::table(name, &self.relations)? {
            Some(table) => Ok(Some(table)),
            None => self.provider.table(name).await,
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        information::is_ours(name) || self.provider.table_exist(name)
    }
}

/// Names and columns of our views, in the order of their names.
pub(super) type Relations = Arc<Vec<(&'static str, SchemaRef)>>;

/// Our views, in the order of their names.
#[derive(Clone, Debug)]
struct Known {
    relations: Relations,
}

impl Known {
    fn find(&self, schema: &str, name: &str) -> Option<SchemaRef> {
        let relation = self.relations.iter().find(|(known, _)| *known == name && schema == SCHEMA);
        relation.map(|(_, columns)| Arc::clone(columns))
    }
}

#[async_trait]
impl CatalogInfo for Known {
    async fn catalog_names(&self) -> Result<Vec<String>> {
        Ok(vec![CATALOG.to_owned()])
    }

    async fn schema_names(&self, catalog: &str) -> Result<Option<Vec<String>>> {
        let names = || ["information_schema", PG_CATALOG, SCHEMA].map(str::to_owned).to_vec();
        Ok((catalog == CATALOG).then(names))
    }

    async fn table_names(&self, _: &str, schema: &str) -> Result<Option<Vec<String>>> {
        let names = || self.relations.iter().map(|(name, _)| (*name).to_owned()).collect();
        Ok((schema == SCHEMA).then(names))
    }

    async fn table_schema(&self, _: &str, schema: &str, name: &str) -> Result<Option<SchemaRef>> {
        Ok(self.find(schema, name))
    }

    async fn table_type(&self, _: &str, schema: &str, name: &str) -> Result<Option<TableType>> {
        Ok(self.find(schema, name).map(|_| TableType::View))
    }
}

/// The one role that there is.
#[derive(Clone, Debug)]
struct Reader;

#[async_trait]
impl PgCatalogContextProvider for Reader {
    async fn roles(&self) -> Vec<String> {
        vec![CATALOG.to_owned()]
    }

    async fn role(&self, name: &str) -> Option<Role> {
        (name == CATALOG).then(|| Role {
            name: CATALOG.to_owned(),
            is_superuser: false,
            can_login: true,
            can_create_db: false,
            can_create_role: false,
            can_create_user: false,
            can_replication: false,
            grants: Vec::new(),
            inherited_roles: Vec::new(),
        })
    }
}
