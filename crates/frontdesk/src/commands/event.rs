//! `frontdesk event ID`: what became of an event.

use crate::access::Access;
use crate::args::EventArgs;
use crate::failure::{Exit, Failure};
use crate::receipt;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// The id is unknown (exit code 1), or the data can't be reached.
pub(crate) async fn run(args: &EventArgs, settings: &Settings) -> Result<(), Failure> {
    let receipt = Access::with(settings, async |access| access.receipt(&args.id).await).await?;
    match receipt {
        Some(receipt) => Ok(receipt::write(&receipt, &mut terminal::people())?),
        None => Err(Failure::new(Exit::No, "no event with this id was taken in")
            .help("an id is the event's _id, or the one in the answer to its request")),
    }
}
