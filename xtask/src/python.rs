//! Python environments for the peers of benchmarks and for other engines that read our files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{answers, install, tool};

/// The Python of an environment in `directory` that has what `requirements` names, as pip's
/// files of that name do. What is there already is kept.
pub(crate) fn environment(directory: &Path, requirements: &str) -> Result<PathBuf, String> {
    let python = directory.join("bin/python3");
    let installed = directory.join("installed.txt");
    let is_there = fs::read_to_string(&installed).is_ok_and(|before| before == requirements);
    // A newer Python of the system doesn't find what was installed for the one before.
    if is_there && answers(&python.to_string_lossy(), &["-m", "pip", "--version"]) {
        return Ok(python);
    }
    if !answers("python3", &["-c", "import ensurepip, venv"]) {
        let help = "help: install Python 3 with its module venv with your package manager";
        install(&["python3-venv"]).map_err(|error| format!("{error}\n{help}"))?;
    }
    tool(Command::new("python3").args(["-m", "venv", "--clear"]).arg(directory))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    tool(pip.args(requirements.split_whitespace()))?;
    fs::write(&installed, requirements).map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(python)
}
