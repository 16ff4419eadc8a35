//! Passes over the tree of a statement.
//!
//! `sqlparser` compiles its hundreds of `visit` functions anew for each type of visitor; nine of
//! them were half of this crate. Here there is one type, and a pass is an object.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, Select, Statement, VisitMut, VisitorMut};

use crate::QueryError;

/// What is done at the nodes of a tree. An error ends the pass.
pub(super) trait Pass {
    /// At the name of a table.
    fn relation(&mut self, _relation: &mut ObjectName) {}

    /// At a query, before what is in it.
    fn query(&mut self, _query: &mut Query) {}

    /// At a `SELECT`, before what is in it.
    fn select(&mut self, _select: &mut Select) {}

    /// At an expression, before what is in it.
    fn before(&mut self, _expression: &mut Expr) -> Result<(), QueryError> {
        Ok(())
    }

    /// At an expression, after what is in it.
    fn after(&mut self, _expression: &mut Expr) -> Result<(), QueryError> {
        Ok(())
    }
}

/// Makes a pass over a statement.
///
/// # Errors
/// That of the pass.
pub(super) fn make(statement: &mut Statement, pass: &mut dyn Pass) -> Result<(), QueryError> {
    match VisitMut::visit(statement, &mut AsVisitor(pass)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct AsVisitor<'p>(&'p mut dyn Pass);

impl VisitorMut for AsVisitor<'_> {
    type Break = QueryError;

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<QueryError> {
        self.0.relation(relation);
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        self.0.query(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        self.0.select(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<QueryError> {
        or_break(self.0.before(expression))
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<QueryError> {
        or_break(self.0.after(expression))
    }
}

fn or_break(result: Result<(), QueryError>) -> ControlFlow<QueryError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}
