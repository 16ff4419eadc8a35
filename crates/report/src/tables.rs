//! Where the rows come from: the one thing this crate asks of a store.
//!
//! A trait rather than `table::Store` itself, so that every test here runs over a few
//! hand-written rows in memory, with answers worked out by hand.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;

/// Why a store could not give a table; shown to the operator as it is.
pub type TablesError = Box<dyn Error + Send + Sync>;

/// The two tables, each as it is at the moment of the call: committed rows and those
/// not yet committed, each row once.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Accepted events, in XDM's nesting.
    async fn events(&self) -> Result<Arc<dyn TableProvider>, TablesError>;
    /// Events that were not stored, and why.
    async fn rejects(&self) -> Result<Arc<dyn TableProvider>, TablesError>;
    /// Called when reading a table failed: looks for files that can't be read. True if
    /// asking the same providers again can help, since they leave those out now.
    async fn find_damage(&self) -> bool {
        false
    }
}

#[async_trait]
impl<T: Tables + ?Sized> Tables for Arc<T> {
    async fn events(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        (**self).events().await
    }

    async fn rejects(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        (**self).rejects().await
    }
    async fn find_damage(&self) -> bool {
        (**self).find_damage().await
    }
}
