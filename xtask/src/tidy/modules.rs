//! Which file of a crate may import which: no circles between files, and layers that import
//! only downward.
//!
//! Read from the source as text: `use` declarations and paths that begin with `crate`,
//! `super`, `self` or the name of a module in sight. A path belongs to the file of the
//! longest module that it begins with, so an item that a folder's `mod.rs` gives out again
//! counts as that file's. Tests, inline or in files of their own, import what they like.
//!
//! What macros expand to isn't seen, and nor is a method that is called without naming its
//! file: the rule is about what a reader of a file has to open next.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use imports::{Import, Source};

/// Crates whose files must not import each other in a circle: one line each.
const WITHOUT_CIRCLES: &[&str] = &["intake", "journal", "server"];

/// Crates in layers, the lowest first. Each layer is a folder, or several that don't import
/// each other; what lies beside them puts them together, and is imported by none.
const LAYERS: &[(&str, &[&[&str]])] = &[
    ("server", &[&["http"], &["app"], &["api"]]),
    (
        "intake",
        &[
            &["counters", "data_dir", "day", "dir_lock", "hooks", "policy", "progress", "secrets", "watch"],
            &["input"],
            &["request"],
            &["rows"],
            &["options"],
            &["admit", "drain"],
            &["error"],
            &["opening"],
            &["intake"],
            &["load", "impact"],
        ],
    ),
];

/// The files of one crate and what each imports.
type Graph = BTreeMap<PathBuf, Vec<Edge>>;

/// One import of a file by another.
struct Edge {
    line: usize,
    to: PathBuf,
}

/// Checks the crates that are listed.
pub(crate) fn check(root: &Path, findings: &mut Vec<Finding>) -> Result<(), String> {
    let names: BTreeSet<&str> = WITHOUT_CIRCLES.iter().copied().chain(LAYERS.iter().map(|(name, _)| *name)).collect();
    for name in names {
        let source = root.join("crates").join(name).join("src");
        let graph = graph(&read(&source)?);
        let file = |path: &Path| Path::new("crates").join(name).join("src").join(path);
        if let Some((_, layers)) = LAYERS.iter().find(|(layered, _)| *layered == name) {
            for (from, line, what) in upward(&graph, layers) {
                findings.push(Finding::new(&file(&from), line, what));
            }
        }
        if WITHOUT_CIRCLES.contains(&name) {
            for circle in circles(&graph) {
                let names: Vec<String> = circle.iter().map(|path| path.display().to_string()).collect();
                findings.push(Finding::new(
                    &file(&circle[0]),
                    1,
                    format!("imports in a circle: {}", names.join(" → ")),
                ));
            }
        }
    }
    Ok(())
}

/// All files below a crate's `src` by their path from there.
fn read(source: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut paths = Vec::new();
    super::collect(source, &mut paths)?;
    let mut files = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        files.insert(path.strip_prefix(source).unwrap_or(&path).to_owned(), text);
    }
    Ok(files)
}

/// The module that a file is: `a/mod.rs` and `a.rs` are `a`, `lib.rs` is the root.
fn module_of(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        path.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod" || name == "lib" || name == "main") {
        names.pop();
    }
    names
}

fn graph(files: &BTreeMap<PathBuf, String>) -> Graph {
    let sources: BTreeMap<&PathBuf, Source> = files.iter().map(|(path, text)| (path, Source::read(text))).collect();
    let tests: BTreeSet<Vec<String>> = sources
        .iter()
        .flat_map(|(path, source)| {
            source.test_modules.iter().map(|name| [module_of(path), vec![name.clone()]].concat())
        })
        .collect();
    let is_test = |module: &[String]| tests.iter().any(|test| module.starts_with(test));
    let modules: BTreeMap<Vec<String>, &PathBuf> =
        files.keys().map(|path| (module_of(path), path)).filter(|(module, _)| !is_test(module)).collect();
    let mut graph = Graph::new();
    for (module, path) in &modules {
        let edges = sources[path].imports(module, |prefix| modules.contains_key(prefix));
        let edges = edges.into_iter().filter_map(|Import { line, module }| {
            let to = (*modules.get(&module)?).clone();
            (to != **path).then_some(Edge { line, to })
        });
        graph.insert((*path).clone(), edges.collect());
    }
    graph
}

/// Imports of a higher layer, of a neighbour in the same one, or of what lies beside the
/// layers, by a file of one.
fn upward(graph: &Graph, layers: &[&[&str]]) -> Vec<(PathBuf, usize, String)> {
    let layer = |path: &Path| {
        let first = module_of(path).into_iter().next()?;
        layers.iter().enumerate().find_map(|(height, names)| {
            let name = names.iter().find(|name| **name == first)?;
            Some((height, *name))
        })
    };
    let mut found = Vec::new();
    for (from, edges) in graph {
        let Some((own_height, own)) = layer(from) else { continue };
        for Edge { line, to } in edges {
            let what = match layer(to) {
                Some((height, other)) if height < own_height || other == own => continue,
                Some((height, other)) if height == own_height => {
                    format!("`{own}` imports {} of its neighbour, `{other}`", to.display())
                }
                Some((_, other)) => format!("`{own}` imports {} of the layer above, `{other}`", to.display()),
                None => format!("`{own}` imports {}, which puts the layers together", to.display()),
            };
            found.push((from.clone(), *line, what));
        }
    }
    found
}

