//! What a row's `identityMap` says in one value: `visitor`, `primary_identity` and
//! `primary_namespace`.
//!
//! The visitor is, in this order: the first identity under `ECID`; else the one marked
//! primary; else the first there is. The device goes first because it is what most events
//! have: a visitor who logs in, and whose later events name an account as primary, stays
//! one. Identities without an id are passed over, as rows of older versions have them for
//! e-mail and telephone; today those stand as pseudonyms.
//! Functions of ours, because the same rules in SQL take a page per query and no two
//! engines spell them alike.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MapArray, StringArray, StringBuilder, StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use summary::{Bits, Bounds, FlagColumn, FlagValues, IdentityColumn, ListColumn, Present, TextColumn, Texts};

/// What is asked of a map of identities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum IdentityPart {
    /// The id that stands for the visitor.
    Visitor,
    /// The id of the identity marked primary.
    Primary,
    /// Its namespace.
    PrimaryNamespace,
}

impl IdentityPart {
    const ALL: [IdentityPart; 3] = [IdentityPart::Visitor, IdentityPart::Primary, IdentityPart::PrimaryNamespace];

    /// The function's name in SQL.
    pub(crate) fn function(self) -> &'static str {
        match self {
            IdentityPart::Visitor => "visitor",
            IdentityPart::Primary => "primary_identity",
            IdentityPart::PrimaryNamespace => "primary_namespace",
        }
    }
}

/// The functions as a session registers them.
pub(crate) fn udfs() -> impl Iterator<Item = ScalarUDF> {
    let signature = || Signature::any(1, Volatility::Immutable);
    IdentityPart::ALL
        .into_iter()
        .map(move |part| ScalarUDF::new_from_impl(IdentityFunction { part, signature: signature() }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct IdentityFunction {
    part: IdentityPart,
    signature: Signature,
}

impl ScalarUDFImpl for IdentityFunction {
    fn name(&self) -> &str {
        self.part.function()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Map(..) | DataType::Null] => Ok(DataType::Utf8),
            _ => plan_err!("{} takes the column identityMap", self.name()),
        }
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let answers = match arrays[0].as_map_opt() {
            Some(map) => answers(map, self.part)?,
            None => StringArray::new_null(arrays[0].len()),
        };
        Ok(ColumnarValue::Array(Arc::new(answers)))
    }
}

/// One answer (or null) per row of the map.
fn answers(map: &MapArray, part: IdentityPart) -> Result<StringArray> {
    let identities = Identities::of(map)?;
    let columns = identities.columns(map);
    let mut out = StringBuilder::with_capacity(map.len(), map.len() * 40);
    for row in 0..map.len() {
        out.append_option(match part {
            _ if map.is_null(row) => None,
            IdentityPart::Visitor => columns.visitor(row).and_then(|id| std::str::from_utf8(id).ok()),
            IdentityPart::Primary => identities.primary(map, row).map(|(_, id)| id),
            IdentityPart::PrimaryNamespace => identities.primary(map, row).map(|(namespace, _)| namespace),
        });
    }
    Ok(out.finish())
}

/// The leaves of a map from namespace to a list of identities, as plain arrays.
pub(crate) struct Identities {
    namespaces: ArrayRef,
    lists: ArrayRef,
    items: StructArray,
    ids: ArrayRef,
    primary: Option<BooleanArray>,
}

impl Identities {
    pub(crate) fn of(map: &MapArray) -> Result<Identities> {
        let unexpected = || exec_datafusion_err!("identityMap is not a map of lists of identities");
        let lists = Arc::clone(map.values());
        let items = lists.as_list_opt::<i32>().ok_or_else(unexpected)?.values();
        let items = items.as_struct_opt().ok_or_else(unexpected)?.clone();
        let ids = items.column_by_name("id").ok_or_else(unexpected)?;
        Ok(Identities {
            // A reader may hand out views or dictionaries; for plain text the cast is free.
            namespaces: cast(map.keys(), &DataType::Utf8)?,
            ids: cast(ids, &DataType::Utf8)?,
            // A mark that is null is none.
            primary: items.column_by_name("primary").and_then(|column| marked(column.as_boolean_opt()?)),
            lists,
            items,
        })
    }

    /// As plain slices.
    pub(crate) fn columns<'a>(&'a self, map: &'a MapArray) -> IdentityColumn<'a> {
        let lists = self.lists.as_list::<i32>();
        let marks = |marks: &'a BooleanArray| Bits::new(marks.values().values(), marks.values().offset());
        let list = |offsets, nulls| ListColumn { bounds: Bounds::Offsets(offsets), present: present(nulls) };
        IdentityColumn {
            entries: list(map.value_offsets(), map.nulls()),
            namespaces: texts(&self.namespaces),
            identities: list(lists.value_offsets(), lists.nulls()),
            present: present(self.items.nulls()),
            ids: texts(&self.ids),
            primary: self
                .primary
                .as_ref()
                .map(|primary| FlagColumn { values: FlagValues::Bits(marks(primary)), present: Present::All }),
        }
    }

    /// Namespace and id of the identity marked primary.
    fn primary(&self, map: &MapArray, row: usize) -> Option<(&str, &str)> {
        let namespaces = self.namespaces.as_string::<i32>();
        entries(map.value_offsets(), row).find_map(|entry| {
            let item = self.items_of(entry).find(|item| self.is_primary(*item) && self.id(*item).is_some())?;
            Some((namespaces.value(entry), self.id(item)?))
        })
    }

    fn items_of(&self, entry: usize) -> std::ops::Range<usize> {
        if self.lists.is_null(entry) { 0..0 } else { entries(self.lists.as_list::<i32>().value_offsets(), entry) }
    }

    fn id(&self, item: usize) -> Option<&str> {
        let ids = self.ids.as_string::<i32>();
        (self.items.is_valid(item) && ids.is_valid(item)).then(|| ids.value(item)).filter(|id| !id.is_empty())
    }

    fn is_primary(&self, item: usize) -> bool {
        self.primary.as_ref().is_some_and(|primary| primary.is_valid(item) && primary.value(item))
    }
}

/// The marks, those that are null as false.
fn marked(column: &BooleanArray) -> Option<BooleanArray> {
    let values = column.nulls().map_or_else(|| column.values().clone(), |valid| column.values() & valid.inner());
    Some(BooleanArray::new(values, None))
}

/// Texts as plain slices.
fn texts(column: &ArrayRef) -> TextColumn<'_> {
    let texts = column.as_string::<i32>();
    let present = present(texts.nulls());
    let texts = Texts { bounds: Bounds::Offsets(texts.value_offsets()), skipped: 0, bytes: texts.value_data() };
    TextColumn { texts, keys: None, present }
}

/// Which rows have a value.
pub(crate) fn present(nulls: Option<&NullBuffer>) -> Present<'_> {
    nulls.map_or(Present::All, |nulls| Present::Marked(Bits::new(nulls.validity(), nulls.offset())))
}

/// The child rows of one row. Arrow's offsets never go backwards, so the casts hold.
fn entries(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}
