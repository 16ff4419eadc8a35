//! How large a query may be: before it is parsed, and once it is planned.
//!
//! What the engine does for a query grows with its text in ways that are not always linear,
//! and deep trees are walked, and freed, by recursion. A query that passes these limits is
//! told so at once and in plain words. They are no fence: that is the process which the
//! query runs in.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::QueryError;

/// Brackets open at once.
pub(crate) const LEVELS_MAX: usize = 64;
/// Operators in one expression, without what stands in brackets below it.
pub(crate) const OPERATORS_MAX: usize = 1_000;
/// `select`s and `values` of a statement.
pub(crate) const SELECTS_MAX: usize = 200;
/// Joins of a statement, commas not counted.
pub(crate) const JOINS_MAX: usize = 100;
/// Steps of a plan, each as often as it is run.
pub(crate) const STEPS_MAX: usize = 5_000;
/// Expressions of a plan with their parts.
pub(crate) const EXPRESSIONS_MAX: usize = 100_000;
/// Columns of a step of a plan.
pub(crate) const COLUMNS_MAX: usize = 10_000;

fn too_large(what: &'static str, max: usize, help: &'static str) -> QueryError {
    QueryError::TooLarge { what, max, help }
}

/// Looks at a text before it is parsed. What can't be read at all is the parser's to tell.
pub(crate) fn check_text(sql: &str) -> Result<(), QueryError> {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let mut count = Count { operators: vec![0], selects: 0, joins: 0 };
    tokens.iter().try_for_each(|token| count.take(token))
}

struct Count {
    /// Of the expression at hand, on each level of brackets.
    operators: Vec<usize>,
    selects: usize,
    joins: usize,
}

impl Count {
    fn take(&mut self, token: &Token) -> Result<(), QueryError> {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                self.operators.push(0);
                // The outermost level has no bracket.
                if self.operators.len() > LEVELS_MAX + 1 {
                    return Err(too_large(
                        "levels of brackets",
                        LEVELS_MAX,
                        "write it with fewer levels, or in steps: with … as (…)",
                    ));
                }
            }
            Token::RParen | Token::RBrace => self.close(),
            Token::RBracket => {
                self.close();
                // `a[1][1][1]` is a chain as well.
                self.operator()?;
            }
            Token::Comma | Token::SemiColon => self.begin(),
            Token::Word(word) => self.word(word.keyword)?,
            Token::EOF
            | Token::Whitespace(_)
            | Token::Period
            | Token::Colon
            | Token::Number(..)
            | Token::Char(_)
            | Token::Placeholder(_) => {}
            token if is_text(token) => {}
            _ => self.operator()?,
        }
        Ok(())
    }

    fn word(&mut self, keyword: Keyword) -> Result<(), QueryError> {
        match keyword {
            Keyword::SELECT | Keyword::VALUES => {
                self.begin();
                self.selects += 1;
                if self.selects > SELECTS_MAX {
                    return Err(too_large("selects", SELECTS_MAX, "use group by, or a list: in (…), values (…), (…)"));
                }
            }
            Keyword::JOIN => {
                self.begin();
                self.joins += 1;
                if self.joins > JOINS_MAX {
                    return Err(too_large("joins", JOINS_MAX, "join fewer tables at once"));
                }
            }
            Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::ON
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE => self.begin(),
            Keyword::AND
            | Keyword::OR
            | Keyword::XOR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::SIMILAR
            | Keyword::BETWEEN
            | Keyword::DIV
            | Keyword::COLLATE
            | Keyword::AT => self.operator()?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self) {
        if let Some(operators) = self.operators.last_mut() {
            *operators = 0;
        }
    }

    fn close(&mut self) {
        // A bracket too many is the parser's to tell.
        if self.operators.len() > 1 {
            self.operators.pop();
        }
    }

    fn operator(&mut self) -> Result<(), QueryError> {
        let Some(operators) = self.operators.last_mut() else { return Ok(()) };
        *operators += 1;
        match *operators > OPERATORS_MAX {
            true => Err(too_large(
                "operators in one expression",
                OPERATORS_MAX,
                "use a list instead of a chain: in (…), or a sum over rows",
            )),
            false => Ok(()),
        }
    }
}

