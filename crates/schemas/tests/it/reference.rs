//! Where the reference data stands; tests that need it skip aloud without it.

use std::path::{Path, PathBuf};

/// A path in the reference data, or `None` with a word about it.
#[expect(clippy::print_stderr, reason = "a skipped test says so aloud")]
pub(crate) fn reference(path: &str) -> Option<PathBuf> {
    let root = Path::new("../../../shared");
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: no reference data at {}", found.display());
    None
}
