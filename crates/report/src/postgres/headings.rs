//! What PostgreSQL calls the columns of an answer that have no name of their own: programs and people look for `sum`, and not
//! for the text of the expression.
//!
//! The engine's own names stay in the plan, where no two columns may have the same one; these stand in the description of
//! rows alone. The rules are those of `FigureColname` in PostgreSQL 16 (`src/backend/parser/parse_target.c`).

use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, DataType, ExactNumberInfo, Expr, Query, Select, SelectItem, SetExpr, Statement,
    TimezoneInfo, TrimWhereField,
};

/// The name of what has none.
const NAMELESS: &str = "?column?";

/// The names of a statement's columns, `None` where the engine's is right: an alias. No names at all where a wildcard decides
/// how many columns there are, or where nothing is selected.
pub(super) fn of(statement: &Statement) -> Option<Vec<Option<String>>> {
    let Statement::Query(query) = statement else { return None };
    let items = &selected(&query.body)?.projection;
    items
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expression) => Some(Some(name(expression))),
            SelectItem::ExprWithAlias { .. } => Some(None),
            SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
        })
        .collect()
}

/// The columns under these names.
pub(crate) fn put(headings: Option<&[Option<String>]>, schema: &Schema) -> Schema {
    let Some(headings) = headings.filter(|headings| headings.len() == schema.fields().len()) else {
        return schema.clone();
    };
    let named = std::iter::zip(schema.fields(), headings).map(|(field, heading)| match heading {
        Some(heading) => Arc::new(field.as_ref().clone().with_name(heading)),
        None => Arc::clone(field),
    });
    Schema::new_with_metadata(named.collect::<Vec<_>>(), schema.metadata().clone())
}

/// The selection that names the columns: of several put together the first.
fn selected(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => selected(&query.body),
        SetExpr::SetOperation { left, .. } => selected(left),
        _ => None,
    }
}

fn name(expression: &Expr) -> String {
    figured(expression).map_or_else(|| NAMELESS.to_owned(), |Figured { name, .. }| name)
}

/// A name, and whether a cast around it gives way to it.
struct Figured {
    name: String,
    is_strong: bool,
}

fn strong(name: impl Into<String>) -> Option<Figured> {
    Some(Figured { name: name.into(), is_strong: true })
}

fn weak(name: impl Into<String>) -> Option<Figured> {
    Some(Figured { name: name.into(), is_strong: false })
}

fn figured(expression: &Expr) -> Option<Figured> {
    match expression {
        Expr::Identifier(ident) => strong(ident.value.clone()),
        Expr::CompoundIdentifier(parts) => strong(parts.last()?.value.clone()),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let field = access_chain.iter().rev().find_map(|part| match part {
                AccessExpr::Dot(Expr::Identifier(field)) => Some(field.value.clone()),
                AccessExpr::Dot(_) | AccessExpr::Subscript(_) => None,
            });
            field.map_or_else(|| figured(root), strong)
        }
        Expr::Nested(inner) => figured(inner),
        Expr::Collate { expr, .. } => figured(expr),
        Expr::Function(function) => {
            let last = function.name.0.last()?.as_ident()?;
            strong(if last.quote_style.is_some() { last.value.clone() } else { last.value.to_lowercase() })
        }
        Expr::Cast { expr, data_type, .. } => {
            figured(expr).filter(|figured| figured.is_strong).or_else(|| weak(type_name(data_type)))
        }
        Expr::TypedString(text) => weak(type_name(&text.data_type)),
        Expr::Interval(_) => weak("interval"),
        Expr::Case { else_result, .. } => {
            let otherwise = else_result.as_deref().and_then(figured);
            otherwise.filter(|figured| figured.is_strong).or_else(|| weak("case"))
        }
        Expr::Subquery(query) => of_subquery(query),
        Expr::Exists { negated: false, .. } => strong("exists"),
        Expr::Array(_) => strong("array"),
        Expr::Tuple(_) => strong("row"),
        Expr::Extract { .. } => strong("extract"),
        Expr::Ceil { .. } => strong("ceil"),
        Expr::Floor { .. } => strong("floor"),
        Expr::Position { .. } => strong("position"),
        Expr::Overlay { .. } => strong("overlay"),
        Expr::Substring { shorthand, .. } => strong(if *shorthand { "substr" } else { "substring" }),
        Expr::Trim { trim_where, .. } => strong(match trim_where {
            None | Some(TrimWhereField::Both) => "btrim",
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
        }),
        Expr::AtTimeZone { .. } => strong("timezone"),
        Expr::IsNormalized { .. } => strong("is_normalized"),
        _ => None,
    }
}

/// The name of a subquery's one column, even if that is none.
fn of_subquery(query: &Query) -> Option<Figured> {
    match selected(&query.body)?.projection.as_slice() {
        [SelectItem::UnnamedExpr(expression)] => strong(name(expression)),
        [SelectItem::ExprWithAlias { alias, .. }] => strong(alias.value.clone()),
        _ => None,
    }
}

