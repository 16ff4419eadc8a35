//! Leaf columns of a block as they lie there: for who looks at a few of hundreds, and at each value once.

use ::arrow::array::ArrayRef;
use xdm::layout::{ListSlot, StructSlot};

use super::Block;
use super::bits::Bits;
use super::column::Values;
use super::dictionary::Plain;
use super::text::TextValues;

/// Which rows have something.
#[derive(Clone, Debug)]
pub enum RowSet<'a> {
    /// All of them.
    All,
    /// Those whose bits are set.
    Marked {
        /// Of 64 rows each, the lowest bit first. Rows behind the last word aren't in the set.
        words: &'a [u64],
        /// For each word, how many bits are set in those before it.
        before: Vec<u32>,
    },
}

/// A leaf column.
#[derive(Clone, Debug)]
pub struct LeafView<'a> {
    /// Rows with a value.
    pub rows: RowSet<'a>,
    /// Their values, one after the other.
    pub values: LeafValues<'a>,
}

/// The values of a leaf column.
#[derive(Clone, Copy, Debug)]
pub enum LeafValues<'a> {
    /// Texts of UTF-8.
    Texts(TextsView<'a>),
    /// The same as numbers into a dictionary.
    Keys {
        /// The numbers, from 0.
        keys: &'a [u16],
        /// The dictionary. It may have texts that no row has.
        texts: TextsView<'a>,
        /// Stands for the dictionary in this process: whenever it is the same, all texts that there were are there, and
        /// others may be behind them.
        dictionary: u64,
    },
    /// Integers, and instants in microseconds.
    Integers(&'a [i64]),
    /// Booleans.
    Booleans(&'a [bool]),
    /// Of another kind.
    Others,
}

/// Texts of UTF-8, one after the other, each behind its length.
#[derive(Clone, Copy, Debug)]
pub struct TextsView<'a> {
    /// Lengths and texts.
    pub bytes: &'a [u8],
    /// Where each text ends.
    pub ends: &'a [u32],
}

impl TextsView<'_> {
    /// Bytes of a length.
    pub const LENGTH_BYTES: usize = Plain::LENGTH_BYTES;

    fn of(plain: &Plain) -> TextsView<'_> {
        TextsView { bytes: plain.page(), ends: plain.ends() }
    }
}

/// A list or a map.
#[derive(Clone, Debug)]
pub struct ListView<'a> {
    /// Rows with one.
    pub rows: RowSet<'a>,
    /// Where the items of each one end; those of the first begin at 0.
    pub ends: &'a [u32],
}

impl Block {
    /// A leaf column, by its number in [`Shape::leaf_at`](crate::Shape::leaf_at). Its rows are those of its space: the
    /// events, or the items of a list.
    ///
    /// # Panics
    /// If personal values are not protected, or there is no such leaf. In debug builds, if an event is in progress.
    pub fn leaf(&self, leaf: usize) -> LeafView<'_> {
        let column = &self.columns[leaf];
        let values = match &column.values {
            Values::Text(text) => match text.values() {
                TextValues::Keys(keys, entries) => {
                    LeafValues::Keys { keys, texts: TextsView::of(entries), dictionary: text.dictionary_number() }
                }
                TextValues::Plain(plain) => LeafValues::Texts(TextsView::of(plain)),
            },
            Values::Long(longs) => LeafValues::Integers(longs),
            Values::Boolean(booleans) => LeafValues::Booleans(booleans),
            Values::Binary(_) | Values::Double(_) => LeafValues::Others,
        };
        LeafView { rows: self.row_set(&column.valid, column.values.len(), column.space), values }
    }

    /// A leaf column as an array with a value or null for each row.
    ///
    /// # Panics
    /// As [`leaf`](Self::leaf) does.
    pub fn spread_leaf(&self, leaf: usize) -> ArrayRef {
        self.assert_shown();
        self.leaf_array(leaf)
    }

    /// A list or a map.
    ///
    /// # Panics
    /// As [`leaf`](Self::leaf) does.
    pub fn list(&self, slot: ListSlot) -> ListView<'_> {
        let list = &self.lists[slot.index()];
        ListView { rows: self.row_set(&list.valid, list.ends.len(), list.space), ends: &list.ends }
    }

    /// Rows with an object.
    ///
    /// # Panics
    /// As [`leaf`](Self::leaf) does.
    pub fn objects(&self, slot: StructSlot) -> RowSet<'_> {
        let object = &self.structs[slot.index()];
        let count = object.valid.words().iter().map(|word| word.count_ones() as usize).sum();
        self.row_set(&object.valid, count, object.space)
    }

    fn row_set<'a>(&self, valid: &'a Bits, count: usize, space: u16) -> RowSet<'a> {
        self.assert_shown();
        if count == self.space_rows(usize::from(space)) {
            return RowSet::All;
        }
        let mut before = Vec::new();
        valid.ranks(&mut before);
        RowSet::Marked { words: valid.words(), before }
    }

    pub(super) fn assert_shown(&self) {
        assert!(self.is_protected(), "personal values are protected before rows are shown");
        debug_assert!(self.at_event_boundary(), "commit or roll back before rows are shown");
    }
}
