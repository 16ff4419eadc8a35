//! Time and randomness are handed in (`crates/ambient`): code that takes them by itself can't
//! be replayed. Tests may do as they like.

use std::path::Path;

use super::Finding;

/// What takes them.
const TAKEN: &[&str] =
    &["Instant::now", "SystemTime::now", "Utc::now", "Local::now", "Uuid::new_v4", "getrandom::", "rand::"];

/// Where it may be taken all the same, by the beginning of the path, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/ambient/", "it is what hands them in"),
    ("crates/journal/src/seal.rs", "a key that can be repeated is none"),
    ("crates/keys/", "a key that can be repeated is none"),
    ("crates/table/src/disk.rs", "names of files in the making, which nobody reads; it is the real disk"),
    ("crates/server/", "its timers are those of connections, and its secrets are keys"),
    ("crates/postgres/", "its timers are those of connections, and a secret that can be repeated is none"),
    ("crates/report/", "it times processes of its own"),
    ("crates/frontdesk/", "a command begins now, and waits for servers"),
    ("xtask/", "it measures"),
];

/// Findings of one source file.
pub(crate) fn check(name: &Path, text: &str, findings: &mut Vec<Finding>) {
    let is_source = name.components().any(|part| part.as_os_str() == "src");
    let is_excepted = EXCEPTIONS.iter().any(|(begin, _)| name.starts_with(begin.trim_end_matches('/')));
    if !is_source || is_excepted || name.file_name().is_some_and(|file| file == "tests.rs") {
        return;
    }
    let mut is_for_tests = false;
    for (index, line) in text.lines().enumerate() {
        is_for_tests |= line.starts_with("#[cfg(test)]");
        if is_for_tests {
            // The item behind the attribute ends, as rustfmt writes it, with a line that isn't indented.
            is_for_tests = line.starts_with(char::is_whitespace) || !line.trim_end().ends_with([';', '}']);
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        for taken in TAKEN.iter().filter(|taken| code.contains(**taken)) {
            findings.push(Finding::new(name, index + 1, format!("takes `{taken}` by itself; see crates/ambient")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_randomness_are_handed_in() {
        let check = |name: &str, text: &str, expect: usize| {
            let mut findings = Vec::new();
            super::check(Path::new(name), text, &mut findings);
            assert_eq!(findings.len(), expect, "{name}: {text}");
        };
        check("crates/intake/src/drain.rs", "let at = Instant::now();", 1);
        check("crates/intake/src/drain.rs", "at.get_or_insert_with(Instant::now);", 1);
        check("crates/intake/src/drain.rs", "let at = clock.monotonic(); // not Instant::now", 0);
        check("crates/intake/src/drain.rs", "#[cfg(test)]\nmod tests { fn a() { Instant::now(); } }", 0);
        check("crates/intake/src/drain.rs", "#[cfg(test)]\nmod rig;\nlet at = Instant::now();", 1);
        check("crates/intake/src/drain.rs", "#[cfg(test)]\nuse std::time::Instant::now;", 0);
        let behind = |item: &str| format!("#[cfg(test)]\n{item}\nlet at = Instant::now();");
        check("crates/intake/src/drain.rs", &behind("fn a() {\n    Instant::now();\n}"), 1);
        check("crates/intake/src/drain.rs", &behind("use std::time::{\n    Duration,\n    Instant::now,\n};"), 1);
        check(
            "crates/intake/src/drain.rs",
            &behind("#[expect(x, reason = \"y\")]\nmod tests {\n    rand::a();\n\n    b();\n}"),
            1,
        );
        check("crates/intake/src/drain.rs", &behind("fn a<T>()\nwhere\n    T: B,\n{\n    rand::a();\n}"), 1);
        check("crates/intake/tests/it/main.rs", "Instant::now()", 0);
        check("crates/journal/src/seal.rs", "getrandom::fill(&mut key)", 0);
        check("crates/journal/src/segment.rs", "getrandom::fill(&mut key)", 1);
        check("crates/server/src/app/state.rs", "Uuid::new_v4()", 0);
    }
}
