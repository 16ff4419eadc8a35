//! What became of one event, as commands print it.

use std::io::{self, Write};

use report::visible;
use server::{Receipt, StoredEvent};

/// Prints a receipt for people.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(receipt: &Receipt, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", visible(&receipt.id))?;
    if let Some(StoredEvent { time, received_at, duplicates }) = &receipt.stored {
        writeln!(out, "  stored    happened {time}, received {received_at}")?;
        if *duplicates > 0 {
            let times = if *duplicates == 1 { "time" } else { "times" };
            writeln!(out, "  duplicate came again {duplicates} {times} with the same content")?;
        }
    }
    for rejected in &receipt.rejects {
        writeln!(out, "  {:<9} received {}, reject id {}", rejected.kind, rejected.received_at, rejected.reject_id)?;
        for violation in &rejected.violations {
            writeln!(out, "    {}", visible(&violation.to_string()))?;
        }
    }
    if receipt.rejects_more > 0 {
        writeln!(out, "  and {} more under this id", receipt.rejects_more)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_every_part() {
        let json = r#"{"status":"stored","id":"a","time":"2026-11-22T09:00:00Z","received_at":"2026-11-22T09:00:01Z",
            "duplicates":2,"rejects":[{"reject_id":"r1","kind":"invalid","received_at":"2026-11-22T09:00:02Z",
            "violations":[{"pointer":"/timestamp","schema":"s","keyword":"required","message":"is missing"}]}]}"#;
        let receipt: Receipt = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        write(&receipt, &mut out).unwrap();
        let expect = "a\n  \
            stored    happened 2026-11-22T09:00:00Z, received 2026-11-22T09:00:01Z\n  \
            duplicate came again 2 times with the same content\n  \
            invalid   received 2026-11-22T09:00:02Z, reject id r1\n    \
            /timestamp: is missing [required]\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
