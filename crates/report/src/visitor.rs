//! `visitor(identityMap)`: which of an event's identities stands for the visitor.
//!
//! The rule, in this order: the identity marked primary; else the first under `ECID`;
//! else the first there is. Identities without an id are passed over: those in
//! personal namespaces (e-mail, phone) are sealed, so there is nothing to count by.
//! A function of ours, because the same rule in SQL takes a page per query and no two
//! engines spell it alike.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MapArray, StringArray, StringBuilder, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The namespace that wins when no identity is marked primary.
const DEVICE_NAMESPACE: &str = "ECID";

/// The function as a session registers it.
pub(crate) fn udf() -> ScalarUDF {
    ScalarUDF::new_from_impl(Visitor { signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Visitor {
    signature: Signature,
}

impl ScalarUDFImpl for Visitor {
    fn name(&self) -> &str {
        "visitor"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Map(..) | DataType::Null] => Ok(DataType::Utf8),
            _ => plan_err!("visitor takes the column identityMap"),
        }
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let visitors = match arrays[0].as_map_opt() {
            Some(map) => visitors(map)?,
            None => StringArray::new_null(arrays[0].len()),
        };
        Ok(ColumnarValue::Array(Arc::new(visitors)))
    }
}

/// One visitor (or null) per row of the map.
fn visitors(map: &MapArray) -> Result<StringArray> {
    let identities = Identities::of(map)?;
    let mut out = StringBuilder::with_capacity(map.len(), map.len() * 40);
    for row in 0..map.len() {
        out.append_option(if map.is_null(row) { None } else { identities.visitor(map, row) });
    }
    Ok(out.finish())
}

/// The leaves of a map from namespace to a list of identities, as plain arrays.
struct Identities {
    namespaces: ArrayRef,
    lists: ArrayRef,
    items: StructArray,
    ids: ArrayRef,
    primary: Option<BooleanArray>,
}

impl Identities {
    fn of(map: &MapArray) -> Result<Identities> {
        let unexpected = || exec_datafusion_err!("identityMap is not a map of lists of identities");
        let lists = Arc::clone(map.values());
        let items = lists.as_list_opt::<i32>().ok_or_else(unexpected)?.values();
        let items = items.as_struct_opt().ok_or_else(unexpected)?.clone();
        let ids = items.column_by_name("id").ok_or_else(unexpected)?;
        Ok(Identities {
            // A reader may hand out views or dictionaries; for plain text the cast is free.
            namespaces: cast(map.keys(), &DataType::Utf8)?,
            ids: cast(ids, &DataType::Utf8)?,
            primary: items.column_by_name("primary").and_then(|column| column.as_boolean_opt().cloned()),
            lists,
            items,
        })
    }

    fn visitor(&self, map: &MapArray, row: usize) -> Option<&str> {
        let namespaces = self.namespaces.as_string::<i32>();
        let (mut device, mut first) = (None, None);
        for entry in entries(map.value_offsets(), row) {
            for item in self.items_of(entry) {
                let Some(id) = self.id(item) else { continue };
                if self.is_primary(item) {
                    return Some(id);
                }
                first = first.or(Some(id));
                if namespaces.value(entry) == DEVICE_NAMESPACE {
                    device = device.or(Some(id));
                }
            }
        }
        device.or(first)
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

/// The child rows of one row. Arrow's offsets never go backwards, so the casts hold.
fn entries(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}
