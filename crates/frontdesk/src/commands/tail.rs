//! `frontdesk tail`: what arrives at the running server, live, with its verdict.
//!
//! For people who work on their tagging: an event a line as it is answered, and below it
//! every rule that it breaks and whatever else was noticed.

use std::io::{self, Write};

use report::visible;
use serde::Deserialize;
use xdm::{Notice, Violation};

use crate::args::{TailArgs, TailFormat};
use crate::data_dir::{self, Claim};
use crate::failure::Failure;
use crate::remote::Remote;
use crate::settings::Settings;
use crate::terminal;

/// One line of the server's stream, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    verdict: String,
    id: String,
    datastream: String,
    received_at: String,
    event_type: Option<String>,
    test_id: Option<String>,
    derived: Vec<String>,
    violations: Vec<Violation>,
    notices: Vec<Notice>,
    event: Option<serde_json::Value>,
    /// Events that came too fast to be told.
    missed: Option<u64>,
}

/// Runs the command until it is interrupted or the server stops.
///
/// # Errors
/// No server runs on this data directory, or it can't be reached.
pub(crate) async fn run(args: &TailArgs, settings: &Settings) -> Result<(), Failure> {
    let nobody = || {
        Failure::unavailable(format_args!("no server is running on {}", settings.data.display()))
            .help("start one with `frontdesk serve`, or name its directory with --data")
    };
    let remote = match data_dir::claim(&settings.data)? {
        Claim::Ours(_) => return Err(nobody()),
        Claim::Theirs(holder) => Remote::of(&holder, &settings.data)?.ok_or_else(nobody)?,
    };
    let mut stream = remote.tail().await?;
    let mut rest = Vec::new();
    while let Some(part) = stream.next().await? {
        rest.extend_from_slice(&part);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let mut out = match args.format {
            TailFormat::Json => terminal::data(),
            TailFormat::Human => terminal::people(),
        };
        for line in rest[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match args.format {
                TailFormat::Json => out.write_all(&[line, b"\n"].concat())?,
                TailFormat::Human => show(&mut out, line, args.test.as_deref())?,
            }
        }
        out.flush()?;
        drop(rest.drain(..=end));
    }
    Ok(())
}

fn show(out: &mut dyn Write, line: &[u8], test_id: Option<&str>) -> io::Result<()> {
    // A newer server may say more; what can't be read is shown as it came.
    let Ok(told) = serde_json::from_slice::<Told>(line) else {
        return writeln!(out, "{}", visible(&String::from_utf8_lossy(line)));
    };
    if let Some(missed) = told.missed {
        return writeln!(out, "… {missed} events came too fast to be shown");
    }
    if test_id.is_some() && told.test_id.as_deref() != test_id {
        return Ok(());
    }
    let time = told.received_at.get(11..19).unwrap_or(&told.received_at);
    let what = summary(&told);
    let Told { verdict, datastream, id, .. } = &told;
    let event_type = told.event_type.as_deref().unwrap_or("-");
    let gap = if what.is_empty() { "" } else { " " };
    let line = format!("{time} {verdict:<8} {datastream} {event_type} {what}{gap}{id}");
    // As a whole, so that no name adds a line.
    writeln!(out, "{}", visible(&line))?;
    for violation in &told.violations {
        let place = if violation.pointer.is_empty() { "(event)" } else { &violation.pointer };
        let line = format!("{place}: {} [{}]", violation.message, violation.keyword);
        writeln!(out, "         {}", visible(&line))?;
    }
    for notice in &told.notices {
        let place = if notice.pointer.is_empty() { "(event)" } else { &notice.pointer };
        writeln!(out, "         note: {place}: {} [{}]", notice.message, notice.code)?;
    }
    Ok(())
}

/// The contact request in an event: its counts, and what was concluded.
fn summary(told: &Told) -> String {
    let event = told.event.as_ref();
    let feedback = event.and_then(|event| event.get("customerFeedback").or_else(|| event.get("xdm:customerFeedback")));
    let members = feedback.and_then(|feedback| feedback.as_object()).into_iter().flatten();
    let mut parts: Vec<String> = members
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("xdm:").unwrap_or(name);
            match value.as_i64() {
                Some(count) => Some(format!("{name}={count}")),
                None if value.is_object() => Some(name.to_owned()),
                None => None,
            }
        })
        .collect();
    parts.extend(told.derived.iter().map(|name| format!("{name}=1 (derived)")));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_arrived() {
        let check = |line: &str, test_id: Option<&str>, expect: &str| {
            let mut out = Vec::new();
            show(&mut out, line.as_bytes(), test_id).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expect, "{line}");
        };
        let accepted = r#"{"verdict":"accepted","id":"e-1","datastream":"web","receivedAt":"2026-11-22T14:07:16.5Z","eventType":"x","testId":"t",
            "derived":["clickToCall"],"event":{"customerFeedback":{"chatStart":1,"subject":"s","callBackNumber":{"number":"***"}}}}"#;
        let shown = "14:07:16 accepted web x chatStart=1 callBackNumber clickToCall=1 (derived) e-1\n";
        check(accepted, None, shown);
        check(accepted, Some("t"), shown);
        check(accepted, Some("other"), "");
        let rejected = r#"{"verdict":"rejected","datastream":"web","receivedAt":"2026-11-22T14:07:16Z","derived":[],
            "violations":[{"pointer":"/a","schema":"s","keyword":"type","message":"m"},{"pointer":"","schema":"s","keyword":"required","message":"n"}]}"#;
        check(rejected, None, "14:07:16 rejected web - \n         /a: m [type]\n         (event): n [required]\n");
        let noticed = r#"{"verdict":"accepted","id":"e","datastream":"web","receivedAt":"2026-11-22T14:07:16Z",
            "notices":[{"pointer":"","code":"orgMismatch","message":"m"},{"pointer":"/a","code":"c","message":"n"}]}"#;
        check(
            noticed,
            None,
            "14:07:16 accepted web - e\n         note: (event): m [orgMismatch]\n         note: /a: n [c]\n",
        );
        check(r#"{"missed":7}"#, Some("t"), "… 7 events came too fast to be shown\n");
        check("not JSON", None, "not JSON\n");
        let steering = r#"{"verdict":"accepted","id":"a\u001b[2J\nfake","datastream":"web","receivedAt":"2026-11-22T14:07:16Z","eventType":"\u202ex","derived":[]}"#;
        check(steering, None, "14:07:16 accepted web \\u202ex a\\u001b[2J\\u000afake\n");
    }
}
