//! Where a command writes what people take along: standard output, or a file that is whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::terminal;

/// What is written is written here first, beside its place.
const PART: &str = ".part";

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text for programs.
    Text,
    /// Bytes, which are no text for a terminal.
    Binary,
}

/// Standard output or a file.
pub(crate) enum Output {
    Standard(Box<dyn Write>),
    File { file: BufWriter<File>, path: PathBuf, part: Option<PathBuf> },
}

impl Output {
    /// Standard output where no path is given, or `-`.
    ///
    /// # Errors
    /// The file can't be written, or bytes would go to a terminal.
    pub(crate) fn open(path: Option<&Path>, content: Content) -> Result<Output, Failure> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return match content {
                Content::Text => Ok(Output::Standard(Box::new(terminal::data()))),
                Content::Binary if io::stdout().is_terminal() => {
                    Err(Failure::usage("this form is no text, and standard output is a terminal")
                        .help("name a file with -o, or send it on with > or |"))
                }
                Content::Binary => Ok(Output::Standard(Box::new(io::stdout().lock()))),
            };
        };
        // A device or a pipe is written as it is; a file that is there is replaced when the new one is whole.
        let is_replaced = fs::metadata(path).map_or(true, |found| found.is_file());
        let part = is_replaced.then(|| {
            let mut name = path.as_os_str().to_owned();
            name.push(PART);
            PathBuf::from(name)
        });
        let written = part.as_deref().unwrap_or(path);
        let file = match is_replaced {
            true => File::create(written),
            false => File::options().write(true).open(written),
        };
        let file = file.map_err(|error| unwritable(written, &error))?;
        Ok(Output::File { file: BufWriter::new(file), path: path.to_owned(), part })
    }

    /// Puts the file in its place, once everything is written.
    ///
    /// # Errors
    /// The last of it can't be written.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        match &mut self {
            Output::Standard(out) => Ok(out.flush()?),
            Output::File { file, path, part } => {
                file.flush().map_err(|error| unwritable(path, &error))?;
                if let Some(part) = part.take() {
                    let placed = fs::rename(&part, &path);
                    placed.map_err(|error| {
                        let _ = fs::remove_file(&part);
                        unwritable(path, &error)
                    })?;
                }
                Ok(())
            }
        }
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// They can't be written; the message names the file.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Output::Standard(out) => Ok(out.write_all(bytes)?),
            Output::File { file, path, .. } => file.write_all(bytes).map_err(|error| unwritable(path, &error)),
        }
    }
}

impl Drop for Output {
    /// A part is nothing to keep.
    fn drop(&mut self) {
        if let Output::File { part: Some(part), .. } = self {
            let _ = fs::remove_file(part);
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::unavailable(format_args!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        let files = || fs::read_dir(dir.path()).unwrap().count();
        let write = |text: &str| {
            let mut output = Output::open(Some(&path), Content::Text).unwrap();
            output.put(text.as_bytes()).unwrap();
            output
        };
        drop(write("a part"));
        assert_eq!(files(), 0, "nothing stays of what was given up");
        write("whole").finish().unwrap();
        drop(write("a part"));
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), files()), ("whole", 1));
        write("anew").finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "anew");
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let mut output = Output::open(Some(Path::new("/dev/null")), Content::Binary).unwrap();
        output.put(b"x").unwrap();
        output.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let dir = tempfile::tempdir().unwrap();
        let refused = Output::open(Some(&dir.path().join("no/such/dir")), Content::Text).err().unwrap();
        assert!(refused.to_string().contains("cannot write"), "{refused}");
    }
}
