//! When keys were last used: a small file of the server's own.
//!
//! It is written rarely and holds no more keys than the key file. Nobody decides by it, so
//! one that is lost or damaged is as good as none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::DateTime;

use crate::app::access::token::is_id;
use crate::app::timestamp;

const USED_FILE: &str = "keys-used.json";
/// Longest file that is read; a thousand keys take a twentieth of it.
const USED_FILE_BYTES_MAX: u64 = 1 << 20;

/// Seconds since 1970 by the key's id.
pub(crate) type Used = BTreeMap<String, i64>;

pub(crate) fn read(directory: &Path) -> Used {
    let reading = || -> io::Result<BTreeMap<String, String>> {
        let mut text = String::new();
        File::open(directory.join(USED_FILE))?.take(USED_FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    };
    let times = reading().unwrap_or_default().into_iter();
    times
        .filter(|(id, _)| is_id(id))
        .filter_map(|(id, time)| Some((id, DateTime::parse_from_rfc3339(&time).ok()?.timestamp())))
        .collect()
}

/// Replaces the file in one step.
pub(crate) fn write(directory: &Path, used: &Used) -> io::Result<()> {
    let times: BTreeMap<&str, String> =
        used.iter().map(|(id, seconds)| (id.as_str(), timestamp::seconds(*seconds))).collect();
    let draft = directory.join(format!("{USED_FILE}.tmp"));
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(&times)?)?;
    // A name that leads to an empty file would lose all of them.
    file.sync_all()?;
    fs::rename(&draft, directory.join(USED_FILE))
}
