//! `frontdesk schema docs`: schemas as documents, written into a directory.
//!
//! Files that are there are written over; others in the directory are left alone. A schema
//! that can't be read has no document, which is told, and the exit code is 2.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use schemas::Corpus;
use schemas::docs::{Layout, Page, pages};

use super::counted;
use crate::args::{DocsLayout, SchemaDocsArgs};
use crate::failure::{Exit, Failure};
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// A schema can't be read, or a document can't be written.
pub(crate) fn run(args: &SchemaDocsArgs) -> Result<(), Failure> {
    let mut corpus = match &args.dir {
        Some(dir) => super::corpus(dir)?,
        None => Corpus::bundled(),
    };
    if let Some(dir) = &args.descriptions {
        if !dir.is_dir() {
            return Err(Failure::usage(format_args!("--descriptions: {} is no directory", dir.display())));
        }
        corpus.describe(dir);
    }
    let layout = match args.layout {
        _ if args.html => Layout::Html,
        DocsLayout::Default => Layout::Plain,
        DocsLayout::Adobe => Layout::Adobe,
    };
    let pages = pages(&corpus, layout);
    for page in &pages {
        write(&args.out, page).map_err(|error| {
            Failure::new(
                Exit::Unavailable,
                format_args!("cannot write {}: {error}", args.out.join(&page.path).display()),
            )
        })?;
    }
    let (schemas, files) = (counted(corpus.schemas().len(), "schema"), counted(pages.len(), "file"));
    writeln!(terminal::people(), "{schemas} documented: {files} written to {}", args.out.display())?;
    super::outcome(&corpus)
}

fn write(out: &Path, page: &Page) -> io::Result<()> {
    let path = out.join(&page.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, &page.text)
}
