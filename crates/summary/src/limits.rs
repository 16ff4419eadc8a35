//! The limits of a summary: what keeps it small, whatever the events are.

/// Values of one dimension (datastream, subject, page) that get their own number in a day's summary,
/// the most frequent first; the others are counted together.
pub const VALUES_PER_DAY_MAX: usize = 4_096;

/// Cells of a day's summary by hours; by shorter buckets, that many for each bucket of an hour. Past it
/// the rarest pages are counted together, then the rarest subjects, then the rarest datastreams.
pub const CELLS_PER_DAY_MAX: usize = 131_072;

/// Visitors of a day that are kept one by one: all of them, or those with the smallest hashes.
pub const VISITORS_PER_DAY_MAX: usize = 16_384;

/// What is kept of a day's visitors: the pairs of a visitor and a cell (of a contact request, its minute
/// too). Past it the visitors with the greatest hashes aren't kept.
pub const TRAIL_ENTRIES_PER_DAY_MAX: usize = 262_144;

/// Visitors that are kept however long their trails are: a handful of robots must not make a sample
/// of nobody.
pub const VISITORS_PER_DAY_MIN: usize = 1_024;

/// Visitors of all days together that a number is counted of, if all of them are kept.
pub const VISITOR_DAYS_PER_NUMBER_MAX: usize = 262_144;

/// Visitors of all days together that a number is estimated from, where it is an estimate anyway. Where more are kept,
/// those with the smallest hashes are taken.
pub const VISITOR_DAYS_PER_ESTIMATE_MAX: usize = 131_072;

/// The same of a bucket of a series that is no one span, such as an hour of all Mondays: those of four very busy days.
pub const VISITOR_DAYS_PER_RECURRING_BUCKET_MAX: usize = 65_536;

/// Rows of an answer, the one for other values among them; those with the most events get their own.
pub const ROWS_PER_ANSWER_MAX: usize = 4_096;

/// Bytes of an encoded summary before it is compressed that [`DaySummary::decode`](crate::DaySummary::decode)
/// takes. It allocates at most 16 times as much.
pub const DECODED_BYTES_MAX: usize = 256 * 1024 * 1024;
