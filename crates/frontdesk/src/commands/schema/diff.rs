//! `frontdesk schema diff`: what a change of schemas does to writers and readers.

use std::path::Path;

use schemas::{Corpus, diff};

use super::{findings, revision, tell, tell_skipped};
use crate::args::SchemaDiffArgs;
use crate::failure::Failure;

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
    // What is wrong with the new ones is among the findings.
    tell(old.errors());
    [&old, &new].into_iter().for_each(tell_skipped);
    findings::tell("frontdesk schema diff", &diff(&old, &new), &args.new, args.format, args.deny)
}
