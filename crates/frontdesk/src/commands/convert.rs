//! `frontdesk convert`: events in the spelling of the schema or of the platform, a line each.

use std::io::{BufWriter, Write};

use schemas::Corpus;
use schemas::compose::{Bundling, Parts, compose};
use schemas::convert::{To, convert};
use serde_json::Value;

use super::schema::corpus_or_bundled;
use crate::args::{ConvertArgs, Spelling};
use crate::failure::Failure;
use crate::input::Input;
use crate::terminal;

/// `$id` of the schema that events are converted by when none is named. Nothing else knows it.
const OWN: &str = "urn:frontdesk:contact-event";

/// Runs the command.
///
/// # Errors
/// A schema or a file can't be read, or an event can't be converted without a loss.
pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let (corpus, id) = match &args.schema {
        Some(id) => (corpus_or_bundled(args.schemas.as_deref())?, id.as_str()),
        None if args.schemas.is_some() => {
            return Err(Failure::usage("--schemas needs --schema: the $id of the schema that the events have"));
        }
        None => (own()?, OWN),
    };
    let to = match args.to {
        Spelling::Platform => To::Platform,
        Spelling::Xdm => To::Xdm,
    };
    let mut out = BufWriter::new(terminal::data());
    for path in &args.files {
        let input = Input::named(path);
        let name = input.name();
        let mut reader = input.open()?;
        while let Some(batch) = reader.next_batch().map_err(|error| input.unreadable(&error))? {
            for (place, _, event) in batch.events() {
                let (intake::EventPosition::Line(number) | intake::EventPosition::Event(number)) = place;
                let wrong = |error: String| Failure::usage(format_args!("{name}:{number}: {error}"));
                let value: Value =
                    serde_json::from_slice(event).map_err(|error| wrong(format!("the event is not JSON: {error}")))?;
                let value = convert(&corpus, id, &value, to).map_err(|error| wrong(error.to_string()))?;
                writeln!(out, "{value}")?;
            }
        }
    }
    Ok(out.flush()?)
}

/// Frontdesk's own schemas, with the one that its events have as a document.
fn own() -> Result<Corpus, Failure> {
    let parts = xdm::Composition::contact_event();
    let parts = Parts { id: OWN, title: "Contact event", class: &parts.class, groups: &parts.groups };
    let schema = compose(&Corpus::bundled(), &parts, Bundling::References).map_err(Failure::usage)?;
    let text = schema.to_string();
    Ok(Corpus::of_texts([("contact-event.schema.json", text.as_str())].into_iter()))
}
