//! Cells that a spreadsheet would take for formulas.

use std::borrow::Cow;

/// What a cell begins with that is taken for a formula.
const STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Whether a spreadsheet takes the text for a formula; what a visitor typed may be one.
pub(crate) fn is_formula(cell: &str) -> bool {
    cell.starts_with(STARTS)
}

/// The text with an apostrophe before it where it would be taken for a formula.
pub(crate) fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    if is_formula(&cell) { Cow::Owned(format!("'{cell}")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let check = |cell: &str, expect: &str| assert_eq!(harmless(Cow::Borrowed(cell)), expect);
        check("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@a", "'@a");
        check("\t=1", "'\t=1");
        check("\r=1", "'\r=1");
        check("\n=1", "'\n=1");
        check("Billing = good", "Billing = good");
        check("'=1", "'=1");
        check("", "");
    }
}
