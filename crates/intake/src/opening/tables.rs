//! The two tables of a data directory, opened for the drain and the bulk load alike.

use std::sync::Arc;

use ambient::{Clock, Random};
use table::{KeyHash, Root, Store, StoreError, StoreOptions};

use crate::rows::scheme::RowScheme;

/// What opening found.
#[derive(Debug, Default)]
pub(crate) struct TableFindings {
    /// What was repaired, a sentence each.
    pub(crate) repairs: Vec<String>,
    /// What can't be read, and is served without, a sentence each.
    pub(crate) damage: Vec<String>,
}

/// Opens the tables, or creates them.
pub(crate) async fn open(
    root: Root,
    scheme: &RowScheme,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<(Store, TableFindings), StoreError> {
    let keys = scheme.keys.clone();
    let key_hash: KeyHash = Arc::new(move |id: &str, hash| keys.legacy_mac(keys.id(id), hash));
    let options = StoreOptions::new(root, scheme.shape.arrow_schema(), Arc::clone(clock));
    let options = StoreOptions { key_hash: Some(key_hash), random: Arc::clone(random), ..options };
    let store = Store::open(options).await?;
    let repairs = store.opened.repaired.iter().map(|repaired| {
        format!(
            "table {}: version {} was damaged ({}) and is set aside as {}; its rows come again from the journal, or by loading their file again",
            repaired.table, repaired.version, repaired.what, repaired.kept_as
        )
    });
    let repairs = repairs.collect();
    let damage = store.damaged().iter().map(ToString::to_string).collect();
    Ok((store, TableFindings { repairs, damage }))
}
