//! Events as a reader of files has them: a column for each field, in plain slices.
//!
//! The loops over the events stand here, where they are compiled for speed, and know no engine's types.
//! Nothing panics on slices that don't fit together: what isn't there is null.

mod made;
mod naming;
mod step;

use std::ops::Range;

pub(crate) use made::MadeOfTexts;

/// A bit for each row, the lowest of each byte first.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Bits<'a> {
    /// Those behind the first `offset` bits.
    pub fn new(bytes: &'a [u8], offset: usize) -> Bits<'a> {
        Bits { bytes, offset }
    }

    fn get(&self, row: usize) -> bool {
        let at = self.offset + row;
        self.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 != 0)
    }
}

/// Which rows of a column have a value, and where these stand.
#[derive(Clone, Copy, Debug)]
pub enum Present<'a> {
    /// All of them, each at its row.
    All,
    /// Those whose bits are set, each at its row: what stands at the others means nothing.
    Marked(Bits<'a>),
    /// Those whose bits are set, one after the other without the others.
    Packed {
        /// Of 64 rows each, the lowest bit first.
        words: &'a [u64],
        /// For each word, how many bits are set in those before it.
        before: &'a [u32],
    },
}

impl Present<'_> {
    /// Where the row's value stands; `None` if it has none.
    fn place(&self, row: usize) -> Option<usize> {
        match self {
            Present::All => Some(row),
            Present::Marked(bits) => bits.get(row).then_some(row),
            Present::Packed { words, before } => {
                let (word, bit) = (words.get(row / 64)?, 1 << (row % 64));
                (word & bit != 0).then_some(())?;
                Some(*before.get(row / 64)? as usize + (word & (bit - 1)).count_ones() as usize)
            }
        }
    }

    fn has(&self, row: usize) -> bool {
        self.place(row).is_some()
    }
}

/// Where things that stand one after the other begin and end.
#[derive(Clone, Copy, Debug)]
pub enum Bounds<'a> {
    /// Where each begins, and where the last one ends.
    Offsets(&'a [i32]),
    /// Where each ends; the first one begins at 0.
    Ends(&'a [u32]),
}

impl Bounds<'_> {
    fn range(&self, at: usize) -> Option<Range<usize>> {
        match self {
            Bounds::Offsets(offsets) => {
                let start = usize::try_from(*offsets.get(at)?).ok()?;
                let end = usize::try_from(*offsets.get(at + 1)?).ok()?;
                Some(start..end)
            }
            Bounds::Ends(ends) => {
                let start = if at == 0 { 0 } else { *ends.get(at - 1)? };
                Some(start as usize..*ends.get(at)? as usize)
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Bounds::Offsets(offsets) => offsets.len().saturating_sub(1),
            Bounds::Ends(ends) => ends.len(),
        }
    }
}

/// Texts of UTF-8, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// Where each lies in the bytes.
    pub bounds: Bounds<'a>,
    /// Bytes at the beginning of each that don't belong to the text.
    pub skipped: usize,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    fn get(&self, at: usize) -> Option<&'a [u8]> {
        let Range { start, end } = self.bounds.range(at)?;
        self.bytes.get(start + self.skipped..end)
    }
}

/// A text for each row that has one.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// Those of the rows, or of a dictionary.
    pub texts: Texts<'a>,
    /// Which of the dictionary's each row has.
    pub keys: Option<Keys<'a>>,
    /// Rows with a text.
    pub present: Present<'a>,
}

/// Which of the texts of a dictionary each row has.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// The text's number, for each row.
    pub numbers: KeyNumbers<'a>,
    /// Stands for the texts: of columns of one field that are given to one builder with the same number, each has the
    /// texts that the one before has, and maybe others behind them.
    pub dictionary: u64,
}

/// Numbers of texts, from 0.
#[derive(Clone, Copy, Debug)]
pub enum KeyNumbers<'a> {
    /// As Arrow has them.
    Int32(&'a [i32]),
    /// Those of a small dictionary.
    UInt16(&'a [u16]),
}

impl KeyNumbers<'_> {
    fn get(&self, at: usize) -> Option<usize> {
        match self {
            KeyNumbers::Int32(numbers) => usize::try_from(*numbers.get(at)?).ok(),
            KeyNumbers::UInt16(numbers) => numbers.get(at).map(|number| usize::from(*number)),
        }
    }
}

impl<'a> TextColumn<'a> {
    fn get(&self, row: usize) -> Option<&'a [u8]> {
        let place = self.present.place(row)?;
        self.texts.get(match &self.keys {
            Some(keys) => keys.numbers.get(place)?,
            None => place,
        })
    }
}

/// An integer for each row that has one.
#[derive(Clone, Copy, Debug)]
pub struct IntegerColumn<'a> {
    /// The integers.
    pub values: &'a [i64],
    /// Rows with an integer.
    pub present: Present<'a>,
}

