//! The limits of one event, each with its unit. Past one of them an event is
//! rejected with keyword `limit` and a sentence that names the limit.

/// Longest event, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of objects and arrays in an event.
pub const DEPTH_MAX: usize = 64;
/// Most undeclared members of one object, and most keys of one map.
pub const MEMBERS_MAX: usize = 1024;
/// Most items of one array.
pub const ITEMS_MAX: usize = 10_000;
/// Most bytes of what an event keeps as raw JSON (`extra`, sealed values), each with its
/// path: a long name is repeated for each property below it.
pub const KEPT_BYTES_MAX: usize = 4 * EVENT_BYTES_MAX;
/// Undeclared names of one event for which the nearest declared name is sought.
pub const GUESSES_MAX: usize = 32;
/// Most violations that are told of one event; the last one says how many more there are.
pub const VIOLATIONS_MAX: usize = 1000;
/// Most notices that are told of one event.
pub const NOTICES_MAX: usize = 100;

/// Most leaf columns, objects or lists of one plan.
pub const COLUMNS_MAX: usize = 8192;
/// Deepest nesting of a composed schema.
pub const SCHEMA_DEPTH_MAX: usize = 48;
