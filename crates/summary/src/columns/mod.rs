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

/// Which rows of a column have a value; `None`: all.
pub type Valid<'a> = Option<Bits<'a>>;

fn is_valid(valid: &Valid<'_>, row: usize) -> bool {
    valid.as_ref().is_none_or(|valid| valid.get(row))
}

/// Texts of UTF-8, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// Where each begins, and where the last one ends.
    pub offsets: &'a [i32],
    /// The texts.
    pub bytes: &'a [u8],
    /// Which of the texts each row has; `None`: its own.
    pub keys: Option<Keys<'a>>,
    /// Rows with a text.
    pub valid: Valid<'a>,
}

/// Which of the texts of a dictionary each row has.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// The text's place, for each row.
    pub places: &'a [i32],
    /// Stands for the texts: columns of one field that are given to one builder with the same number have the same
    /// texts.
    pub dictionary: u64,
}

impl<'a> TextColumn<'a> {
    fn get(&self, row: usize) -> Option<&'a [u8]> {
        let place = match &self.keys {
            Some(keys) => self.key(keys, row)?,
            None => is_valid(&self.valid, row).then_some(row)?,
        };
        self.bytes.get(range(self.offsets, place)?)
    }

    /// The place of a row's text in the dictionary; `None` for a row without.
    fn key(&self, keys: &Keys<'_>, row: usize) -> Option<usize> {
        is_valid(&self.valid, row).then_some(())?;
        usize::try_from(*keys.places.get(row)?).ok()
    }
}

/// Integers.
#[derive(Clone, Copy, Debug)]
pub struct IntegerColumn<'a> {
    /// One for each row.
    pub values: &'a [i64],
    /// Rows with an integer.
    pub valid: Valid<'a>,
}

impl IntegerColumn<'_> {
    fn get(&self, row: usize) -> Option<i64> {
        if is_valid(&self.valid, row) { self.values.get(row).copied() } else { None }
    }
}

/// Identities of each row: a map from a namespace to a list of identities.
#[derive(Clone, Copy, Debug)]
pub struct IdentityColumn<'a> {
    /// Where the entries of each row begin, and where those of the last one end.
    pub entries: &'a [i32],
    /// Rows with a map.
    pub valid: Valid<'a>,
    /// Of each entry.
    pub namespaces: TextColumn<'a>,
    /// Where the identities of each entry begin, and where those of the last one end.
    pub identities: &'a [i32],
    /// Entries with a list.
    pub valid_lists: Valid<'a>,
    /// Identities that are no null.
    pub valid_identities: Valid<'a>,
    /// Of each identity.
    pub ids: TextColumn<'a>,
    /// Those that are marked primary; `None` if none is.
    pub primary: Option<Bits<'a>>,
}

/// The namespace of devices, by its code and its number.
const DEVICE_NAMESPACES: [&[u8]; 2] = [b"ECID", b"4"];

impl<'a> IdentityColumn<'a> {
    /// The visitor of a row: the first identity of a device; else the first one that is marked primary; else
    /// the first one. Identities without an id are passed over.
    pub fn visitor(&self, row: usize) -> Option<&'a [u8]> {
        if !is_valid(&self.valid, row) {
            return None;
        }
        let (mut primary, mut first) = (None, None);
        for entry in range(self.entries, row)? {
            let namespace = self.namespaces.get(entry).unwrap_or_default();
            let is_device = DEVICE_NAMESPACES.iter().any(|known| known.eq_ignore_ascii_case(namespace));
            if !is_valid(&self.valid_lists, entry) {
                continue;
            }
            for item in range(self.identities, entry).unwrap_or_default() {
                let id = self.ids.get(item).filter(|id| !id.is_empty() && is_valid(&self.valid_identities, item));
                let Some(id) = id else { continue };
                if is_device {
                    return Some(id);
                }
                first = first.or(Some(id));
                if self.primary.as_ref().is_some_and(|primary| primary.get(item)) {
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
    /// Microseconds since 1970-01-01T00:00:00Z. An event without a time is passed over.
    pub times: IntegerColumn<'a>,
    /// When a request brought it, likewise; null where none did.
    pub received: Option<IntegerColumn<'a>>,
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
    pub time_anomalies: Option<Valid<'a>>,
}

/// From one offset to the next.
fn range(offsets: &[i32], at: usize) -> Option<Range<usize>> {
    let start = usize::try_from(*offsets.get(at)?).ok()?;
    let end = usize::try_from(*offsets.get(at + 1)?).ok()?;
    Some(start..end)
}
