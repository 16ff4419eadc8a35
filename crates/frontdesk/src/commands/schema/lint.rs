//! `frontdesk schema lint`: what is legal in schemas and probably not meant.

use schemas::Level;
use schemas::lint::{Fixed, fix, lint};

use super::{counted, findings};
use crate::args::SchemaLintArgs;
use crate::failure::{Failure, warn};

/// Runs the command.
///
/// # Errors
/// The directory can't be read or written, or (exit code 1) there are findings that are denied.
pub(crate) fn run(args: &SchemaLintArgs) -> Result<(), Failure> {
    let mut corpus = super::read(&args.dir)?;
    if args.fix {
        let outcomes = fix(&corpus, &args.dir)
            .map_err(|error| Failure::unavailable(format_args!("cannot correct {}: {error}", args.dir.display())))?;
        for (file, outcome) in outcomes {
            match outcome {
                Fixed::Places(count) => warn(format_args!("{file}: corrected in {}", counted(count, "place"))),
                Fixed::OtherFormat => warn(format_args!(
                    "{file}: not corrected, since every line would change; format it with two blanks a level first"
                )),
            }
        }
        corpus = super::read(&args.dir)?;
    }
    let mut found = lint(&corpus);
    found.retain(|finding| !args.no_notes || finding.level != Level::Note);
    findings::tell("frontdesk schema lint", &found, &args.dir, args.format, args.deny)
}
