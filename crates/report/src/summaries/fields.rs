//! The fields of events that summaries are made of, whether a batch has them or a block.
//!
//! A field that isn't there, or has a type that can't be read as ours, is null, as in the views.

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, MapArray, StringArray};
use datafusion::arrow::buffer::{NullBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use summary::{
    Bounds, Counter, EventColumns, FlagColumn, FlagValues, IdentityColumn, IntegerColumn, KeyNumbers, Keys, ListColumn,
    Present, TextColumn,
};
use table::{ListView, RowSet, TextsView};

use crate::visitor::{Identities, present};

pub(super) const TIME: &str = "timestamp";
pub(super) const RECEIVED_AT: &str = "received_at";
/// Null in what was loaded from a file.
pub(super) const REQUEST_ID: &str = "request_id";
pub(super) const TIME_ANOMALY: &str = "time_anomaly";
pub(super) const IDENTITIES: &str = "identityMap";

/// Datastream, chat session, subject, address and name of the page, referrer, kinds of device and environment.
pub(super) const TEXTS: [&str; 8] = [
    "datastream",
    "customerFeedback.chatSessionID",
    "customerFeedback.subject",
    "web.webPageDetails.URL",
    "web.webPageDetails.name",
    "web.webReferrer.URL",
    "device.type",
    "environment.type",
];

/// Width and height of the screen, width of the window.
pub(super) const SIZES: [&str; 3] =
    ["device.screenWidth", "device.screenHeight", "environment.browserDetails.viewportWidth"];

/// As in [`Counter::ALL`].
pub(super) const COUNTERS: [&str; 8] = {
    let mut fields = [""; 8];
    let mut at = 0;
    while at < fields.len() {
        fields[at] = Counter::ALL[at].field();
        at += 1;
    }
    fields
};

/// The fields of some events.
pub(super) struct Fields<'a> {
    pub(super) rows: usize,
    pub(super) times: Integers<'a>,
    pub(super) received: Option<Integers<'a>>,
    /// Rows that a request brought.
    pub(super) requests: Option<Rows<'a>>,
    /// Rows whose time is marked.
    pub(super) time_anomalies: Option<Rows<'a>>,
    pub(super) identities: Option<IdentityMap<'a>>,
    /// Those of [`TEXTS`].
    pub(super) texts: [Option<Texts<'a>>; TEXTS.len()],
    /// Those of [`SIZES`].
    pub(super) sizes: [Option<Integers<'a>>; SIZES.len()],
    pub(super) counters: [Option<Integers<'a>>; COUNTERS.len()],
}

impl Fields<'_> {
    /// As `summary` takes them.
    pub(super) fn columns(&self) -> EventColumns<'_> {
        let texts = self.texts.each_ref().map(|field| field.as_ref().map(Texts::column));
        let [datastreams, sessions, subjects, page_urls, page_names, referrer_urls, device_types, environments] = texts;
        let [screen_widths, screen_heights, viewport_widths] = self.sizes.each_ref().map(integers);
        EventColumns {
            rows: self.rows,
            times: self.times.column(),
            received: integers(&self.received),
            requests: self.requests.as_ref().map(Rows::present),
            datastreams,
            identities: self.identities.as_ref().map(IdentityMap::column),
            sessions,
            subjects,
            page_urls,
            page_names,
            referrer_urls,
            device_types,
            environments,
            screen_widths,
            screen_heights,
            viewport_widths,
            counters: self.counters.each_ref().map(integers),
            time_anomalies: self.time_anomalies.as_ref().map(Rows::present),
        }
    }
}

fn integers<'a>(field: &'a Option<Integers<'_>>) -> Option<IntegerColumn<'a>> {
    field.as_ref().map(Integers::column)
}

/// Which rows have something.
pub(super) enum Rows<'a> {
    /// Those that aren't null.
    Array(Option<NullBuffer>),
    Block(RowSet<'a>),
}

impl Rows<'_> {
    pub(super) fn present(&self) -> Present<'_> {
        match self {
            Rows::Array(nulls) => present(nulls.as_ref()),
            Rows::Block(rows) => of_set(rows),
        }
    }
}

/// A column of texts.
pub(super) struct Texts<'a> {
    pub(super) values: TextValues<'a>,
    pub(super) rows: Rows<'a>,
}

pub(super) enum TextValues<'a> {
    Array(StringArray),
    /// With the text's place for each row, and the number of the dictionary.
    KeyedArray(StringArray, ScalarBuffer<i32>, u64),
    Block(TextsView<'a>),
    /// Likewise.
    KeyedBlock(TextsView<'a>, &'a [u16], u64),
}

