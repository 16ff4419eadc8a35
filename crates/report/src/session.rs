//! Running one SQL statement: a snapshot of the tables, a state of the engine of its own, limits.
//!
//! The finished result counts against the query's budget of memory as well.

mod asked;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::Statement as Parsed;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use self::asked::Asked;
use crate::engine::{Engine, SharedEngine};
use crate::error::{KnownNames, translate};
use crate::postgres::{Purpose, Statement, headings};
use crate::{QueryError, QueryResult, Tables, query_size, read_only, views};

/// Times that a query is run while damaged files are found.
pub(crate) const ATTEMPTS_MAX: usize = 4;

/// Past this a query fails with an error that names the limit; it is never cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Bytes of SQL text: 64 KiB.
    pub sql_bytes_max: usize,
    /// Rows of the result: 100,000.
    pub rows_max: usize,
    /// From planning to the last row: 30 s.
    pub time_max: Duration,
    /// What joins, sorts, groups and the result itself may hold by the engine's own count:
    /// 256 MiB.
    pub memory_bytes_max: usize,
    /// What the process that runs it may hold more than before, by the kernel's count, which
    /// nothing escapes: 512 MiB.
    pub process_memory_bytes_max: usize,
    /// Bytes of the answer as it is written: 64 MiB.
    pub answer_bytes_max: usize,
}

impl Default for QueryLimits {
    fn default() -> QueryLimits {
        QueryLimits {
            sql_bytes_max: 64 << 10,
            rows_max: 100_000,
            time_max: Duration::from_secs(30),
            memory_bytes_max: 256 << 20,
            process_memory_bytes_max: 512 << 20,
            answer_bytes_max: 64 << 20,
        }
    }
}

/// Runs queries over the tables. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    tables: Arc<dyn Tables>,
    engine: SharedEngine,
    threads: Threads,
}

/// Which threads run a query.
#[derive(Clone)]
enum Threads {
    /// Those of the runtime that the caller runs on.
    OfTheCaller,
    /// Those of another one.
    Of(Handle),
    /// The caller's own, until the query ends: for a process that has nothing else to do, and
    /// whose queries somebody else times.
    TheCallers,
}

impl Session {
    /// A session whose queries run on the caller's runtime.
    pub fn new(tables: impl Tables + 'static) -> Session {
        Session::with_engine(tables, SharedEngine::default())
    }

    /// A session over other tables with an engine that is there.
    pub(crate) fn with_engine(tables: impl Tables + 'static, engine: SharedEngine) -> Session {
        Session { tables: Arc::new(tables), engine, threads: Threads::OfTheCaller }
    }

    /// Plans and runs queries on the caller's thread, without a timer: passing a query to
    /// another thread and back costs a small one a good part of its time.
    pub(crate) fn on_this_thread(self) -> Session {
        Session { threads: Threads::TheCallers, ..self }
    }

    /// Runs the queries on another runtime, so that a heavy one doesn't hold up the
    /// threads that answer requests. The limits' clock stays with the caller's.
    pub fn on(self, runtime: Handle) -> Session {
        Session { threads: Threads::Of(runtime), ..self }
    }

    /// Both tables as they are now.
    ///
    /// # Errors
    /// [`QueryError::Tables`] if the store can't give one of them.
    pub async fn snapshot(&self) -> Result<Snapshot, QueryError> {
        let unreadable = |error: crate::TablesError| QueryError::Tables { message: error.to_string() };
        let events = self.tables.events().await.map_err(unreadable)?;
        let rejects = self.tables.rejects().await.map_err(unreadable)?;
        let (tables, engine) = (Arc::clone(&self.tables), self.engine.clone());
        Ok(Snapshot { tables, events, rejects, engine, threads: self.threads.clone() })
    }

    /// Runs one statement over a snapshot of its own.
    ///
    /// # Errors
    /// Every [`QueryError`]; the query's fault unless [`QueryError::fault`].
    pub async fn query(&self, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        self.snapshot().await?.query(sql, limits).await
    }

    /// Runs one statement of PostgreSQL's dialect over a snapshot of its own.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn statement(&self, statement: &Statement, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        self.snapshot().await?.ask(Asked::Statement(statement.clone()), limits).await
    }
}

/// Both tables at one moment: several queries over it see the same rows.
#[derive(Clone)]
pub struct Snapshot {
    tables: Arc<dyn Tables>,
    events: Arc<dyn TableProvider>,
    rejects: Arc<dyn TableProvider>,
    engine: SharedEngine,
    threads: Threads,
}

