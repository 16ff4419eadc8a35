//! Selected columns are those of the whole batch.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use columns::{Selection, Shape};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::world::{self, Dice, block};

/// Fails where a selected column has other rows than the same one of the whole batch; answers the leaves that it has.
fn leaves_of(selected: &ArrayRef, whole: &ArrayRef) -> usize {
    assert_eq!(selected.len(), whole.len());
    match whole.data_type() {
        DataType::Struct(_) => {
            let (selected, whole) = (selected.as_struct(), whole.as_struct());
            assert_eq!(selected.nulls(), whole.nulls());
            let children = selected.column_names().into_iter().zip(selected.columns());
            children.map(|(name, child)| leaves_of(child, whole.column_by_name(name).expect("the same field"))).sum()
        }
        DataType::List(_) => {
            let (selected, whole) = (selected.as_list::<i32>(), whole.as_list::<i32>());
            assert_eq!((selected.nulls(), selected.offsets()), (whole.nulls(), whole.offsets()));
            leaves_of(selected.values(), whole.values())
        }
        DataType::Map(..) => {
            let (selected, whole) = (selected.as_map(), whole.as_map());
            assert_eq!((selected.nulls(), selected.offsets()), (whole.nulls(), whole.offsets()));
            assert_eq!(selected.keys(), whole.keys());
            leaves_of(selected.values(), whole.values())
        }
        leaf => {
            assert_eq!(&cast(selected, leaf).expect("the same type"), whole);
            1
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn selected_columns_are_those_of_the_whole_batch(seed: u64, events in 0..120u64, percent in 0..=100u64) {
        let dice = &mut Dice(seed);
        let layout = Arc::new(world::layout(dice));
        let shape = Arc::new(Shape::new(Arc::clone(&layout)).unwrap());
        let mut filled = block(&shape);
        world::fill(&mut filled, dice, events, &mut 0);
        filled.protect();
        let is_wanted = |path: &[String]| xxh3_64(path.join(".").as_bytes()) % 100 < percent;
        let selected = filled.to_arrow_of(&Selection::new(&shape, is_wanted));
        let whole = filled.to_arrow();
        prop_assert_eq!(selected.num_rows(), whole.num_rows());
        let schema = selected.schema();
        let leaves: usize = schema
            .fields()
            .iter()
            .zip(selected.columns())
            .map(|(field, column)| leaves_of(column, whole.column_by_name(field.name()).unwrap()))
            .sum();
        // Keys of maps come with their values.
        let wanted = shape.parquet_schema();
        let is_key = |path: &[String]| path.len() > 1 && path[path.len() - 2] == "key_value" && path[path.len() - 1] == "key";
        let paths = wanted.columns().iter().map(|column| column.path().parts()).filter(|path| !is_key(path));
        prop_assert_eq!(leaves, paths.filter(|path| is_wanted(path)).count());
    }
}
