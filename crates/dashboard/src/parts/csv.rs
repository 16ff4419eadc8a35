//! Rows of a query, from CSV as it is sent to everybody else.

/// The rows of a result: all are counted, some are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlRows {
    heads: Vec<String>,
    shown: Vec<Vec<String>>,
    from: usize,
    total: usize,
}

impl SqlRows {
    /// Rows that are shown at once.
    pub const SHOWN: usize = 200;

    /// Reads CSV with a heading (RFC 4180); keeps the rows behind the first `from`.
    pub fn read(csv: &str, from: usize) -> SqlRows {
        let mut rows = SqlRows { from, ..SqlRows::default() };
        let mut records = Records { rest: csv };
        rows.heads = records.next().unwrap_or_default();
        for record in records {
            if rows.total >= from && rows.shown.len() < SqlRows::SHOWN {
                rows.shown.push(record);
            }
            rows.total += 1;
        }
        rows
    }

    pub(crate) fn heads(&self) -> &[String] {
        &self.heads
    }

    pub(crate) fn shown(&self) -> &[Vec<String>] {
        &self.shown
    }

    pub(crate) fn from(&self) -> usize {
        self.from
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }
}

struct Records<'a> {
    rest: &'a str,
}

impl Iterator for Records<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut cells = Vec::new();
        loop {
            let (cell, is_last) = self.cell();
            cells.push(cell);
            if is_last {
                return Some(cells);
            }
        }
    }
}

impl Records<'_> {
    /// The next cell, and whether its record ends with it.
    fn cell(&mut self) -> (String, bool) {
        let mut cell = String::new();
        if let Some(mut quoted) = self.rest.strip_prefix('"') {
            loop {
                let Some((text, behind)) = quoted.split_once('"') else {
                    // A quote that isn't closed goes to the end.
                    cell.push_str(quoted);
                    self.rest = "";
                    return (cell, true);
                };
                cell.push_str(text);
                match behind.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        quoted = more;
                    }
                    None => {
                        self.rest = behind;
                        break;
                    }
                }
            }
        }
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        cell.push_str(self.rest[..end].trim_end_matches('\r'));
        let is_last = !self.rest[end..].starts_with(',');
        self.rest = self.rest.get(end + 1..).unwrap_or("");
        (cell, is_last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_may_hold_whatever_they_like() {
        let rows = |csv: &str| SqlRows::read(csv, 0);
        let read = rows("a,b\n1,\"x, \"\"y\"\"\nz\"\n,\r\n\"\",é\n");
        assert_eq!(read.heads(), ["a", "b"]);
        assert_eq!(read.shown(), [["1", "x, \"y\"\nz"], ["", ""], ["", "é"]]);
        assert_eq!((rows("").total(), rows("a\n").total(), rows("a\nb").total(), rows("a\n\"b").total()), (0, 0, 1, 1));
    }

    #[test]
    fn rows_are_kept_in_parts() {
        let csv: String =
            std::iter::once("n\n".to_owned()).chain((0..450).map(|number| format!("{number}\n"))).collect();
        let part = |from: usize| {
            let rows = SqlRows::read(&csv, from);
            (rows.total(), rows.shown().len(), rows.shown().first().map(|row| row[0].clone()))
        };
        assert_eq!(part(0), (450, 200, Some("0".to_owned())));
        assert_eq!(part(400), (450, 50, Some("400".to_owned())));
        assert_eq!(part(9_000), (450, 0, None));
    }

    proptest! {
        /// What is written by the rules of CSV is read as it was.
        #[test]
        fn every_table_is_read_as_it_was(
            rows in proptest::collection::vec(proptest::collection::vec("[ -~\n\r\"é,]{0,6}", 3), 1..20),
        ) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
            let csv: String = rows.iter().map(line).collect();
            let read = SqlRows::read(&csv, 0);
            prop_assert_eq!(read.heads(), &rows[0]);
            prop_assert_eq!(read.shown(), &rows[1..]);
            prop_assert_eq!(read.total(), rows.len() - 1);
        }

        /// No text ends the reading, or makes more rows than it has lines.
        #[test]
        fn any_text_is_read(csv in "[aé\",\n\r]{0,40}", from in 0..9_usize) {
            let read = SqlRows::read(&csv, from);
            prop_assert!(read.total() <= csv.split('\n').count());
            prop_assert!(read.shown().len() <= read.total());
        }
    }
}
