//! Rows marked deleted, as another program marks them: by a deletion vector, which our own commits never
//! have.
//!
//! Written by hand after Delta's protocol ("Deletion Vector Format"), so that it shares no code with what
//! reads it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Where the marks stand.
#[derive(Clone, Copy, Debug)]
pub enum Marks {
    /// In the log.
    Inline,
    /// In a file beside the data files.
    File,
}

/// The name of the file of marks: that of the UUID of sixteen bytes `*`.
pub const MARKS_FILE: &str = "deletion_vector_2a2a2a2a-2a2a-2a2a-2a2a-2a2a2a2a2a2a.bin";

/// Adds a version to the table in this directory, in which rows of a data file are deleted: the file that
/// was added last with this in its path, and its rows by their places, ascending.
///
/// # Panics
/// There is no such file.
pub fn mark_deleted(table: &Path, data_file: &str, rows: &[u16], marks: Marks) {
    let log = table.join("_delta_log");
    let entry = |version: usize| log.join(format!("{version:020}.json"));
    let texts: Vec<String> = (0..).map_while(|version| fs::read_to_string(entry(version)).ok()).collect();
    let actions = texts.iter().flat_map(|text| text.lines()).map(serde_json::from_str::<Value>);
    let mut adds = actions.filter_map(|action| action.ok()?.get("add").cloned());
    let is_it = |add: &Value| add["path"].as_str().is_some_and(|path| path.contains(data_file));
    let old = adds.rfind(is_it).unwrap_or_else(|| panic!("no data file {data_file}"));
    let vector = vector(rows);
    let (storage, place, offset) = match marks {
        Marks::Inline => ("i", base85(&vector), Value::Null),
        Marks::File => {
            fs::write(table.join(MARKS_FILE), file(&vector)).unwrap_or_else(|error| panic!("{MARKS_FILE}: {error}"));
            ("u", base85(&[0x2A; 16]), json!(1))
        }
    };
    let mut new = old.clone();
    new["deletionVector"] = json!({ "storageType": storage, "pathOrInlineDv": place, "offset": offset,
        "sizeInBytes": vector.len(), "cardinality": rows.len() });
    let remove = json!({ "path": old["path"], "dataChange": true, "deletionTimestamp": old["modificationTime"],
        "extendedFileMetadata": true, "partitionValues": old["partitionValues"], "size": old["size"] });
    let protocol = json!({ "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"],
        "writerFeatures": ["deletionVectors", "appendOnly", "invariants"] });
    let lines = [json!({ "protocol": protocol }), json!({ "remove": remove }), json!({ "add": new })];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(entry(texts.len()), text).unwrap_or_else(|error| panic!("{}: {error}", entry(texts.len()).display()));
}

/// A `RoaringBitmapArray` of one bitmap with one array of values.
fn vector(rows: &[u16]) -> Vec<u8> {
    const MAGIC: u32 = 1_681_511_377;
    const WITHOUT_RUNS: u32 = 12_346;
    // Behind cookie, number of containers, key and cardinality, and this offset.
    const VALUES_AT: u32 = 16;
    let mut bytes = Vec::new();
    bytes.extend(MAGIC.to_le_bytes());
    bytes.extend(1u64.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(WITHOUT_RUNS.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(0u16.to_le_bytes());
    bytes.extend((rows.len() as u16 - 1).to_le_bytes());
    bytes.extend(VALUES_AT.to_le_bytes());
    bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes()));
    // As many as base 85 takes.
    assert!(bytes.len().is_multiple_of(4), "an even number of rows");
    bytes
}

/// A version, then the length, the vector and its checksum.
fn file(vector: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend((vector.len() as u32).to_be_bytes());
    bytes.extend(vector);
    bytes.extend(crc32(vector).to_be_bytes());
    bytes
}

/// Z85, as ZeroMQ's RFC 32 has it.
fn base85(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 85] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let words = bytes.chunks_exact(4).map(|word| word.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)));
    words
        .flat_map(|word| [52_200_625u32, 614_125, 7_225, 85, 1].map(|place| word / place % 85))
        .map(|digit| char::from(LETTERS[digit as usize]))
        .collect()
}

/// CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_their_standards() {
        assert_eq!(base85(&[0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]), "HelloWorld");
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
