//! Rewrites a demo event in another style of the same meaning.
//!
//! `xdm` spells every name as the schemas do (`xdm:chatStart`, `@id`); `shuffled`
//! puts the members of every object in random order and adds white space and escapes,
//! the worst case for a decoder that predicts the next key.

use serde_json::{Map, Value};

use crate::random::Random;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// Platform names in the Web SDK's order, without white space.
    Platform,
    /// XDM names (`xdm:chatStart`, `@id`).
    Xdm,
    /// Platform names in random order, with white space and escapes.
    Shuffled,
}

/// The event with XDM's names. Keys of the identity map are namespaces, not names.
pub(crate) fn to_xdm(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let rename = |(key, value): (String, Value)| match key.as_str() {
                "_id" => ("@id".to_owned(), value),
                "identityMap" => ("xdm:identityMap".to_owned(), namespaces(value)),
                _ => (format!("xdm:{key}"), to_xdm(value)),
            };
            Value::Object(members.into_iter().map(rename).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(to_xdm).collect()),
        other => other,
    }
}

fn namespaces(map: Value) -> Value {
    match map {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (key, to_xdm(value))).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// Writes the event in random order with white space and an escape here and there;
/// one line all the same.
pub(crate) fn shuffled(out: &mut Vec<u8>, value: &Value, random: &mut Random) {
    match value {
        Value::Object(members) => {
            let mut order: Vec<(&String, &Value)> = members.iter().collect();
            for i in (1..order.len()).rev() {
                order.swap(i, random.below(i as u32 + 1) as usize);
            }
            out.push(b'{');
            for (i, (key, value)) in order.into_iter().enumerate() {
                comma(out, i, random);
                text(out, key, random);
                space(out, random);
                out.push(b':');
                space(out, random);
                shuffled(out, value, random);
            }
            space(out, random);
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                comma(out, i, random);
                shuffled(out, item, random);
            }
            out.push(b']');
        }
        Value::String(string) => text(out, string, random),
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

fn comma(out: &mut Vec<u8>, i: usize, random: &mut Random) {
    if i > 0 {
        out.push(b',');
    }
    space(out, random);
}

fn space(out: &mut Vec<u8>, random: &mut Random) {
    match random.below(10) {
        0..2 => out.push(b' '),
        2 => out.extend_from_slice(b"\t "),
        _ => {}
    }
}

fn text(out: &mut Vec<u8>, string: &str, random: &mut Random) {
    let quoted = Value::from(string).to_string();
    let plain = string.as_bytes();
    // One text in sixteen has its first character as a \u escape.
    if random.below(16) == 0 && plain.first().is_some_and(u8::is_ascii_alphanumeric) {
        out.extend_from_slice(format!("\"\\u{:04x}", plain[0]).as_bytes());
        out.extend_from_slice(&quoted.as_bytes()[2..]);
    } else {
        out.extend_from_slice(quoted.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn spells_names_as_xdm_and_leaves_namespaces() {
        let event = json!({"_id": "a", "identityMap": {"ECID": [{"id": "1"}]}, "web": {"webReferrer": {"URL": ""}}});
        let expect = json!({
            "@id": "a",
            "xdm:identityMap": {"ECID": [{"xdm:id": "1"}]},
            "xdm:web": {"xdm:webReferrer": {"xdm:URL": ""}}
        });
        assert_eq!(to_xdm(event), expect);
    }

    #[test]
    fn shuffling_keeps_the_meaning() {
        let event = json!({"a": {"b": [1, "x\"y", null], "c": true}, "d": "text", "e": 1.5});
        let mut different = 0;
        for seed in 0..50 {
            let mut out = Vec::new();
            shuffled(&mut out, &event, &mut Random::new(seed));
            assert!(!out.contains(&b'\n'));
            assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), event);
            different += u32::from(out != event.to_string().as_bytes());
        }
        assert!(different > 40, "{different}");
    }
}
