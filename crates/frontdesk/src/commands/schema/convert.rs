//! `frontdesk schema convert`: the names in schemas as the platform, or as the schema, has them.

use std::fs;
use std::path::Path;

use schemas::convert::{To, convert_schema};
use serde_json::Value;
use xdm::SchemaError;

use super::{pretty, write_out};
use crate::args::{SchemaConvertArgs, Spelling};
use crate::failure::Failure;

/// Runs the command.
///
/// # Errors
/// A schema can't be read or converted, or a file can't be written.
pub(crate) fn run(args: &SchemaConvertArgs) -> Result<(), Failure> {
    let to = match args.to {
        Spelling::Platform => To::Platform,
        Spelling::Xdm => To::Xdm,
    };
    let spelled = |schema: &Value, name: &str| match convert_schema(schema, to) {
        Ok(schema) => Ok(pretty(&schema)),
        Err(error) => Err(Failure::usage(format_args!("{name}#{error}"))),
    };
    if !args.path.is_dir() {
        let name = args.path.display().to_string();
        let text = xdm::read_text(&args.path).map_err(SchemaError::from).map_err(Failure::usage)?;
        let schema = xdm::read_json(&text, &name).map_err(Failure::usage)?;
        return write_out(&spelled(&schema, &name)?, args.out.as_deref());
    }
    let Some(out) = &args.out else {
        return Err(Failure::usage(
            "the schemas of a directory need a directory to be written into; name it with --out",
        ));
    };
    let corpus = super::corpus(&args.path)?;
    for schema in corpus.schemas() {
        let path = out.join(schema.path());
        let parent = path.parent().unwrap_or(Path::new(""));
        let cannot = |error| Failure::unavailable(format_args!("cannot make {}: {error}", parent.display()));
        fs::create_dir_all(parent).map_err(cannot)?;
        write_out(&spelled(schema.root(), schema.path())?, Some(&path))?;
    }
    super::outcome(&corpus)
}
