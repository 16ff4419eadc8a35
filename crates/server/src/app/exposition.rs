//! Prometheus' text format, written by hand: a page of text needs no library.

use std::fmt::Write;

use super::backend::{MetricKind, MetricSample};

/// Text in the exposition format.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// The page as it is sent.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// One line as it is.
    pub(crate) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes all");
    }

    /// What stands before the values of a metric.
    pub(crate) fn head(&mut self, name: &str, kind: MetricKind, help: &str) {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// A metric with one value.
    pub(crate) fn number(&mut self, name: &str, kind: MetricKind, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(format_args!("{name} {value}"));
    }

    /// A metric with its values.
    pub(crate) fn sample(&mut self, sample: &MetricSample) {
        self.head(sample.name, sample.kind, sample.help);
        for (label, value) in &sample.values {
            match label {
                None => self.line(format_args!("{} {value}", sample.name)),
                Some((label, text)) => {
                    let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
                    self.line(format_args!("{}{{{label}=\"{text}\"}} {value}", sample.name));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.sample(&MetricSample {
            name: "x_total",
            kind: MetricKind::Counter,
            help: "X.",
            values: vec![(Some(("keyword", "a\"b\\c\nd".to_owned())), 2.0), (None, 0.5)],
        });
        assert_eq!(
            page.0,
            "# HELP x_total X.\n# TYPE x_total counter\nx_total{keyword=\"a\\\"b\\\\c\\nd\"} 2\nx_total 0.5\n"
        );
    }
}
