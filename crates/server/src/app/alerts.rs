//! The alerts as they stand: the wire form, written by the server and read by commands.

use report::AlertReading;
use serde::{Deserialize, Serialize};

/// All alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alerts {
    /// By name.
    pub alerts: Vec<Alert>,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its name in the settings.
    pub name: String,
    /// When it was read, RFC 3339 in UTC.
    pub read_at: String,
    /// Since when it is raised; `None` while it isn't.
    pub raised_since: Option<String>,
    /// Why it couldn't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The numbers.
    #[serde(flatten)]
    pub reading: Option<AlertReading>,
}