impl Snapshot {
    /// Runs one statement. Dropping the future stops the query.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub fn query<'a>(&'a self, sql: &'a str, limits: QueryLimits) -> BoxFuture<'a, Result<QueryResult, QueryError>> {
        self.ask(Asked::Sql(sql.to_owned()), limits)
    }

    fn ask(&self, asked: Asked, limits: QueryLimits) -> BoxFuture<'_, Result<QueryResult, QueryError>> {
        // In a box, so that the engine is compiled here: async code is compiled by whoever
        // awaits it by its own type.
        Box::pin(async move {
            if asked.text().len() > limits.sql_bytes_max {
                return Err(QueryError::TooLong { sql_bytes_max: limits.sql_bytes_max });
            }
            // A panic in the engine ends this query and nothing else.
            let stopped = || QueryError::Failed { message: "the engine stopped on this query; simplify it".to_owned() };
            let work = self.clone().run(asked, limits);
            // A task of its own: the timer below is not at the mercy of a long computation. The
            // set aborts the task when it is dropped.
            let mut task = JoinSet::new();
            match &self.threads {
                Threads::TheCallers => {
                    // What it leaves behind is dropped with it, or made anew for the next query.
                    return AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(stopped()));
                }
                Threads::Of(runtime) => task.spawn_on(work, runtime),
                Threads::OfTheCaller => task.spawn(work),
            };
            match tokio::time::timeout(limits.time_max, task.join_next()).await {
                Ok(Some(Ok(outcome))) => outcome,
                Ok(_) => Err(stopped()),
                Err(_) => Err(QueryError::TimedOut { time_max: limits.time_max }),
            }
        })
    }

    /// Runs it again when a file turned out to be damaged, which is left out then: other
    /// rows are not withheld for it. Each time at least one more file is known.
    async fn run(self, asked: Asked, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        match asked {
            Asked::Statement(statement) => self.run_statement(statement, &limits).await,
            asked => self.try_run(&asked, &limits).await,
        }
    }

    async fn try_run(&self, asked: &Asked, limits: &QueryLimits) -> Result<QueryResult, QueryError> {
        let mut attempts = 1;
        loop {
            let reading_failed = AtomicBool::new(false);
            match self.attempt(asked, limits, &reading_failed).await {
                Err(error) => {
                    if !reading_failed.into_inner() {
                        return Err(error);
                    }
                    if attempts == ATTEMPTS_MAX || !self.tables.find_damage().await {
                        return Err(QueryError::Unreadable { message: error.to_string() });
                    }
                    attempts += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(
        &self,
        asked: &Asked,
        limits: &QueryLimits,
        reading_failed: &AtomicBool,
    ) -> Result<QueryResult, QueryError> {
        let planned = self.plan(asked, limits, reading_failed).await?;
        if let Asked::Statement(statement) = asked
            && statement.purpose == Purpose::Description
        {
            let found = planned.plan.get_parameter_types();
            let found = found.map_err(|error| self.explain(&error, limits, reading_failed))?;
            let types = statement.types(&planned.placeholders, &found);
            let schema = headings::put(planned.headings.as_deref(), planned.plan.schema().as_arrow());
            return Ok(QueryResult::described(&schema, &types));
        }
        let headings = planned.headings.clone();
        let mut rows = self.begin(planned, limits, reading_failed).await?;
        let mut result = Collected { batches: Vec::new(), rows: 0, budget: rows.budget.take() };
        while let Some(batch) = rows.next().await {
            let taken = result.push(batch?);
            taken.map_err(|error| self.explain(&error, limits, reading_failed))?;
            if result.rows > limits.rows_max {
                return Err(QueryError::TooManyRows { rows_max: limits.rows_max });
            }
        }
        Ok(QueryResult::new(Arc::new(headings::put(headings.as_deref(), &rows.schema)), result.batches))
    }

    /// Plans a statement and begins to run it. `reading_failed` is set, now or later, where a file
    /// could not be read.
    pub(crate) async fn start<'a>(
        &'a self,
        sql: &str,
        limits: &'a QueryLimits,
        reading_failed: &'a AtomicBool,
    ) -> Result<RunningQuery<'a>, QueryError> {
        let planned = self.plan(&Asked::Sql(sql.to_owned()), limits, reading_failed).await?;
        self.begin(planned, limits, reading_failed).await
    }

    async fn plan(
        &self,
        asked: &Asked,
        limits: &QueryLimits,
        reading_failed: &AtomicBool,
    ) -> Result<Planned<'_>, QueryError> {
        let explain = |error: DataFusionError| self.explain(&error, limits, reading_failed);
        query_size::check_text(asked.text())?;
        let mut placeholders = (0, Vec::new());
        let mut headings = None;
        let (engine, state, statement, catalog) = match asked {
            Asked::Sql(sql) => {
                let engine = self.engine.get().map_err(explain)?;
                let state = engine.state().map_err(explain)?;
                let dialect = state.config_options().sql_parser.dialect;
                let statement = state.sql_to_statement(sql, &dialect).map_err(explain)?;
                (engine, state, statement, None)
            }
            Asked::Statement(statement) => {
                let (engine, catalog) = self.engine.postgres().map_err(explain)?;
                let state = engine.state().map_err(explain)?;
                let read = catalog.reading.read(statement)?;
                placeholders = read.placeholders;
                headings = read.headings;
                (engine, state, Parsed::Statement(Box::new(read.sql)), read.asks_catalog.then_some(catalog))
            }
        };
        read_only::check(&statement)?;
        let needed = views::needed(&state.resolve_table_references(&statement).map_err(explain)?);
        views::register(&state, &needed, &self.events, &self.rejects).await.map_err(explain)?;
        if let Some(catalog) = catalog {
            catalog.register(&state).await.map_err(explain)?;
        }
        let plan = state.statement_to_plan(statement).await.map_err(explain)?;
        read_only().verify_plan(&plan).map_err(explain)?;
        query_size::check_plan(&plan).map_err(explain)??;
        Ok(Planned { engine, state, plan, placeholders, headings })
    }

    async fn begin<'a>(
        &'a self,
        planned: Planned<'_>,
        limits: &'a QueryLimits,
        reading_failed: &'a AtomicBool,
    ) -> Result<RunningQuery<'a>, QueryError> {
        let explain = |error: DataFusionError| self.explain(&error, limits, reading_failed);
        let Planned { engine, state, plan, .. } = planned;
        let schema = Arc::new(plan.schema().as_arrow().clone());
        let plan = state.create_physical_plan(&plan).await.map_err(explain)?;
        let task = engine.task(&state, limits.memory_bytes_max);
        let budget = MemoryConsumer::new("result").register(task.memory_pool());
        let stream = execute_stream(plan, task).map_err(explain)?;
        Ok(RunningQuery { schema, stream, budget, snapshot: self, limits, reading_failed })
    }

    fn explain(&self, error: &DataFusionError, limits: &QueryLimits, reading_failed: &AtomicBool) -> QueryError {
        reading_failed.fetch_or(is_of_reading(error), Ordering::Relaxed);
        translate(error, &self.names(), limits.memory_bytes_max)
    }

    fn names(&self) -> KnownNames {
        let mut paths = views::paths(&self.events.schema());
        paths.extend(views::paths(&self.rejects.schema()));
        KnownNames { tables: views::NAMES.to_vec(), paths }
    }
}

