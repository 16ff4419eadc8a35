//! `percentile_disc`, the exact percentile of standard SQL, for integers.
//!
//! The engine has `percentile_cont` alone, which makes up a number between two when none of them is
//! at the place. Here the answer is always one of the values: the smallest that at least that share of
//! all don't exceed. Spark, PostgreSQL and DuckDB spell it the same.

use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, TypeSignature, Volatility};
use datafusion::physical_expr::expressions::Literal;

const NAME: &str = "percentile_disc";

/// The function as a session registers it.
pub(crate) fn percentile_disc() -> AggregateUDF {
    let signature =
        Signature::one_of(vec![TypeSignature::Exact(vec![DataType::Int64, DataType::Float64])], Volatility::Immutable);
    AggregateUDF::new_from_impl(PercentileDisc { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileDisc {
    signature: Signature,
}

impl AggregateUDFImpl for PercentileDisc {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
        Ok(vec![Arc::new(Field::new(format!("{}[values]", args.name), list, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let literal = args.exprs.get(1).and_then(|share| share.downcast_ref::<Literal>());
        let share = match literal.map(Literal::value) {
            Some(ScalarValue::Float64(Some(share))) if (0.0..=1.0).contains(share) => *share,
            _ => return plan_err!("{NAME} takes a number from 0 to 1: {NAME}(0.9) within group (order by seconds)"),
        };
        if args.order_bys.iter().any(|order| order.options.descending) {
            return plan_err!("{NAME} counts from the smallest: leave out desc, and take the share from 1");
        }
        Ok(Box::new(Values { share, values: Vec::new() }))
    }
}

/// All values so far, in any order.
#[derive(Debug)]
struct Values {
    share: f64,
    values: Vec<i64>,
}

impl Values {
    fn take(&mut self, values: &Int64Array) {
        self.values.extend(values.iter().flatten());
    }
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.take(values[0].as_primitive::<Int64Type>());
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let place = (self.values.len() as f64 * self.share).ceil() as usize;
        let at = place.saturating_sub(1);
        if at >= self.values.len() {
            return Ok(ScalarValue::Int64(None));
        }
        let (_, value, _) = self.values.select_nth_unstable(at);
        Ok(ScalarValue::Int64(Some(*value)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<i64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: ArrayRef = Arc::new(Int64Array::from(std::mem::take(&mut self.values)));
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        let field = Arc::new(Field::new_list_field(DataType::Int64, true));
        Ok(vec![ScalarValue::List(Arc::new(ListArray::new(field, offsets, values, None)))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        lists.iter().flatten().for_each(|values| self.take(values.as_primitive::<Int64Type>()));
        Ok(())
    }
}
