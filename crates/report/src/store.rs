//! The one place where this crate meets `table`: its store as [`Tables`].

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;

use crate::{Tables, TablesError};

#[async_trait]
impl Tables for table::Store {
    async fn events(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(self.events.provider())
    }

    async fn rejects(&self) -> Result<Arc<dyn TableProvider>, TablesError> {
        Ok(self.rejects.provider())
    }

    async fn find_damage(&self) -> bool {
        table::Store::find_damage(self).await
    }
}
