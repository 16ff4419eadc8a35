//! Documentation that is made from code: `docs/cli.md` here, `docs/settings.md` beside
//! the settings. A test compares each page with what the code says; it never differs
//! for long.
#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use crate::args;
use crate::failure::EXITS;

/// Compares a page with what the code says, or writes it when `UPDATE_DOCS` is set.
pub(crate) fn compare(page: &str, text: &str) {
    let path = Path::new("../..").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == text, "{page} is not what the code says; run: UPDATE_DOCS=1 cargo test -p frontdesk docs");
}

fn cli_markdown() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         <!-- Made from crates/frontdesk/src/args.rs; a test compares. `UPDATE_DOCS=1 cargo test -p frontdesk docs` writes it. -->\n\n\
         `frontdesk` alone is `frontdesk serve`. Every command takes the settings of [settings.md](settings.md) as flags.\n\
         While a server holds the data directory, the other commands ask it over loopback HTTP; otherwise they open the directory themselves.\n\n\
         Exit codes:\n\n| code | meaning |\n|---|---|\n| 0 | done |\n",
    );
    for (exit, meaning) in EXITS {
        let _ = writeln!(page, "| {} | {meaning} |", exit.code());
    }
    let mut command = args::command().term_width(100);
    command.build();
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set()) {
        section(&mut page, "frontdesk", sub);
    }
    page
}

/// A command's help, then those of the commands below it.
fn section(page: &mut String, above: &str, command: &mut clap::Command) {
    let name = format!("{above} {}", command.get_name());
    let _ = write!(page, "\n## `{name}`\n\n```text\n{}```\n", own_help(command));
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        section(page, &name, sub);
    }
}

/// The command's help without the settings that all commands share.
fn own_help(command: &mut clap::Command) -> String {
    let help = command.render_help().to_string();
    let cut = help.split(&format!("\n{}:", args::SETTINGS_HEADING)).next().unwrap_or_default();
    let lines: Vec<&str> = cut.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    compare("docs/cli.md", &cli_markdown());
}
