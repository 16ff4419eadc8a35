//! What is made of the texts of dictionaries: of each once, however many rows have it.

use super::TextColumn;
use crate::Device;
use crate::device::Environment;

/// What was made of the texts of a field's dictionary: of each once, when a row has it.
pub(crate) struct Made<T> {
    dictionary: u64,
    values: Vec<Option<T>>,
}

impl<T> Default for Made<T> {
    fn default() -> Made<T> {
        Made { dictionary: 0, values: Vec::new() }
    }
}

impl<T: Copy> Made<T> {
    /// For the texts of a column.
    pub(super) fn of<'a>(&'a mut self, column: Option<&'a TextColumn<'a>>) -> MadeOf<'a, T> {
        if let Some((column, keys)) = column.and_then(|column| Some((column, column.keys.as_ref()?))) {
            if keys.dictionary != self.dictionary {
                self.dictionary = keys.dictionary;
                self.values.clear();
            }
            if self.values.len() < column.texts.bounds.len() {
                self.values.resize(column.texts.bounds.len(), None);
            }
        }
        MadeOf { column, values: &mut self.values }
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<T>>()
    }
}

/// What is made of the texts of one column.
pub(super) struct MadeOf<'a, T> {
    column: Option<&'a TextColumn<'a>>,
    /// By number in the column's dictionary, if it has one.
    values: &'a mut [Option<T>],
}

impl<T: Copy> MadeOf<'_, T> {
    /// What is made of a row's text; `None` for a row without.
    #[inline]
    pub(super) fn row(&mut self, row: usize, make: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let column = self.column?;
        let Some(keys) = &column.keys else { return column.get(row).map(make) };
        let number = keys.numbers.get(column.present.place(row)?)?;
        let made = self.values.get_mut(number)?;
        if made.is_none() {
            *made = column.texts.get(number).map(make);
        }
        *made
    }
}

/// What was made of the texts of dictionaries, by field.
#[derive(Default)]
pub(crate) struct MadeOfTexts {
    pub(super) datastreams: Made<u32>,
    pub(super) subjects: Made<u32>,
    pub(super) pages: Made<u32>,
    pub(super) page_names: Made<u32>,
    pub(super) hosts_of_pages: Made<u32>,
    pub(super) hosts_of_referrers: Made<u32>,
    pub(super) environments: Made<Option<Environment>>,
    pub(super) devices: Made<Option<Device>>,
}

impl MadeOfTexts {
    /// The memory that it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let MadeOfTexts { datastreams, subjects, pages, page_names, hosts_of_pages, hosts_of_referrers, .. } = self;
        let numbers = [datastreams, subjects, pages, page_names, hosts_of_pages, hosts_of_referrers];
        numbers.iter().map(|made| made.bytes()).sum::<usize>() + self.environments.bytes() + self.devices.bytes()
    }
}
