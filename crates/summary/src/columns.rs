//! Events as a reader of files has them: a column for each field, in plain slices.
//!
//! The loop over the events stands here, where it is compiled for speed, and knows no engine's types.
//! Nothing panics on slices that don't fit together: what isn't there is null.

use std::ops::Range;

use crate::device::Environment;
use crate::dimensions::TEXT_DIMENSIONS;
use crate::rows::{NO_TEXT, Numbering, Parts, RowsBuilder};
use crate::text::{cut_bytes, page_bytes};
use crate::{Device, INTERNAL_REFERRER};

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
        if !is_valid(&self.valid, row) {
            return None;
        }
        let place = match &self.keys {
            Some(keys) => usize::try_from(*keys.places.get(row)?).ok()?,
            None => row,
        };
        self.bytes.get(range(self.offsets, place)?)
    }
}

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
    /// What is made of a row's text; `None` for a row without.
    fn of(&mut self, column: &Option<TextColumn<'_>>, row: usize, make: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let column = column.as_ref()?;
        let text = column.get(row)?;
        let Some(keys) = &column.keys else { return Some(make(text)) };
        if keys.dictionary != self.dictionary || self.values.len() + 1 != column.offsets.len() {
            self.dictionary = keys.dictionary;
            self.values.clear();
            self.values.resize(column.offsets.len().saturating_sub(1), None);
        }
        let made = self.values.get_mut(usize::try_from(*keys.places.get(row)?).ok()?)?;
        Some(*made.get_or_insert_with(|| make(text)))
    }

    fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<T>>()
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

impl RowsBuilder {
    /// Adds the events whose times, in microseconds, are within a span: as [`push`](Self::push) does, with
    /// the visitor by [`IdentityColumn::visitor`], the page by [`page`](crate::page), device and referrer by
    /// [`Device::of`] and [`referrer`](crate::referrer), and texts [cut](crate::cut).
    pub fn push_columns(&mut self, columns: &EventColumns<'_>, span: &Range<i64>) {
        for row in 0..columns.times.values.len() {
            let Some(micros) = columns.times.get(row).filter(|micros| span.contains(micros)) else { continue };
            let integer = |column: &Option<IntegerColumn<'_>>| column.as_ref().and_then(|column| column.get(row));
            let event = Parts {
                micros,
                received_micros: integer(&columns.received).unwrap_or(i64::MIN),
                visitor: columns.identities.as_ref().and_then(|identities| identities.visitor(row)),
                session: columns.sessions.as_ref().and_then(|sessions| sessions.get(row)),
                counters: columns.counters.each_ref().map(integer),
                is_time_off: columns.time_anomalies.as_ref().is_some_and(|valid| is_valid(valid, row)),
            };
            self.push_parts(event, |numbering| numbering.texts_of(columns, row));
        }
    }
}

/// What was made of the texts of dictionaries, by field.
#[derive(Default)]
pub(crate) struct MadeOfTexts {
    datastreams: Made<u32>,
    subjects: Made<u32>,
    pages: Made<u32>,
    page_names: Made<u32>,
    hosts_of_pages: Made<u32>,
    hosts_of_referrers: Made<u32>,
    environments: Made<Option<Environment>>,
    devices: Made<Option<Device>>,
}

impl MadeOfTexts {
    /// The memory that it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let MadeOfTexts { datastreams, subjects, pages, page_names, hosts_of_pages, hosts_of_referrers, .. } = self;
        let numbers = [datastreams, subjects, pages, page_names, hosts_of_pages, hosts_of_referrers];
        numbers.iter().map(|made| made.bytes()).sum::<usize>() + self.environments.bytes() + self.devices.bytes()
    }
}

impl Numbering {
    /// The numbers of a row's texts.
    fn texts_of(&mut self, columns: &EventColumns<'_>, row: usize) -> [u32; TEXT_DIMENSIONS] {
        let Numbering { interners: [datastreams, subjects, pages, devices, referrers], hosts, made } = self;
        let integer = |column: &Option<IntegerColumn<'_>>| column.as_ref().and_then(|column| column.get(row));
        let number = |made: Option<u32>| made.unwrap_or(NO_TEXT);

        let datastream = made.datastreams.of(&columns.datastreams, row, |text| datastreams.intern_bytes(Some(text)));
        let subject = made.subjects.of(&columns.subjects, row, |text| subjects.intern_bytes(Some(cut_bytes(text))));
        let page = match made
            .pages
            .of(&columns.page_urls, row, |url| pages.intern_bytes(page_bytes(Some(url), None).map(cut_bytes)))
        {
            None | Some(NO_TEXT) => made
                .page_names
                .of(&columns.page_names, row, |name| pages.intern_bytes(page_bytes(None, Some(name)).map(cut_bytes))),
            page => page,
        };

        let environment = made.environments.of(&columns.environments, row, Environment::of).flatten();
        let device = made.devices.of(&columns.device_types, row, Device::of_kind).flatten();
        let screen = || integer(&columns.screen_widths).zip(integer(&columns.screen_heights));
        let device = Device::told(environment, device, screen, || integer(&columns.viewport_widths));
        let device = devices.intern(device.map(Device::name));

        let referrer = match made.hosts_of_referrers.of(&columns.referrer_urls, row, |url| hosts.number(url)) {
            None | Some(NO_TEXT) => NO_TEXT,
            Some(host) => match made.hosts_of_pages.of(&columns.page_urls, row, |url| hosts.number(url)) {
                Some(own) if own == host => referrers.intern(Some(INTERNAL_REFERRER)),
                _ => hosts.referrer(host, referrers),
            },
        };
        [number(datastream), number(subject), number(page), device, referrer]
    }
}

/// From one offset to the next.
fn range(offsets: &[i32], at: usize) -> Option<Range<usize>> {
    let start = usize::try_from(*offsets.get(at)?).ok()?;
    let end = usize::try_from(*offsets.get(at + 1)?).ok()?;
    Some(start..end)
}
