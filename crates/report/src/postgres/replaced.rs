//! What programs write that the engine doesn't know, as what means the same here.

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, Statement, Value,
};

use super::information::is_ours;
use super::passes::{self, Pass};
use super::reading::{INFORMATION_SCHEMA, PG_CATALOG};
use super::{functions, instants, patterns, templates};
use crate::QueryError;

/// `to_regclass('x')` as the cast that is known, since both find an object's number by its name, and
/// `user` as the function; patterns and templates as the engine reads them.
///
/// # Errors
/// The engine means something else by it.
pub(crate) fn names_by_casts(statement: &mut Statement) -> Result<(), QueryError> {
    passes::make(statement, &mut NamesByCasts)
}

/// In a statement that isn't over the catalog: functions that have the answer null, because nothing
/// that a catalog holds has it.
///
/// # Errors
/// There is one.
pub(crate) fn refuse_stand_ins(statement: &mut Statement, asks_ours: bool) -> Result<(), QueryError> {
    struct StandIns(&'static [&'static str]);
    impl Pass for StandIns {
        fn before(&mut self, expression: &mut Expr) -> Result<(), QueryError> {
            if let Expr::Function(function) = expression
                && let Some(name) = self.0.iter().find(|name| **name == last_name(function))
            {
                let message = format!("the function {name} is only there for programs that ask the catalog");
                return Err(QueryError::Invalid { message });
            }
            Ok(())
        }
    }
    // psql asks for the text of a view by its number alone.
    let names = if asks_ours { &functions::STAND_INS[..] } else { &functions::COMPUTING };
    passes::make(statement, &mut StandIns(names))
}

/// In a statement over the catalog: types of rows, arrays made of subqueries, keys and constraints, of
/// which there are none.
///
/// # Errors
/// None of its own.
pub(crate) fn what_is_not_here(statement: &mut Statement) -> Result<(), QueryError> {
    passes::make(statement, &mut WhatIsNotHere)
}

struct NamesByCasts;

impl Pass for NamesByCasts {
    fn after(&mut self, expression: &mut Expr) -> Result<(), QueryError> {
        const FUNCTIONS: [(&str, &str); 4] = [
            ("to_regclass", "regclass"),
            ("to_regtype", "regtype"),
            ("to_regnamespace", "regnamespace"),
            ("to_regproc", "regproc"),
        ];
        instants::write_in_full(expression);
        match expression {
            Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("user") => {
                *expression = call("session_user");
            }
            Expr::Function(function) if is_user(function) => *expression = call("session_user"),
            Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
                patterns::with_backslashes(pattern, escape_char)?;
            }
            // Its patterns are not those of the engine.
            Expr::SimilarTo { .. } => {
                let message = "SIMILAR TO isn't there: use LIKE, or ~ with a regular expression".to_owned();
                return Err(QueryError::Invalid { message });
            }
            Expr::Function(function) if last_name(function) == "to_char" => {
                templates::translate(function)?;
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
        Ok(())
    }
}

/// Tables that no column of ours has a row in: defaults, sequences, collations; and types made of others.
const ABSENT: [&str; 5] = ["pg_attrdef", "pg_sequence", "pg_collation", "typcollation", "typbasetype"];

struct WhatIsNotHere;

impl Pass for WhatIsNotHere {
    fn relation(&mut self, relation: &mut ObjectName) {
        if let [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] = &mut relation.0[..]
            && schema.value.eq_ignore_ascii_case(INFORMATION_SCHEMA)
            && is_ours(&table.value.to_ascii_lowercase())
        {
            *schema = Ident::new(PG_CATALOG);
        }
    }

    fn before(&mut self, expression: &mut Expr) -> Result<(), QueryError> {
        let null = |kind: DataType| cast(Box::new(Expr::value(Value::Null)), kind);
        match expression {
            // (information_schema._pg_expandarray(…)).n, (i.keys).x, i_indoption[…]: a column's place in a key or an index.
            Expr::CompoundFieldAccess { root, access_chain } if is_of_keys(root, access_chain) => {
                *expression = null(DataType::Integer(None));
            }
            // By JDBC: typinput = 'pg_catalog.array_in'::regproc. The column holds the name, and not the function's number.
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } if left.to_string().ends_with("typinput") => {
                if let Expr::Cast { expr, data_type, .. } = &**right
                    && data_type.to_string().eq_ignore_ascii_case("regproc")
                    && let Expr::Value(value) = &**expr
                    && let Value::SingleQuotedString(name) = &value.value
                {
                    let name = name.strip_prefix("pg_catalog.").unwrap_or(name).to_owned();
                    **right = Expr::value(Value::SingleQuotedString(name));
                }
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
            Expr::InSubquery { expr, subquery, negated: false }
                if subquery.to_string().contains("current_setting('search_path')") =>
            {
                let public = Expr::value(Value::SingleQuotedString("public".to_owned()));
                let (left, right) = (expr.clone(), Box::new(public));
                *expression = Expr::BinaryOp { left, op: BinaryOperator::Eq, right };
            }
            Expr::Function(Function { args: FunctionArguments::Subquery(_), .. }) => *expression = null(DataType::Text),
            // The columns of a key or an index.
            Expr::Function(function)
                if ["unnest", "generate_subscripts", "_pg_expandarray"].contains(&last_name(function).as_str()) =>
            {
                *expression = null(DataType::Integer(None));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether what is taken apart are the columns of a key or an index, of which there are none.
fn is_of_keys(root: &Expr, chain: &[AccessExpr]) -> bool {
    const COLUMNS: [&str; 6] = ["keys", "indkey", "indoption", "i_indoption", "conkey", "confkey"];
    let text = root.to_string().to_ascii_lowercase();
    let name = text.trim_matches(['(', ')', ' ']);
    let is_column = |name: &str| COLUMNS.contains(&name.rsplit('.').next().unwrap_or(name));
    let is_part = |part: &AccessExpr| match part {
        AccessExpr::Dot(part) => is_column(&part.to_string().to_ascii_lowercase()),
        AccessExpr::Subscript(_) => false,
    };
    text.contains("_pg_expandarray(") || is_column(name) || chain.iter().any(is_part)
}

/// The word `user`, which is a function.
fn is_user(function: &Function) -> bool {
    matches!(function.args, FunctionArguments::None) && last_name(function) == "user"
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
