//! `schema …`: what is done with schemas, no matter what is stored.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

/// `schema …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check the examples beside schemas: each .example. file by the schema it is named after, which each .invalid. file must break
    Test(SchemaTestArgs),
    /// Write schemas as documents: Markdown, Markdown as Adobe publishes it, or a site with search
    Docs(SchemaDocsArgs),
    /// Find what is legal in schemas and probably not meant
    Lint(SchemaLintArgs),
    /// Say what a change of schemas does to those who write events and to those who read them
    Diff(SchemaDiffArgs),
    /// Say how many stored events a changed schema would reject, by which rules, and how many rejects it would accept
    Impact(SchemaImpactArgs),
    /// Compose a schema of a class and field groups
    Compose(SchemaComposeArgs),
    /// Write a schema for other tools
    Export(SchemaExportArgs),
    /// Spell the names in schemas as the platform has them, or as the schema has them
    Convert(SchemaConvertArgs),
    /// Draft a field group from what arrives undeclared
    Infer(SchemaInferArgs),
    /// Have the running server read its settings' schemas anew, as SIGHUP does; what has changed is told, or why nothing has
    Reload(SchemaReloadArgs),
}

/// `schema test`.
#[derive(Args, Debug)]
pub(crate) struct SchemaTestArgs {
    /// Directory with the schemas (x.schema.json) and their examples (x.example.1.json, x.invalid.1.json), at any depth
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = ExamplesFormat::Human)]
    pub(crate) format: ExamplesFormat,
}

/// How `schema test` writes its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExamplesFormat {
    /// A line for each thing that is wrong
    Human,
    /// One JSON object with every example
    Json,
    /// JUnit's XML, for test reports
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// `schema docs`.
#[derive(Args, Debug)]
pub(crate) struct SchemaDocsArgs {
    /// Directory with the schemas; those that come with Frontdesk when not given
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Directory that the documents are written into; it is made if it isn't there
    #[arg(long, short, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// How a document is laid out
    #[arg(long, value_enum, default_value_t = DocsLayout::Default)]
    pub(crate) layout: DocsLayout,
    /// Pages for a browser, with search; open index.html
    #[arg(long, conflicts_with = "layout")]
    pub(crate) html: bool,
    /// Directory with longer descriptions (x.description.md at the place of x.schema.json), beside those in DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) descriptions: Option<PathBuf>,
}

/// How `schema docs` lays a document out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocsLayout {
    /// Every type linked, every inherited property listed, objects written out
    Default,
    /// As Adobe publishes it, byte for byte
    Adobe,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    /// A line for each
    Human,
    /// One JSON object
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, which code hosts show beside a change
    Sarif,
}

/// From which level on findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// What breaks something
    Error,
    /// What is probably not meant, too
    Warning,
    /// Anything
    Note,
    /// Nothing
    Never,
}

/// `schema lint`.
#[derive(Args, Debug)]
pub(crate) struct SchemaLintArgs {
    /// Directory with the schemas
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = FindingsFormat::Human)]
    pub(crate) format: FindingsFormat,
    /// From which level on findings make the exit code 1
    #[arg(long, value_enum, default_value_t = Deny::Error, value_name = "LEVEL")]
    pub(crate) deny: Deny,
    /// Leave out notes: titles and descriptions that are missing, and the like
    #[arg(long)]
    pub(crate) no_notes: bool,
    /// First correct what can be corrected without changing what a schema means: labels of enum, keywords in the wrong case
    #[arg(long)]
    pub(crate) fix: bool,
}

/// `schema diff`.
#[derive(Args, Debug)]
pub(crate) struct SchemaDiffArgs {
    /// Directory with the schemas as they were, or a git revision of NEW
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// Directory with the schemas as they are
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = FindingsFormat::Human)]
    pub(crate) format: FindingsFormat,
    /// From which level on findings make the exit code 1: error is what breaks writers of events, warning also what readers may not expect
    #[arg(long, value_enum, default_value_t = Deny::Error, value_name = "LEVEL")]
    pub(crate) deny: Deny,
}