impl Texts<'_> {
    /// Of what is or can be read as texts, null where `nulls` says so.
    pub(super) fn of_array(column: &ArrayRef, nulls: Option<NullBuffer>) -> Option<Texts<'static>> {
        // A reader may hand out views or other dictionaries; for what is of the type the cast is free.
        let texts = cast(column, &DataType::Utf8).ok()?.as_string_opt::<i32>()?.clone();
        Some(Texts { values: TextValues::Array(texts), rows: Rows::Array(nulls) })
    }

    fn column(&self) -> TextColumn<'_> {
        let texts = match &self.values {
            TextValues::Array(texts) | TextValues::KeyedArray(texts, ..) => {
                let bounds = Bounds::Offsets(texts.value_offsets());
                summary::Texts { bounds, skipped: 0, bytes: texts.value_data() }
            }
            TextValues::Block(texts) | TextValues::KeyedBlock(texts, ..) => {
                let bounds = Bounds::Ends(texts.ends);
                summary::Texts { bounds, skipped: TextsView::LENGTH_BYTES, bytes: texts.bytes }
            }
        };
        let keys = match &self.values {
            TextValues::Array(_) | TextValues::Block(_) => None,
            TextValues::KeyedArray(_, places, dictionary) => Some((KeyNumbers::Int32(places), dictionary)),
            TextValues::KeyedBlock(_, places, dictionary) => Some((KeyNumbers::UInt16(places), dictionary)),
        };
        TextColumn {
            texts,
            keys: keys.map(|(numbers, dictionary)| Keys { numbers, dictionary: *dictionary }),
            present: self.rows.present(),
        }
    }
}

/// A column of integers.
pub(super) struct Integers<'a> {
    pub(super) values: IntegerValues<'a>,
    pub(super) rows: Rows<'a>,
}

pub(super) enum IntegerValues<'a> {
    Array(ScalarBuffer<i64>),
    Block(&'a [i64]),
}

impl Integers<'_> {
    /// Of what is or can be read as integers, null where `nulls` says so.
    pub(super) fn of_array(column: &ArrayRef, nulls: Option<NullBuffer>) -> Option<Integers<'static>> {
        let integers: Int64Array = cast(column, &DataType::Int64).ok()?.as_primitive_opt::<Int64Type>()?.clone();
        Some(Integers { values: IntegerValues::Array(integers.values().clone()), rows: Rows::Array(nulls) })
    }

    fn column(&self) -> IntegerColumn<'_> {
        let values = match &self.values {
            IntegerValues::Array(integers) => integers,
            IntegerValues::Block(integers) => *integers,
        };
        IntegerColumn { values, present: self.rows.present() }
    }
}

/// Whose events they are.
pub(super) enum IdentityMap<'a> {
    Array(MapArray, Identities),
    Block(BlockIdentities<'a>),
}

/// The columns of a block's map of identities.
pub(super) struct BlockIdentities<'a> {
    pub(super) entries: ListView<'a>,
    pub(super) namespaces: Texts<'a>,
    pub(super) lists: ListView<'a>,
    pub(super) items: RowSet<'a>,
    pub(super) ids: Texts<'a>,
    pub(super) primary: Option<(&'a [bool], RowSet<'a>)>,
}

impl IdentityMap<'_> {
    fn column(&self) -> IdentityColumn<'_> {
        let identities = match self {
            IdentityMap::Array(map, identities) => return identities.columns(map),
            IdentityMap::Block(identities) => identities,
        };
        let BlockIdentities { entries, namespaces, lists, items, ids, primary } = identities;
        IdentityColumn {
            entries: list(entries),
            namespaces: namespaces.column(),
            identities: list(lists),
            present: of_set(items),
            ids: ids.column(),
            primary: primary
                .as_ref()
                .map(|(marks, rows)| FlagColumn { values: FlagValues::Bytes(marks), present: of_set(rows) }),
        }
    }
}

fn list<'a>(list: &'a ListView<'_>) -> ListColumn<'a> {
    ListColumn { bounds: Bounds::Ends(list.ends), present: of_set(&list.rows) }
}

fn of_set<'a>(rows: &'a RowSet<'_>) -> Present<'a> {
    match rows {
        RowSet::All => Present::All,
        RowSet::Marked { words, before } => Present::Packed { words, before },
    }
}
