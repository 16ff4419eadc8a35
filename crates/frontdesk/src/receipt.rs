//! What became of one event, as the server tells it and as the commands print it.

use std::io::{self, Write};

use report::visible;
use serde::Deserialize;
use xdm::Violation;

/// A receipt. An event can be stored and have rejected namesakes.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Receipt {
    /// The event's id.
    pub(crate) id: String,
    /// The stored event's own time, RFC 3339.
    pub(crate) time: Option<String>,
    /// When the stored event was received, RFC 3339.
    pub(crate) received_at: Option<String>,
    /// How often the stored event came again.
    #[serde(default)]
    pub(crate) duplicates: u64,
    /// What was sent under this id and rejected.
    #[serde(default)]
    pub(crate) rejects: Vec<Rejected>,
    /// How many more there are.
    #[serde(default)]
    pub(crate) rejects_more: u64,
}

/// A rejected event.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Rejected {
    /// Its name in `rejects`.
    pub(crate) reject_id: String,
    /// `invalid`, `conflict` or `duplicate`.
    pub(crate) kind: String,
    /// When it was received, RFC 3339.
    pub(crate) received_at: String,
    /// Every broken rule.
    pub(crate) violations: Vec<Violation>,
}

impl Receipt {
    /// Prints it for people.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", visible(&self.id))?;
        if let (Some(time), Some(received_at)) = (&self.time, &self.received_at) {
            writeln!(out, "  stored    happened {time}, received {received_at}")?;
            if self.duplicates > 0 {
                let times = if self.duplicates == 1 { "time" } else { "times" };
                writeln!(out, "  duplicate came again {} {times} with the same content", self.duplicates)?;
            }
        }
        for rejected in &self.rejects {
            writeln!(
                out,
                "  {:<9} received {}, reject id {}",
                rejected.kind, rejected.received_at, rejected.reject_id
            )?;
            for violation in &rejected.violations {
                writeln!(out, "    {}", visible(&violation.to_string()))?;
            }
        }
        if self.rejects_more > 0 {
            writeln!(out, "  and {} more under this id", self.rejects_more)?;
        }
        Ok(())
    }
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
        receipt.write(&mut out).unwrap();
        let expect = "a\n  \
            stored    happened 2026-11-22T09:00:00Z, received 2026-11-22T09:00:01Z\n  \
            duplicate came again 2 times with the same content\n  \
            invalid   received 2026-11-22T09:00:02Z, reject id r1\n    \
            /timestamp: is missing [required]\n";
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