/// `schema impact`.
#[derive(Args, Debug)]
pub(crate) struct SchemaImpactArgs {
    /// The changed schema: a file; a directory with all that the settings name; or the $id of a schema that is known
    #[arg(value_name = "NEW")]
    pub(crate) new: String,
    /// Events from this time on: 30d, 12h, 6m, 1y, 2026-11-01, 2026-11-01T08:00:00Z; rejects by when they were received
    #[arg(long, default_value = "30d", value_name = "TIME")]
    pub(crate) since: String,
    /// Events before this time; now when not given
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Directory with schemas that NEW refers to, beside those of the settings and those that come with Frontdesk
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// Only events of this datastream
    #[arg(long, value_name = "NAME")]
    pub(crate) datastream: Option<String>,
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
}

/// `schema reload`.
#[derive(Args, Debug)]
pub(crate) struct SchemaReloadArgs {
    /// How the outcome is written
    #[arg(long, value_enum, default_value_t = TextOrJson::Text)]
    pub(crate) format: TextOrJson,
}

/// How `schema impact` and `schema reload` write their outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// `schema compose`.
#[derive(Args, Debug)]
pub(crate) struct SchemaComposeArgs {
    /// The class: its $id, or what that ends with
    #[arg(long, value_name = "NAME", default_value = "experienceevent")]
    pub(crate) class: String,
    /// A field group: its $id, what that ends with (with or without experienceevent-), or a file; again for more
    #[arg(long, value_name = "NAME")]
    pub(crate) with: Vec<String>,
    /// $id of the new schema
    #[arg(long, value_name = "URI", default_value = "https://ns.example.com/schemas/events")]
    pub(crate) id: String,
    /// Title of the new schema
    #[arg(long, value_name = "TEXT", default_value = "Events")]
    pub(crate) title: String,
    /// Directory with the schemas, beside those that come with Frontdesk
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// Refer to the parts that don't come with Frontdesk instead of having them inside
    #[arg(long)]
    pub(crate) references: bool,
    /// File to write; standard output when not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `schema export`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("form").required(true))]
pub(crate) struct SchemaExportArgs {
    /// $id of the schema
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// One document of JSON Schema with all that it refers to, for editors and generators of code
    #[arg(long, value_enum, value_name = "DRAFT", group = "form")]
    pub(crate) json_schema: Option<JsonSchemaDraft>,
    /// Types for TypeScript, so that code is checked before it sends
    #[arg(long, group = "form")]
    pub(crate) typescript: bool,
    /// Names of the types' members: as the Web SDK sends them, or as the schema has them
    #[arg(long, value_enum, default_value_t = Spelling::Platform)]
    pub(crate) names: Spelling,
    /// Directory with the schemas; those that come with Frontdesk when not given
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// File to write; standard output when not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A draft of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum JsonSchemaDraft {
    /// The current one
    #[value(name = "2020-12")]
    Draft202012,
}

/// How names are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spelling {
    /// chatStart, and a namespace as a nested object
    Platform,
    /// xdm:chatStart
    Xdm,
}

/// `schema convert`.
#[derive(Args, Debug)]
pub(crate) struct SchemaConvertArgs {
    /// A schema, or a directory with schemas
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// The spelling to write
    #[arg(long, value_enum)]
    pub(crate) to: Spelling,
    /// File to write, or directory for the schemas of a directory; a schema goes to standard output when not given
    #[arg(long, short, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
}

/// `schema infer`.
#[derive(Args, Debug)]
pub(crate) struct SchemaInferArgs {
    /// Files of events: one a line, a JSON array, or spread over lines; plain, gzip or zstd; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the field group: the end of its $id, and its title
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// $id of the field group
    #[arg(long, value_name = "URI")]
    pub(crate) id: Option<String>,
    /// Datastream whose schema says what is declared
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub(crate) datastream: String,
    /// File to write; standard output when not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `convert`.
#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    /// Files of events: one a line, a JSON array, or spread over lines; plain, gzip or zstd; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The spelling to write
    #[arg(long, value_enum)]
    pub(crate) to: Spelling,
    /// $id of the schema that says what is declared; Frontdesk's own when not given
    #[arg(long, value_name = "ID")]
    pub(crate) schema: Option<String>,
    /// Directory with the schemas, beside those that come with Frontdesk
    #[arg(long, value_name = "DIR")]
    pub(crate) schemas: Option<PathBuf>,
}
