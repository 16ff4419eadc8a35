//! `frontdesk schema diff`: what a change of schemas does to writers and readers.

use std::path::Path;

use schemas::{Corpus, diff};

use super::{findings, no_schemas, revision, tell, tell_skipped};
use crate::args::SchemaDiffArgs;
use crate::failure::{Failure, warn};

/// Runs the command.
///
/// # Errors
/// Either side can't be read, or (exit code 1) there are findings that are denied.
pub(crate) fn run(args: &SchemaDiffArgs) -> Result<(), Failure> {
    let new = Corpus::read(&args.new).map_err(Failure::usage)?;
    let old = match Path::new(&args.old) {
        dir if dir.is_dir() => Corpus::read(dir).map_err(Failure::usage)?,
        _ => revision::read(&args.old, &args.new)?,
    };
    if [&old, &new].iter().all(|side| side.schemas().is_empty() && side.errors().next().is_none()) {
        return Err(no_schemas(&args.new));
    }
    if old.schemas().is_empty() {
        warn(format_args!("{} has no schema, so that all of {} are new", args.old, args.new.display()));
    }
    // What is wrong with the new ones is among the findings.
    tell(old.errors());
    [&old, &new].into_iter().for_each(tell_skipped);
    findings::tell("frontdesk schema diff", &diff(&old, &new), &args.new, args.format, args.deny)
}