/// What PostgreSQL calls a type inside.
fn type_name(kind: &DataType) -> String {
    let name = match kind {
        DataType::Int2(_) | DataType::SmallInt(_) => "int2",
        DataType::Int(_) | DataType::Int4(_) | DataType::Integer(_) => "int4",
        DataType::Int8(_) | DataType::BigInt(_) => "int8",
        DataType::Float4 | DataType::Real => "float4",
        // Up to 24 bits find room in the shorter one.
        DataType::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => "float4",
        DataType::Float(_) | DataType::Float8 | DataType::DoublePrecision | DataType::Double(_) => "float8",
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => "numeric",
        DataType::Bool | DataType::Boolean => "bool",
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::CharVarying(_) => "varchar",
        DataType::Char(_) | DataType::Character(_) => "bpchar",
        DataType::Time(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timetz",
        DataType::Time(..) => "time",
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timestamptz",
        DataType::Timestamp(..) => "timestamp",
        DataType::Interval { .. } => "interval",
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => return type_name(element),
        DataType::Custom(name, _) => {
            let last = name.0.last().and_then(|part| part.as_ident());
            return last.map_or_else(|| NAMELESS.to_owned(), |last| last.value.to_lowercase());
        }
        // text, date, json, jsonb, uuid, bytea and regclass are called what they are written as.
        other => return other.to_string().to_lowercase(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn of_text(text: &str) -> Option<Vec<Option<String>>> {
        let read = Parser::parse_sql(&PostgreSqlDialect {}, text);
        of(&read.unwrap_or_else(|error| panic!("{text}: {error}"))[0])
    }

    /// Each expression with what PostgreSQL 16 calls its column.
    #[test]
    fn columns_are_called_as_postgresql_calls_them() {
        for (expression, expect) in [
            ("channel", "channel"),
            ("c.channel", "channel"),
            ("c.\"customerFeedback\".\"chatStart\"", "chatStart"),
            ("\"identityMap\"['ECID'][1]['id']", "identityMap"),
            ("(web).url", "url"),
            ("(channel)", "channel"),
            ("channel collate \"C\"", "channel"),
            ("sum(x)", "sum"),
            ("SUM(x)", "sum"),
            ("count(*)", "count"),
            ("count(distinct x) filter (where y)", "count"),
            ("sum(sum(x)) over (order by y)", "sum"),
            ("pg_catalog.version()", "version"),
            ("coalesce(x, 0)", "coalesce"),
            ("greatest(x, 1)", "greatest"),
            ("nullif(x, 1)", "nullif"),
            ("date_trunc('day', time)", "date_trunc"),
            ("now()", "now"),
            ("current_date", "current_date"),
            ("current_user", "current_user"),
            ("1", "?column?"),
            ("-1", "?column?"),
            ("'a'", "?column?"),
            ("null", "?column?"),
            ("true", "?column?"),
            ("$1", "?column?"),
            ("x + 1", "?column?"),
            ("sum(x) / count(*)", "?column?"),
            ("x = 1", "?column?"),
            ("x is null", "?column?"),
            ("x in (1, 2)", "?column?"),
            ("x in (select 1)", "?column?"),
            ("x like 'a'", "?column?"),
            ("not x", "?column?"),
            ("x -> 'a'", "?column?"),
            // A cast is called as what is cast, and what has no name as its type.
            ("channel::text", "channel"),
            ("cast(sum(x) as integer)", "sum"),
            ("1::int", "int4"),
            ("$1::bigint", "int8"),
            ("cast('1' as double precision)", "float8"),
            ("'1'::float(24)", "float4"),
            ("'a'::varchar(3)", "varchar"),
            ("'a'::char", "bpchar"),
            ("'a'::text::date", "date"),
            ("'1'::numeric(3, 1)", "numeric"),
            ("(x + 1)::smallint", "int2"),
            ("'{1}'::int[]", "int4"),
            ("'x'::regclass", "regclass"),
            ("'now'::timestamp with time zone", "timestamptz"),
            ("'now'::timestamptz", "timestamptz"),
            ("timestamp '2026-11-29 10:00'", "timestamp"),
            ("date '2026-11-29'", "date"),
            ("interval '1 day'", "interval"),
            // As the branch for all else, if that has a name.
            ("case when x then 1 else 2 end", "case"),
            ("case when x then y end", "case"),
            ("case when x then 1 else y end", "y"),
            ("case when x then 1 else 2::int end", "case"),
            ("(case when x then 1 end)::int", "int4"),
            ("(select 1)", "?column?"),
            ("(select 1)::int", "?column?"),
            ("(select max(x) from t)", "max"),
            ("(select max(x) as top from t)", "top"),
            ("exists (select 1)", "exists"),
            ("not exists (select 1)", "?column?"),
            ("array[1, 2]", "array"),
            ("array(select 1)", "array"),
            ("row(1, 2)", "row"),
            ("(1, 2)", "row"),
            ("extract(year from time)", "extract"),
            ("position('a' in x)", "position"),
            ("substring(x from 2)", "substring"),
            ("substr(x, 2)", "substr"),
            ("trim(x)", "btrim"),
            ("trim(leading 'a' from x)", "ltrim"),
            ("overlay(x placing 'a' from 1)", "overlay"),
            ("ceil(x)", "ceil"),
            ("time at time zone 'UTC'", "timezone"),
        ] {
            let names = of_text(&format!("select {expression} from contacts as c"));
            assert_eq!(names, Some(vec![Some(expect.to_owned())]), "{expression}");
        }
    }

    #[test]
    fn what_has_a_name_keeps_it_and_wildcards_are_left_alone() {
        let check = |text: &str, expect: Option<&[Option<&str>]>| {
            let names = of_text(text);
            let names: Option<Vec<Option<&str>>> =
                names.as_ref().map(|names| names.iter().map(|name| name.as_deref()).collect());
            assert_eq!(names.as_deref(), expect, "{text}");
        };
        check("select sum(x) as a, sum(x), sum(y)", Some(&[None, Some("sum"), Some("sum")]));
        check("with a as (select 1) (select count(*) from a union all select 2) limit 1", Some(&[Some("count")]));
        check("select *, count(*) from contacts", None);
        check("select count(*), c.* from contacts c", None);
        check("values (1, 2)", None);
        check("explain select count(*)", None);
    }
}
