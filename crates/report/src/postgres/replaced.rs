//! What programs write that the engine doesn't know, as what means the same here.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, Statement, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::information::is_ours;
use super::reading::{INFORMATION_SCHEMA, PG_CATALOG};

/// `to_regclass('x')` as the cast that is known, since both find an object's number by its name, and
/// `user` as the function.
pub(crate) fn names_by_casts(statement: &mut Statement) {
    let _: ControlFlow<()> = VisitMut::visit(statement, &mut NamesByCasts);
}

/// In a statement over the catalog: types of rows, arrays made of subqueries, keys and constraints, of
/// which there are none.
pub(crate) fn what_is_not_here(statement: &mut Statement) {
    let _: ControlFlow<()> = VisitMut::visit(statement, &mut WhatIsNotHere);
}

struct NamesByCasts;

impl VisitorMut for NamesByCasts {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        const FUNCTIONS: [(&str, &str); 4] = [
            ("to_regclass", "regclass"),
            ("to_regtype", "regtype"),
            ("to_regnamespace", "regnamespace"),
            ("to_regproc", "regproc"),
        ];
        match expression {
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("user") => {
                *expression = call("session_user");
            }
            Expr::Function(function) if is_user(function) => *expression = call("session_user"),
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                if let Some(escape) = escape_char.as_ref().and_then(escape_of)
                    && has_texts_only(pattern)
                {
                    escape_by_backslash(pattern, escape);
                    *escape_char = None;
                }
            }
            Expr::Function(function) => {
                let name = last_name(function);
                let kind = FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
                if let (Some(kind), FunctionArguments::List(list)) = (kind, &function.args)
                    && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = &list.args[..]
                {
                    let expr = Box::new(argument.clone());
                    *expression = cast(expr, DataType::Custom(ObjectName::from(vec![Ident::new(kind)]), Vec::new()));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Tables that no column of ours has a row in: defaults, sequences, collations.
const ABSENT: [&str; 4] = ["pg_attrdef", "pg_sequence", "pg_collation", "typcollation"];

struct WhatIsNotHere;

impl VisitorMut for WhatIsNotHere {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] = &mut relation.0[..]
            && schema.value.eq_ignore_ascii_case(INFORMATION_SCHEMA)
            && is_ours(&table.value.to_ascii_lowercase())
        {
            *schema = Ident::new(PG_CATALOG);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let null = |kind: DataType| cast(Box::new(Expr::value(Value::Null)), kind);
        match expression {
            // (information_schema._pg_expandarray(…)).n: a column's place in a key.
            Expr::CompoundFieldAccess { root, .. } if root.to_string().contains("_pg_expandarray(") => {
                *expression = null(DataType::Integer(None));
            }
            // Whether a type is one of rows.
            Expr::Subquery(query) => {
                let text = query.to_string();
                if text.contains("relkind = 'c'") && text.contains("typrelid") {
                    *expression = Expr::value(Value::Boolean(false));
                } else if ABSENT.iter().any(|table| text.contains(table)) {
                    *expression = null(DataType::Text);
                }
            }
            // Whether a schema is on the path that names are looked for along: Grafana.
            Expr::InSubquery { expr, subquery, negated: false } => {
                if subquery.to_string().contains("current_setting('search_path')") {
                    let public = Expr::value(Value::SingleQuotedString("public".to_owned()));
                    let (left, right) = (expr.clone(), Box::new(public));
                    *expression = Expr::BinaryOp { left, op: BinaryOperator::Eq, right };
                }
            }
            Expr::Function(Function { args: FunctionArguments::Subquery(_), .. }) => *expression = null(DataType::Text),
            // The columns of a key or an index.
            Expr::Function(function) if ["unnest", "generate_subscripts"].contains(&last_name(function).as_str()) => {
                *expression = null(DataType::Integer(None));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// The word `user`, which is a function.
fn is_user(function: &Function) -> bool {
    matches!(function.args, FunctionArguments::None) && last_name(function) == "user"
}

/// Another escape than the one that the engine knows.
fn escape_of(escape: &ValueWithSpan) -> Option<char> {
    let Value::SingleQuotedString(text) = &escape.value else { return None };
    let mut letters = text.chars();
    letters.next().filter(|letter| *letter != '\\' && letters.next().is_none())
}

/// Whether a pattern is texts put together, so that its escapes can be told.
fn has_texts_only(pattern: &Expr) -> bool {
    match pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => !text.contains('\\'),
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
            has_texts_only(left) && has_texts_only(right)
        }
        Expr::Cast { expr, .. } | Expr::Nested(expr) => has_texts_only(expr),
        _ => false,
    }
}

fn escape_by_backslash(pattern: &mut Expr, escape: char) {
    match pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            *text = text.replace(escape, "\\");
        }
        Expr::BinaryOp { left, right, .. } => {
            escape_by_backslash(left, escape);
            escape_by_backslash(right, escape);
        }
        Expr::Cast { expr, .. } | Expr::Nested(expr) => escape_by_backslash(expr, escape),
        _ => {}
    }
}

fn last_name(function: &Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map(|ident| ident.value.to_ascii_lowercase()).unwrap_or_default()
}

fn cast(expr: Box<Expr>, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::DoubleColon, expr, data_type, array: false, format: None }
}

fn call(name: &str) -> Expr {
    let list = FunctionArgumentList { duplicate_treatment: None, args: Vec::new(), clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
