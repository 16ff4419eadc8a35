//! `frontdesk schema export`: a schema for editors, generators of code and compilers.

use schemas::export::{Names, json_schema_2020_12, typescript};

use super::{corpus_or_bundled, pretty, write_out};
use crate::args::{SchemaExportArgs, Spelling};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// No schema has the `$id`, or the file can't be written.
pub(crate) fn run(args: &SchemaExportArgs) -> Result<(), Failure> {
    let corpus = corpus_or_bundled(args.schemas.as_deref())?;
    let names = match args.names {
        Spelling::Platform => Names::Platform,
        Spelling::Xdm => Names::Schema,
    };
    let text = match args.typescript {
        true => typescript(&corpus, &args.id, names),
        false => json_schema_2020_12(&corpus, &args.id).map(|schema| pretty(&schema)),
    };
    let text = text.ok_or_else(|| {
        Failure::usage(format_args!("no schema has the $id {}", args.id))
            .help("name the directory that has it with --schemas; frontdesk schema docs lists them all")
    })?;
    write_out(&text, args.out.as_deref())?;
    super::outcome(&corpus)
}