fn is_text(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
    )
}

/// Looks at a plan before it is optimised. What is named once and used twice (`with`) is in
/// it twice, so a few lines can make a plan without end: counting stops at the limit.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<Result<(), QueryError>, DataFusionError> {
    let (mut steps, mut expressions) = (0, 0);
    let mut found = Ok(());
    plan.apply_with_subqueries(|step| {
        steps += 1;
        step.apply_expressions(|expression| {
            expression.apply(|_| {
                expressions += 1;
                Ok(if expressions > EXPRESSIONS_MAX { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        if steps > STEPS_MAX {
            found = Err(too_large("steps in its plan", STEPS_MAX, "use each `with` query fewer times"));
        } else if expressions > EXPRESSIONS_MAX {
            found = Err(too_large("expressions in its plan", EXPRESSIONS_MAX, "write fewer or shorter ones"));
        } else if step.schema().fields().len() > COLUMNS_MAX {
            found = Err(too_large("columns in a step of its plan", COLUMNS_MAX, "select fewer columns"));
        }
        Ok(if found.is_err() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expect: Option<&str>) {
        let got = check_text(sql).err().map(|error| error.to_string());
        let is_as_expected = match (&got, expect) {
            (None, None) => true,
            (Some(message), Some(part)) => message.contains(part),
            _ => false,
        };
        assert!(is_as_expected, "{:.80}: {got:?}", sql);
    }

    #[test]
    fn counts_what_is_deep() {
        let nested =
            |open: &str, close: &str, levels: usize| format!("select {}1{}", open.repeat(levels), close.repeat(levels));
        check(&nested("(", ")", LEVELS_MAX), None);
        check(&nested("(", ")", LEVELS_MAX + 1), Some("64 levels"));
        check(&nested("[", "]", 20_000), Some("64 levels"));
        check(&format!("select {}1", "(".repeat(30_000)), Some("64 levels"));
        check(&format!("select {}1", "1+".repeat(OPERATORS_MAX)), None);
        check(&format!("select {}1", "1+".repeat(OPERATORS_MAX + 1)), Some("1000 operators"));
        check(&format!("select a{}", "::int".repeat(2_000)), Some("1000 operators"));
        check(&format!("select a{}", "[1]".repeat(2_000)), Some("1000 operators"));
        check(&format!("select {}true", "not ".repeat(2_000)), Some("1000 operators"));
        check(&format!("select x where {}", ["a = 1"; 800].join(" or ")), Some("1000 operators"));
    }

    #[test]
    fn lists_are_long_and_not_deep() {
        let numbers: Vec<String> = (0..10_000).map(|number| format!("-{number}")).collect();
        check(&format!("select 1 where 1 in ({})", numbers.join(",")), None);
        check(&format!("select {}", ["a + b"; 4_000].join(", ")), None);
        check(&format!("select case {} end", ["when a = 1 then -2"; 3_000].join(" ")), None);
        check(&format!("values {}", ["(1, 2)"; 5_000].join(",")), None);
        check(&format!("select '{}'", "+(".repeat(5_000)), None);
        check(&format!("select 1 -- {}", "+(".repeat(5_000)), None);
        check("select ) ) ]", None);
        check("select 'open", None);
    }

    #[test]
    fn counts_selects_and_joins() {
        check(&vec!["select 1"; SELECTS_MAX].join(" union all "), None);
        check(&vec!["select 1"; SELECTS_MAX + 1].join(" union all "), Some("200 selects"));
        check(&format!("select 1 from a {}", "join a on true ".repeat(JOINS_MAX + 1)), Some("100 joins"));
    }
}
