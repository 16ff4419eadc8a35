//! The generated pages under `docs/` are what the code says.

use std::path::Path;

fn check(file: &str, page: &str) {
    let path = Path::new("../../docs").join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/{file} differs from the code: run UPDATE_DOCS=1 cargo test -p report");
}

#[test]
fn metrics_page() {
    check("metrics.md", &report::metrics_markdown());
}

#[test]
fn sql_page() {
    check("sql.md", &report::sql_markdown());
}

#[tokio::test]
async fn the_examples_run_and_find_something() {
    for (title, sql) in report::EXAMPLES {
        let rows = crate::fixture::session("week").query(sql, report::QueryLimits::default()).await;
        assert!(rows.as_ref().is_ok_and(|rows| rows.rows() > 0), "{title}: {rows:?}");
    }
}
