//! What every opening of a data directory begins with, for the pipeline and the bulk load: the
//! directory is taken, its key read and compared, its tables opened.
//!
//! One process works on a data directory at a time: the index of known events lives in
//! memory, and two of them would let the same event in twice.

pub(crate) mod kept_schemas;
mod key_check;
pub(crate) mod log;
mod tables;

use std::fs;
use std::io;
use std::sync::Arc;

use ambient::Clock;
use table::{Root, Shape, Store};

use self::tables::TableFindings;
use crate::data_dir;
use crate::dir_lock::DataDirLock;
use crate::error::IntakeError;
use crate::options::IntakeOptions;
use crate::policy::Policies;
use crate::rows::derive::Derivation;
use crate::rows::scheme::RowScheme;
use crate::secrets::Secrets;

/// An opened data directory, without its log.
pub(crate) struct OpenedDir {
    pub(crate) lock: Arc<DataDirLock>,
    pub(crate) secrets: Secrets,
    pub(crate) policies: Policies,
    pub(crate) scheme: RowScheme,
    pub(crate) store: Store,
    pub(crate) findings: TableFindings,
}

/// Opens a data directory, or makes one.
pub(crate) async fn open(options: &IntakeOptions, clock: &Arc<dyn Clock>) -> Result<OpenedDir, IntakeError> {
    let lock = take(options)?;
    let secrets = open_key(options)?;
    let policies = options.judged_by();
    if let Some(datastream) = policies.find_foreign_layout() {
        return Err(IntakeError::Layout(datastream.to_owned()));
    }
    let layout = policies.default.plan.layout();
    let shape = Shape::new(Arc::clone(layout))?;
    let derivation = Derivation::new(&options.link_rules, layout)?;
    let scheme = RowScheme::new(shape, derivation, &secrets);
    let (store, findings) = tables::open(options.tables.clone(), &scheme, clock, &options.random).await?;
    Ok(OpenedDir { lock, secrets, policies, scheme, store, findings })
}

/// Makes the directory where it is missing, and takes it, unless the caller has.
pub(crate) fn take(options: &IntakeOptions) -> Result<Arc<DataDirLock>, IntakeError> {
    let data = options.data.as_path();
    let failed = |action| move |source: io::Error| IntakeError::Io { action, path: data.to_owned(), source };
    data_dir::make_data_dir(data).map_err(failed("create"))?;
    match &options.lock {
        Some(lock) => Ok(Arc::clone(lock)),
        None => {
            let taken = DataDirLock::take(data).map_err(failed("lock"))?;
            Ok(Arc::new(taken.ok_or_else(|| IntakeError::InUse(data.to_owned()))?))
        }
    }
}

/// Reads the key. One is made only where nothing can have been sealed before.
fn open_key(options: &IntakeOptions) -> Result<Secrets, IntakeError> {
    let used = |name: &str| fs::read_dir(options.data.join(name)).is_ok_and(|mut dir| dir.next().is_some());
    let local_tables = match &options.tables {
        Root::Dir(dir) => fs::read_dir(dir).is_ok_and(|mut dir| dir.next().is_some()),
        Root::Url { .. } | Root::Store { .. } => false,
    };
    if !options.key_file.exists() && (used("journal") || local_tables) {
        return Err(IntakeError::KeyMissing(options.key_file.clone()));
    }
    let secrets = Secrets::load_or_create(&options.key_file)?;
    key_check::check(options, &secrets)?;
    Ok(secrets)
}
