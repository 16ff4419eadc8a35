//! `frontdesk settings`: every setting in force, and where its value came from.

use std::io::Write;

use crate::failure::Failure;
use crate::settings::table::SETTINGS;
use crate::settings::{API_KEY_VARIABLE, CONFIG_VARIABLE, Effective, Origin, SMTP_PASSWORD_VARIABLE};
use crate::terminal;

/// Widest value that the origins' column makes room for; a longer one pushes its own line.
const VALUE_WIDTH_MAX: usize = 64;

/// Runs the command. `variables` are the names in the process's environment.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn run(effective: &Effective, variables: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut out = terminal::people();
    let shown: Vec<(&str, String, &Origin)> = effective
        .origins
        .iter()
        .map(|(setting, origin)| (setting.key, (setting.show)(&effective.settings), origin))
        .collect();
    let key_width = shown.iter().map(|(key, ..)| key.len()).max().unwrap_or(0);
    let value_width = shown.iter().map(|(_, value, _)| value.len()).filter(|len| *len <= VALUE_WIDTH_MAX).max();
    let value_width = value_width.unwrap_or(0);
    for (key, value, origin) in shown {
        writeln!(out, "{key:key_width$}  {value:value_width$}  {origin}")?;
    }
    // Other programs may own such names (Kubernetes makes FRONTDESK_SERVICE_HOST for a
    // service of our name), so an unknown variable is told, not refused.
    const NO_SETTINGS: [&str; 3] = [CONFIG_VARIABLE, API_KEY_VARIABLE, SMTP_PASSWORD_VARIABLE];
    for name in variables.filter(|name| name.starts_with("FRONTDESK_") && !NO_SETTINGS.contains(&name.as_str())) {
        if !SETTINGS.iter().any(|setting| setting.variable() == name) {
            writeln!(out, "note: the variable {name} is not a setting and is ignored")?;
        }
    }
    Ok(())
}
