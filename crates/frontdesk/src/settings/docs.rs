//! `docs/settings.md`, made from the table of settings.

use std::fmt::Write as _;

use super::table::SETTINGS;
use super::{CONFIG_FILE, CONFIG_VARIABLE, Settings};

/// The whole page.
pub(crate) fn markdown() -> String {
    let mut page = format!(
        "# Settings\n\n\
         <!-- Made from crates/frontdesk/src/settings/table.rs; a test compares. `UPDATE_DOCS=1 cargo test -p frontdesk docs` writes it. -->\n\n\
         A setting is read from its flag, else from its environment variable, else from the settings file, else it has its default.\n\
         The file is TOML: the one that `--config FILE` or `{CONFIG_VARIABLE}` names, else `{CONFIG_FILE}` in the working directory if it is there. A key that is not in this list is an error.\n\
         The flag of `commit_after` is `--commit-after`, its variable `FRONTDESK_COMMIT_AFTER`; all others follow.\n\
         `frontdesk settings` prints the values in force and where each came from.\n\n\
         Bytes are written as `65536`, `512KiB`, `64MiB` or `4GiB`; times as `100ms`, `5s`, `2m` or `1h`.\n\n\
         | key | value | default | meaning |\n|---|---|---|---|\n"
    );
    let defaults = Settings::default();
    for setting in SETTINGS {
        let shown = (setting.show)(&defaults);
        let default = if shown.is_empty() { String::new() } else { format!("`{shown}`") };
        let form = (setting.form)().replace('|', " or ");
        let _ = writeln!(page, "| `{}` | {form} | {default} | {} |", setting.key, setting.doc);
    }
    page.push_str("\nAn example:\n\n```toml\n");
    page.push_str("data = \"/var/lib/frontdesk\"\n# Others than this machine can ask now: all but collecting takes a key (docs/keys.md).\n");
    page.push_str("listen = \"0.0.0.0:8080\"\ncommit_after = \"2s\"\n\n[inlets]\nstorefront = \"web\"\n```\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        crate::docs::compare("docs/settings.md", &markdown());
    }
}
