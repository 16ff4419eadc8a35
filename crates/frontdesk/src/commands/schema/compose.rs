//! `frontdesk schema compose`: a schema of a class and field groups.

use std::collections::BTreeSet;
use std::path::Path;

use schemas::Corpus;
use schemas::compose::{Bundling, Parts, compose};
use serde_json::Value;
use xdm::{FaultCode, Plans, SchemaError};

use super::{pretty, tell, tell_skipped, write_out};
use crate::args::SchemaComposeArgs;
use crate::failure::{Failure, warn};

/// Runs the command.
///
/// # Errors
/// A part isn't known or can't be read, or the schema can't be written.
pub(crate) fn run(args: &SchemaComposeArgs) -> Result<(), Failure> {
    if args.id.is_empty() || args.id.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
        return Err(Failure::usage(format_args!("{:?} is no $id", args.id))
            .help("an $id is a URI without a fragment, such as https://shop.example/events"));
    }
    let mut texts = Vec::new();
    let mut groups = Vec::new();
    for name in &args.with {
        match Path::new(name) {
            file if name.ends_with(".json") || file.is_file() => {
                let text = xdm::read_text(file).map_err(SchemaError::from).map_err(Failure::usage)?;
                let id = id_of(name, &text)?;
                texts.push((name.clone(), text));
                groups.push(id);
            }
            _ => groups.push(name.clone()),
        }
    }
    let mut unread = Vec::new();
    if let Some(dir) = &args.schemas {
        let read = super::read(dir)?;
        tell_skipped(&read);
        unread.extend(read.errors().filter(|fault| fault.code == FaultCode::Unreadable).cloned());
        for path in xdm::json_files(dir).map_err(SchemaError::from).map_err(Failure::usage)? {
            match xdm::read_text(&path) {
                Ok(text) => texts.push((path.display().to_string(), text)),
                Err(fault) if fault.code == FaultCode::Unreadable => {}
                Err(fault) => unread.push(fault),
            }
        }
        tell(unread.iter());
    }
    let corpus = Corpus::of_texts(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    corpus.errors().for_each(|error| warn(report::visible(&error.to_string())));
    let parts = Parts { id: &args.id, title: &args.title, class: &args.class, groups: &groups };
    let bundling = if args.references { Bundling::References } else { Bundling::Whole };
    let schema = compose(&corpus, &parts, bundling).map_err(Failure::usage)?;
    judge(&schema, &corpus, args);
    write_out(&pretty(&schema), args.out.as_deref())?;
    super::outcome_of(corpus.errors().count() + unread.len())
}

fn id_of(name: &str, text: &str) -> Result<String, Failure> {
    let value = xdm::read_json(text, name).map_err(Failure::usage)?;
    let id = value.get("$id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Failure::usage(format_args!("{name}: the schema has no \"$id\"; add one")))
}

/// Says why Frontdesk can't judge events by the schema, where it can't.
fn judge(schema: &Value, corpus: &Corpus, args: &SchemaComposeArgs) {
    let mut registry = corpus.registry().clone();
    // The parts inside are known by their own files already; the same text twice is one schema.
    let mut alone = schema.clone();
    if let Some(map) = alone.as_object_mut() {
        map.shift_remove("definitions");
    }
    let usable = registry
        .add(&alone.to_string())
        .and_then(|()| Plans::compile(&registry, &BTreeSet::from([args.id.as_str()])).map(drop));
    if let Err(error) = usable {
        warn(format_args!("no datastream can use this schema: {}", report::visible(&error.to_string())));
    }
}
