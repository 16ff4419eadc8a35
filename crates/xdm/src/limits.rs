//! The limits of one event, each with its unit. Past one of them an event is
//! rejected with keyword `limit` and a sentence that names the limit.
//!
//! What is reported of an event is bounded too ([`ReportLimits`]): a few bytes can break a
//! million rules. What is past that bound is counted and takes no memory.

/// Longest event, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of objects and arrays in an event.
pub const DEPTH_MAX: usize = 64;
/// Most undeclared members of one object, and most keys of one map.
pub const MEMBERS_MAX: usize = 1024;
/// Longest key of a map that gets a row of its own, in bytes; what is under a longer one is
/// sealed as it was sent.
pub const KEY_BYTES_MAX: usize = 256;
/// Most items of one array.
pub const ITEMS_MAX: usize = 10_000;
/// Most bytes of what an event keeps as raw JSON (`extra`, sealed values), each with its
/// path: a long name is repeated for each property below it.
pub const KEPT_BYTES_MAX: usize = 4 * EVENT_BYTES_MAX;
/// Undeclared names of one event for which the nearest declared name is sought.
pub const SUGGESTIONS_MAX: usize = 32;

/// Most violations that an answer reports of one event; how many more there are is said.
pub const VIOLATIONS_MAX: usize = 100;
/// Most bytes of them.
pub const VIOLATIONS_BYTES_MAX: usize = 64 * 1024;
/// Most notices that an answer reports of one event, and most bytes of them.
pub const NOTICES_MAX: usize = 100;
/// Most bytes of them.
pub const NOTICES_BYTES_MAX: usize = 32 * 1024;
/// Most violations, and as many notices, of one event that are reported where they are written
/// out at once (`frontdesk check`): more than an event of usual size can break.
pub const FILE_VIOLATIONS_MAX: usize = 100_000;
/// Most bytes of either.
pub const FILE_VIOLATIONS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest JSON pointer that is reported, in bytes; a longer one is cut and ends in `…`.
pub const POINTER_BYTES_MAX: usize = 1024;
/// Longest message, in bytes; a longer one is cut and ends in `…`.
pub const MESSAGE_BYTES_MAX: usize = 1024;

/// Most leaf columns, objects or lists of one plan.
pub const COLUMNS_MAX: usize = 8192;
/// Deepest nesting of a composed schema.
pub const SCHEMA_DEPTH_MAX: usize = 48;
/// Most nodes of one plan: each use of a type has its own.
pub const NODES_MAX: usize = 1 << 18;
/// Longest schema document, in bytes.
pub const SCHEMA_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Deepest nesting of directories in which schemas are looked for.
pub const DIRECTORY_DEPTH_MAX: usize = 16;
/// Most rules that hold for one value by way of one another (`$ref`, `allOf`, `anyOf`, …).
pub const IN_PLACE_DEPTH_MAX: usize = 128;
/// Most schemas that are checked one inside the other for one value of an event's tree.
pub const TREE_DEPTH_MAX: usize = 512;
/// Most steps (a rule checked on a value is one, on a long value more) that the rules which need
/// a tree may take for one event.
pub const TREE_STEPS_MAX: usize = 1 << 22;
/// Most properties, rules and schemas of one schema with all that it joins, as one list.
pub const FLAT_ENTRIES_MAX: usize = 4096;
/// Most of them in all such lists of the schemas that are read together.
pub const FLAT_MODEL_ENTRIES_MAX: usize = 1 << 20;
/// Most bytes of the JSON pointers to all schemas of one registry: each repeats the names above it.
pub const SCHEMA_POINTERS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most errors, and most warnings, that are reported of schemas; how many more there are is said.
pub const FAULTS_MAX: usize = 1000;
/// Most faults of schema files that a start or a reload tells; how many more there are is said.
pub const FAULTS_TOLD_MAX: usize = 100;
/// Most bytes of all compiled patterns of the schemas, as far as they are more than a bitmap.
pub const PATTERNS_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most edits between an unknown keyword and the one that is suggested.
pub const UNKNOWN_NAME_EDITS_MAX: usize = 2;

/// How much of what is wrong with one event is kept to be reported. The rest is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportLimits {
    /// Violations.
    pub violations_max: usize,
    /// Bytes of all violations.
    pub violations_bytes_max: usize,
    /// Notices; 0 where nobody asks for them.
    pub notices_max: usize,
    /// Bytes of all notices.
    pub notices_bytes_max: usize,
}

impl ReportLimits {
    /// For answers and tables, where many events' violations are held at once.
    pub const ANSWER: ReportLimits = ReportLimits {
        violations_max: VIOLATIONS_MAX,
        violations_bytes_max: VIOLATIONS_BYTES_MAX,
        notices_max: NOTICES_MAX,
        notices_bytes_max: NOTICES_BYTES_MAX,
    };
    /// For a program that writes each event's violations before it reads the next.
    pub const FILE: ReportLimits = ReportLimits {
        violations_max: FILE_VIOLATIONS_MAX,
        violations_bytes_max: FILE_VIOLATIONS_BYTES_MAX,
        notices_max: FILE_VIOLATIONS_MAX,
        notices_bytes_max: FILE_VIOLATIONS_BYTES_MAX,
    };
}

impl Default for ReportLimits {
    fn default() -> Self {
        Self::ANSWER
    }
}
