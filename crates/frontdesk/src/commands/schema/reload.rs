//! `frontdesk schema reload`: the running server reads its schemas anew, for those who can't send it a signal.

use std::io::Write;

use report::visible;
use server::{SchemaWarning, SchemasRead};

use super::counted;
use crate::args::{SchemaReloadArgs, TextOrJson};
use crate::data_dir::{self, Claim};
use crate::failure::{Exit, Failure};
use crate::remote::Remote;
use crate::settings::Settings;
use crate::terminal;

/// Runs the command.
///
/// # Errors
/// No server runs on this data directory, or it refuses the schemas (exit code 2) and judges by the old ones.
pub(crate) async fn run(args: &SchemaReloadArgs, settings: &Settings) -> Result<(), Failure> {
    let nobody = || {
        Failure::unavailable(format_args!("no server is running on {}", settings.data.display()))
            .help("a server reads the schemas when it starts; name its directory with --data if one is running")
    };
    let remote = match data_dir::claim(&settings.data)? {
        Claim::Ours(_) => return Err(nobody()),
        Claim::Theirs(holder) => Remote::of(&holder, &settings.data)?.ok_or_else(nobody)?,
    };
    let read = remote.reload_schemas().await?;
    match args.format {
        TextOrJson::Json => {
            let text = serde_json::to_string_pretty(&read)
                .map_err(|error| Failure::new(Exit::Damaged, format_args!("the answer can't be written: {error}")))?;
            writeln!(terminal::data(), "{text}")?;
        }
        TextOrJson::Text => terminal::people().write_all(told(&read).as_bytes())?,
    }
    Ok(())
}

fn told(read: &SchemasRead) -> String {
    let SchemasRead { changed, schemas, columns, warnings } = read;
    let place = |warning: &SchemaWarning| match warning.pointer.is_empty() {
        true => warning.file.clone(),
        false => format!("{}#{}", warning.file, warning.pointer),
    };
    let warnings: String = warnings
        .iter()
        .map(|warning| visible(&format!("warning: {}: {}", place(warning), warning.message)).into_owned() + "\n")
        .collect();
    if !changed {
        return warnings + "the schemas were read anew and have not changed\n";
    }
    let mut text = warnings + "the schemas were read anew and are in force\n";
    for (what, names) in [
        ("schema added", &schemas.added),
        ("schema changed", &schemas.changed),
        ("schema removed", &schemas.removed),
        ("column added", &columns.added),
        ("column retired", &columns.retired),
    ] {
        names.iter().for_each(|name| text += &format!("  {what}: {}\n", visible(name)));
    }
    let (added, retired) = (counted(columns.added.len(), "column"), counted(columns.retired.len(), "column"));
    text + &format!("{added} added, which are null in older rows; {retired} retired, which stay\n")
}

#[cfg(test)]
mod tests {
    use server::{ColumnsChanged, SchemasChanged};

    use super::*;

    #[test]
    fn what_has_changed_is_told_a_line_each() {
        let id = |name: &str| vec![format!("https://shop.example/{name}")];
        let read = SchemasRead {
            changed: true,
            schemas: SchemasChanged { added: id("a"), changed: id("c"), removed: id("r") },
            columns: ColumnsChanged { added: vec!["_shop.points".to_owned()], retired: Vec::new() },
            warnings: Vec::new(),
        };
        let expect = "the schemas were read anew and are in force\n  schema added: https://shop.example/a\n  \
                      schema changed: https://shop.example/c\n  schema removed: https://shop.example/r\n  column added: _shop.points\n\
                      1 column added, which are null in older rows; 0 columns retired, which stay\n";
        assert_eq!(told(&read), expect);
        assert_eq!(told(&SchemasRead::default()), "the schemas were read anew and have not changed\n");
        let warning = |file: &str, pointer: &str| SchemaWarning {
            file: file.to_owned(),
            pointer: pointer.to_owned(),
            message: "is odd".to_owned(),
        };
        let warnings = vec![warning("a.json", ""), warning("b.json", "/type")];
        assert_eq!(
            told(&SchemasRead { warnings, ..SchemasRead::default() }),
            "warning: a.json: is odd\nwarning: b.json#/type: is odd\nthe schemas were read anew and have not changed\n"
        );
    }
}