impl IntegerColumn<'_> {
    fn get(&self, row: usize) -> Option<i64> {
        self.values.get(self.present.place(row)?).copied()
    }
}

/// Yes or no for each row that has it.
#[derive(Clone, Copy, Debug)]
pub struct FlagColumn<'a> {
    /// The answers.
    pub values: FlagValues<'a>,
    /// Rows with one.
    pub present: Present<'a>,
}

/// Answers.
#[derive(Clone, Copy, Debug)]
pub enum FlagValues<'a> {
    /// A bit each.
    Bits(Bits<'a>),
    /// A byte each.
    Bytes(&'a [bool]),
}

impl FlagColumn<'_> {
    /// Whether the row has a yes.
    fn is_set(&self, row: usize) -> bool {
        self.present.place(row).is_some_and(|place| match &self.values {
            FlagValues::Bits(bits) => bits.get(place),
            FlagValues::Bytes(bytes) => bytes.get(place).copied().unwrap_or(false),
        })
    }
}

/// A list for each row that has one.
#[derive(Clone, Copy, Debug)]
pub struct ListColumn<'a> {
    /// Which items each has.
    pub bounds: Bounds<'a>,
    /// Rows with a list.
    pub present: Present<'a>,
}

impl ListColumn<'_> {
    fn items(&self, row: usize) -> Option<Range<usize>> {
        self.bounds.range(self.present.place(row)?)
    }
}

/// Identities of each row: a map from a namespace to a list of identities.
#[derive(Clone, Copy, Debug)]
pub struct IdentityColumn<'a> {
    /// The entries of each row.
    pub entries: ListColumn<'a>,
    /// Of each entry.
    pub namespaces: TextColumn<'a>,
    /// The identities of each entry.
    pub identities: ListColumn<'a>,
    /// Identities that are no null.
    pub present: Present<'a>,
    /// Of each identity.
    pub ids: TextColumn<'a>,
    /// Those that are marked primary; `None` if none is.
    pub primary: Option<FlagColumn<'a>>,
}

/// The namespace of devices, by its code and its number.
const DEVICE_NAMESPACES: [&[u8]; 2] = [b"ECID", b"4"];

impl<'a> IdentityColumn<'a> {
    /// The visitor of a row: the first identity of a device; else the first one that is marked primary; else
    /// the first one. Identities without an id are passed over.
    pub fn visitor(&self, row: usize) -> Option<&'a [u8]> {
        let (mut primary, mut first) = (None, None);
        for entry in self.entries.items(row)? {
            let namespace = self.namespaces.get(entry).unwrap_or_default();
            let is_device = DEVICE_NAMESPACES.iter().any(|known| known.eq_ignore_ascii_case(namespace));
            for item in self.identities.items(entry).unwrap_or_default() {
                let id = self.ids.get(item).filter(|id| !id.is_empty() && self.present.has(item));
                let Some(id) = id else { continue };
                if is_device {
                    return Some(id);
                }
                first = first.or(Some(id));
                if self.primary.as_ref().is_some_and(|primary| primary.is_set(item)) {
                    primary = primary.or(Some(id));
                }
            }
        }
        primary.or(first)
    }
}

/// Events. A column that isn't there is null in all rows.
#[derive(Clone, Copy, Debug)]
pub struct EventColumns<'a> {
    /// How many there are.
    pub rows: usize,
    /// Microseconds since 1970-01-01T00:00:00Z. An event without a time is passed over.
    pub times: IntegerColumn<'a>,
    /// When it was received, likewise.
    pub received: Option<IntegerColumn<'a>>,
    /// Rows that a request brought: of others it means nothing when they were received. `None` if there is none.
    pub requests: Option<Present<'a>>,
    /// The datastream.
    pub datastreams: Option<TextColumn<'a>>,
    /// Whose events they are.
    pub identities: Option<IdentityColumn<'a>>,
    /// `chatSessionID`.
    pub sessions: Option<TextColumn<'a>>,
    /// `subject`.
    pub subjects: Option<TextColumn<'a>>,
    /// The page's address.
    pub page_urls: Option<TextColumn<'a>>,
    /// The page's name.
    pub page_names: Option<TextColumn<'a>>,
    /// The referrer's address.
    pub referrer_urls: Option<TextColumn<'a>>,
    /// `device.type`.
    pub device_types: Option<TextColumn<'a>>,
    /// `environment.type`.
    pub environments: Option<TextColumn<'a>>,
    /// `device.screenWidth`.
    pub screen_widths: Option<IntegerColumn<'a>>,
    /// `device.screenHeight`.
    pub screen_heights: Option<IntegerColumn<'a>>,
    /// `environment.browserDetails.viewportWidth`.
    pub viewport_widths: Option<IntegerColumn<'a>>,
    /// In the order of [`Counter::ALL`](crate::Counter::ALL).
    pub counters: [Option<IntegerColumn<'a>>; 8],
    /// Rows whose time is marked as far from that of its receipt; `None` if none is.
    pub time_anomalies: Option<Present<'a>>,
}
