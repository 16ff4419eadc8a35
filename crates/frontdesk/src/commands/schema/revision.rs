//! Schemas as they were in a revision of git, which is asked; its files are read, nothing is
//! checked out.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use report::visible;
use schemas::Corpus;
use xdm::limits::SCHEMA_BYTES_MAX;

use crate::failure::{Failure, warn};

/// Most schema files of a revision.
const FILES_MAX: usize = 100_000;

/// Reads the schemas of a revision, as far as they are below this directory.
///
/// # Errors
/// There is no git, no such revision, or it has too much in it.
pub(super) fn read(revision: &str, dir: &Path) -> Result<Corpus, Failure> {
    if revision.starts_with('-') || revision.is_empty() {
        return Err(Failure::usage(format_args!("{revision:?} is neither a directory nor a git revision")));
    }
    let paths = paths(revision, dir)?;
    if paths.len() > FILES_MAX {
        return Err(Failure::usage(format_args!(
            "{revision} has more than {FILES_MAX} JSON files below {}",
            dir.display()
        )));
    }
    let mut child = git(dir, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| unstartable(&error))?;
    let texts = texts(&mut child, revision, &paths);
    // It ends by itself when its input does; after a failure nobody waits for its output.
    let _ = child.kill();
    let _ = child.wait();
    let texts =
        texts.map_err(|error| Failure::unavailable(format_args!("cannot read {revision} from git: {error}")))?;
    Ok(Corpus::of_texts(texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
}

fn git(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(arguments);
    command
}

fn unstartable(error: &io::Error) -> Failure {
    Failure::unavailable(format_args!("cannot run git: {error}")).help("install git, or name a directory as OLD")
}

/// The JSON files of a revision below a directory.
fn paths(revision: &str, dir: &Path) -> Result<Vec<String>, Failure> {
    let listed = git(dir, &["ls-tree", "-r", "-z", "--name-only", revision]);
    let listed = { listed }.output().map_err(|error| unstartable(&error))?;
    if !listed.status.success() {
        let told = String::from_utf8_lossy(&listed.stderr).trim().to_owned();
        return Err(Failure::usage(format_args!(
            "{revision} is neither a directory nor a git revision of {}: {told}",
            dir.display()
        )));
    }
    let mut paths = Vec::new();
    for name in listed.stdout.split(|byte| *byte == 0).filter(|name| name.ends_with(b".json")) {
        match std::str::from_utf8(name) {
            // A name with a line feed would be two requests.
            Ok(name) if !name.contains('\n') => paths.push(name.to_owned()),
            _ => {
                let name = String::from_utf8_lossy(name);
                warn(format_args!(
                    "{} in {revision} has a name that can't be asked for and is left out",
                    visible(&name)
                ));
            }
        }
    }
    Ok(paths)
}

/// Asks for each file and reads the answers, at the same time: both are pipes, which hold little.
fn texts(child: &mut Child, revision: &str, paths: &[String]) -> io::Result<Vec<(String, String)>> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("no pipes"));
    };
    let requests: String = paths.iter().map(|path| format!("{revision}:./{path}\n")).collect();
    let asking = thread::spawn(move || input.write_all(requests.as_bytes()));
    let mut output = BufReader::new(output);
    let mut texts = Vec::with_capacity(paths.len());
    for path in paths {
        let mut head = String::new();
        output.read_line(&mut head)?;
        let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| io::Error::other(format!("{path}: {}", head.trim_end())))?;
        let mut bytes = Vec::new();
        if size > SCHEMA_BYTES_MAX as u64 {
            let path = visible(path);
            warn(format_args!("{path} has more than {SCHEMA_BYTES_MAX} bytes in {revision} and is left out"));
            io::copy(&mut output.by_ref().take(size), &mut io::sink())?;
        } else {
            output.by_ref().take(size).read_to_end(&mut bytes)?;
            match String::from_utf8(bytes) {
                Ok(text) => texts.push((path.clone(), text)),
                Err(_) => warn(format_args!("{} is not UTF-8 in {revision} and is left out", visible(path))),
            }
        }
        output.read_line(&mut String::new())?;
    }
    asking.join().map_err(|_| io::Error::other("the requests were not written"))??;
    Ok(texts)
}
