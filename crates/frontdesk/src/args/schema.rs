//! `schema …`: what is done with schemas, no matter what is stored.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `schema …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Check the examples beside schemas: each .example. file by the schema it is named after, which each .invalid. file must break
    Test(SchemaTestArgs),
    /// Write schemas as documents: Markdown, Markdown as Adobe publishes it, or a site with search
    Docs(SchemaDocsArgs),
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
