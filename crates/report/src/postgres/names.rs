//! Columns of the same name, which the engine doesn't take: the second one gets another.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Select, SelectItem, Statement};

use super::passes::{self, Pass};
use crate::QueryError;

/// Names the columns that have no name of their own, and that the engine would name as another one:
/// by their text, with a number where that is taken too.
///
/// # Errors
/// None of its own.
pub(super) fn tell_apart(statement: &mut Statement) -> Result<(), QueryError> {
    passes::make(statement, &mut TellApart)
}

struct TellApart;

impl Pass for TellApart {
    fn select(&mut self, select: &mut Select) {
        let mut taken = HashSet::new();
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                taken.insert(alias.value.clone());
            }
        }
        for item in &mut select.projection {
            let SelectItem::UnnamedExpr(expression) = item else { continue };
            if taken.insert(name_of(expression)) {
                continue;
            }
            let text = match &*expression {
                Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, |part| part.value.clone()),
                other => other.to_string(),
            };
            let mut names = (1..).map(|count| if count == 1 { text.clone() } else { format!("{text} ({count})") });
            if let Some(name) = names.find(|name| !taken.contains(name)) {
                taken.insert(name.clone());
                *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias: Ident::with_quote('"', name) };
            }
        }
    }
}

/// What is the same for columns that the engine gives the same name: it leaves casts out.
fn name_of(expression: &Expr) -> String {
    match expression {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => name_of(expr),
        Expr::Identifier(ident) if ident.quote_style.is_some() => ident.value.clone(),
        other => {
            let text = other.to_string();
            match text.to_ascii_lowercase().as_str() {
                "user" | "current_user" => "session_user".to_owned(),
                _ => text,
            }
        }
    }
}