/// The shortest circle of each group of files that reach each other, as a way from a file
/// back to it. Fixing it may leave others of the group, which are then found in their turn.
fn circles(graph: &Graph) -> Vec<Vec<PathBuf>> {
    let mut all: Vec<Vec<PathBuf>> = graph.keys().filter_map(|start| shortest_way(graph, start, start)).collect();
    all.sort_by_key(Vec::len);
    let mut found: Vec<Vec<PathBuf>> = Vec::new();
    for circle in all {
        let reach_each_other = |other: &Vec<PathBuf>| {
            let (one, other) = (&circle[0], &other[0]);
            shortest_way(graph, one, other).is_some() && shortest_way(graph, other, one).is_some()
        };
        if !found.iter().any(reach_each_other) {
            found.push(circle);
        }
    }
    found
}

/// The shortest way along imports, both ends included; of at least one import.
fn shortest_way(graph: &Graph, start: &PathBuf, end: &PathBuf) -> Option<Vec<PathBuf>> {
    let mut came_from: BTreeMap<&PathBuf, &PathBuf> = BTreeMap::new();
    let mut next = vec![start];
    while !next.is_empty() {
        let mut after = Vec::new();
        for from in next {
            for Edge { to, .. } in graph.get(from).into_iter().flatten() {
                if to == end {
                    let mut way = vec![end.clone(), from.clone()];
                    let mut at = from;
                    while let Some(before) = came_from.get(at).filter(|_| at != start) {
                        way.push((*before).clone());
                        at = before;
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(to) {
                    came_from.insert(to, from);
                    after.push(to);
                }
            }
        }
        next = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Graph {
        graph(&files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }

    #[test]
    fn circles_are_found_and_shown() {
        let check = |files: &[(&str, &str)], expect: &[&str]| {
            let found: Vec<String> = circles(&tree(files))
                .iter()
                .map(|circle| circle.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "))
                .collect();
            assert_eq!(found, expect, "{files:?}");
        };
        check(&[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "")], &[]);
        check(
            &[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;")],
            &["a.rs b.rs a.rs"],
        );
        check(
            &[
                ("a.rs", "use super::b::B;"),
                ("b.rs", "use crate::c::{D, d::E};"),
                ("c.rs", "use crate::a;\nfn f() { a::f() }"),
            ],
            &["a.rs b.rs c.rs a.rs"],
        );
        // A parent that uses its child, which uses its parent.
        check(&[("a/mod.rs", "mod b;\nuse b::B;"), ("a/b.rs", "use super::A;")], &["a/b.rs a/mod.rs a/b.rs"]);
        check(&[("a/mod.rs", "mod b;\npub use b::B;"), ("a/b.rs", ""), ("a/c.rs", "use super::B;")], &[]);
        // To declare a module is not to use it.
        check(&[("a/mod.rs", "pub mod b;\npub struct A;"), ("a/b.rs", "use super::A;")], &[]);
        // Two circles, each shown once.
        check(
            &[
                ("a.rs", "use crate::b::B;"),
                ("b.rs", "use crate::a::A;"),
                ("c.rs", "use crate::d::D;"),
                ("d.rs", "use crate::c::C;"),
            ],
            &["a.rs b.rs a.rs", "c.rs d.rs c.rs"],
        );
        // Two that have a file in common: the shorter one is shown.
        check(
            &[
                ("a.rs", "use crate::b::B;"),
                ("b.rs", "use crate::c::C;"),
                ("c.rs", "use crate::{a::A, d::D};"),
                ("d.rs", "use crate::c::C;"),
            ],
            &["c.rs d.rs c.rs"],
        );
    }

    #[test]
    fn tests_import_what_they_like() {
        let check = |files: &[(&str, &str)]| assert_eq!(circles(&tree(files)).len(), 0, "{files:?}");
        check(&[
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "struct B;\n#[cfg(test)]\nmod tests {\n use crate::a::A;\n}\n"),
        ]);
        check(&[
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "#[cfg(test)]\nmod tests;"),
            ("b/tests.rs", "use crate::a::A;\nuse super::B;"),
        ]);
        check(&[("a.rs", "use crate::b::B;"), ("b.rs", "#[cfg(test)]\nuse crate::a::A;\nstruct B;")]);
    }

    #[test]
    fn layers_import_downward() {
        let check = |files: &[(&str, &str)], expect: &[&str]| {
            let found: Vec<String> =
                upward(&tree(files), &[&["low", "left"], &["high"]]).into_iter().map(|(_, _, what)| what).collect();
            assert_eq!(found, expect, "{files:?}");
        };
        let low = ("low/a.rs", "pub struct A;");
        check(
            &[low, ("high/b.rs", "use crate::low::a::A;"), ("serve.rs", "use crate::high::b;\nfn f() { b::f() }")],
            &[],
        );
        check(
            &[("low/a.rs", "fn f() { crate::high::b::f() }"), ("high/b.rs", "")],
            &["`low` imports high/b.rs of the layer above, `high`"],
        );
        check(&[low, ("low/c.rs", "use super::a::A;")], &[]);
        check(&[low, ("left/c.rs", "use crate::low::a::A;")], &["`left` imports low/a.rs of its neighbour, `low`"]);
        check(
            &[("lib.rs", "pub use low::a::A;"), ("low/a.rs", "use crate::A;")],
            &["`low` imports lib.rs, which puts the layers together"],
        );
    }
}