/// A statement that may be run.
struct Planned<'a> {
    engine: &'a Engine,
    state: SessionState,
    plan: LogicalPlan,
    /// How many parameters it has, and which of them are limits.
    placeholders: (usize, Vec<usize>),
    /// What its columns are called in an answer, where that isn't what they are called in the plan.
    headings: Option<Vec<Option<String>>>,
}

/// Whether a file could not be read, as against a query that can't be answered.
fn is_of_reading(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => true,
        DataFusionError::ArrowError(error, _) => {
            matches!(**error, ArrowError::ParquetError(_) | ArrowError::IoError(..) | ArrowError::ExternalError(_))
        }
        DataFusionError::External(_) => true,
        _ => false,
    }
}

/// A statement whose rows are on their way.
pub(crate) struct RunningQuery<'a> {
    /// Names and types of the columns.
    pub(crate) schema: SchemaRef,
    stream: SendableRecordBatchStream,
    /// For whoever keeps the rows.
    budget: MemoryReservation,
    snapshot: &'a Snapshot,
    limits: &'a QueryLimits,
    reading_failed: &'a AtomicBool,
}

impl RunningQuery<'_> {
    /// The next rows; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        let batch = self.stream.next().await?;
        Some(batch.map_err(|error| self.snapshot.explain(&error, self.limits, self.reading_failed)))
    }
}

/// The rows so far, charged to the query's own memory budget.
struct Collected {
    batches: Vec<RecordBatch>,
    rows: usize,
    budget: MemoryReservation,
}

impl Collected {
    fn push(&mut self, batch: RecordBatch) -> Result<(), DataFusionError> {
        self.budget.try_grow(batch.get_array_memory_size())?;
        self.rows += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }
}

/// The second check behind [`crate::read_only`]: the same rule on the finished plan.
fn read_only() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}
