//! The statement that reads what is counted: the columns that are asked about, whole, and what is undeclared.

use datafusion::arrow::datatypes::Schema;

use super::CollectedRequest;
use crate::Period;
use crate::events::filtered;
use crate::metrics::Relation;
use crate::views;

/// The column of undeclared properties.
pub(super) const UNDECLARED: &str = "extra";

impl CollectedRequest {
    /// The statement over a period; its columns have the names that [`views::SENT`] begins.
    pub(super) fn sql(&self, period: &Period, schema: &Schema) -> String {
        let mut roots: Vec<&str> = Vec::new();
        for path in self.columns.iter().map(|column| column.path.as_str()).chain([UNDECLARED]) {
            let root = path.split('.').next().unwrap_or(path);
            if !roots.contains(&root) && views::is_open(schema, root) {
                roots.push(root);
            }
        }
        let names: Vec<String> = roots.iter().map(|root| views::sent(root)).collect();
        let mut conditions = vec![Relation::Activity.within(period)];
        filtered(&self.filter, &mut conditions);
        let (columns, rows) = (names.join(", "), views::activity_with(schema, &roots));
        format!("select {columns} from ({rows}) as activity where {}", conditions.join(" and "))
    }
}
