//! One column of a block: its values without nulls, and which rows have one.

use super::bits::Bits;
use super::dictionary::Plain;
use super::text::Text;
use crate::shape::{Kind, Leaf};

/// The values of a column, nulls left out.
#[derive(Debug)]
pub(crate) enum Values {
    Text(Text),
    Binary(Plain),
    /// Integers, and instants in microseconds.
    Long(Vec<i64>),
    Double(Vec<f64>),
    Boolean(Vec<bool>),
}

impl Values {
    fn new(kind: Kind) -> Values {
        match kind {
            Kind::Text => Values::Text(Text::new()),
            Kind::Binary => Values::Binary(Plain::default()),
            Kind::Integer | Kind::Timestamp => Values::Long(Vec::new()),
            Kind::Number => Values::Double(Vec::new()),
            Kind::Boolean => Values::Boolean(Vec::new()),
        }
    }

    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Text(text) => text.len(),
            Values::Binary(plain) => plain.len(),
            Values::Long(longs) => longs.len(),
            Values::Double(doubles) => doubles.len(),
            Values::Boolean(booleans) => booleans.len(),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Values::Text(text) => text.truncate(len),
            Values::Binary(plain) => plain.truncate(len),
            Values::Long(longs) => longs.truncate(len),
            Values::Double(doubles) => doubles.truncate(len),
            Values::Boolean(booleans) => booleans.truncate(len),
        }
    }

    fn clear(&mut self) {
        match self {
            Values::Text(text) => text.clear(),
            Values::Binary(plain) => plain.clear(),
            Values::Long(longs) => longs.clear(),
            Values::Double(doubles) => doubles.clear(),
            Values::Boolean(booleans) => booleans.clear(),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Values::Text(text) => text.heap_bytes(),
            Values::Binary(plain) => plain.heap_bytes(),
            Values::Long(longs) => longs.capacity() * 8,
            Values::Double(doubles) => doubles.capacity() * 8,
            Values::Boolean(booleans) => booleans.capacity(),
        }
    }

    /// Appends the values of `from` at the given places.
    fn gather(&mut self, from: &Values, places: impl Iterator<Item = usize>) {
        match (self, from) {
            (Values::Text(to), Values::Text(from)) => to.gather(from, places),
            (Values::Binary(to), Values::Binary(from)) => places.for_each(|at| to.push(from.get(at))),
            (Values::Long(to), Values::Long(from)) => to.extend(places.map(|at| from[at])),
            (Values::Double(to), Values::Double(from)) => to.extend(places.map(|at| from[at])),
            (Values::Boolean(to), Values::Boolean(from)) => to.extend(places.map(|at| from[at])),
            _ => debug_assert!(false, "columns of one shape have one kind"),
        }
    }
}

/// One column of a block.
#[derive(Debug)]
pub(crate) struct Column {
    /// Index of the space whose rows it has.
    pub(crate) space: u16,
    /// The rows that have a value.
    pub(crate) valid: Bits,
    pub(crate) values: Values,
}

impl Column {
    pub(crate) fn new(leaf: &Leaf) -> Column {
        Column { space: leaf.space.0, valid: Bits::default(), values: Values::new(leaf.kind) }
    }

    /// Forgets the rows from `row` on.
    pub(crate) fn cut(&mut self, row: usize) {
        let removed = self.valid.cut(row);
        if removed > 0 {
            self.values.truncate(self.values.len() - removed);
        }
    }

    /// Forgets all rows; keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.valid.clear();
        self.values.clear();
    }

    /// Appends the given rows of `from`, which has `from_rows`, as the rows from `base`
    /// on. `ranks` is scratch.
    pub(crate) fn gather(&mut self, base: usize, from: &Column, from_rows: usize, rows: &[u32], ranks: &mut Vec<u32>) {
        let places = rows.iter().map(|&row| row as usize);
        match from.values.len() {
            0 => {}
            count if count == from_rows => {
                self.valid.fill(base, base + rows.len());
                self.values.gather(&from.values, places);
            }
            _ => {
                from.valid.ranks(ranks);
                let present = |row: &usize| from.valid.get(*row);
                places.clone().enumerate().filter(|(_, row)| present(row)).for_each(|(at, _)| {
                    self.valid.set(base + at);
                });
                self.values.gather(&from.values, places.filter(present).map(|row| from.valid.rank(ranks, row)));
            }
        }
    }

    /// Heap bytes held.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.valid.heap_bytes() + self.values.heap_bytes()
    }
}
