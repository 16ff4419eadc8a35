//! What is sent by mail: a view, or an alert, as HTML that programs for mails show and as plain text, with the same numbers in both.
//!
//! Such programs know neither our style sheet nor drawings: everything is tables with their style beside them, bars are cells with a
//! colour, and nothing is loaded from anywhere. A [`Body`] is what is told; `html` and `plain` write it down and add nothing.

mod alert;
mod html;
mod plain;
mod view;

pub use alert::{AlertMail, alert_mail};
pub use view::{MailedReport, MailedSpan, MailedView, MailedViewError, ViewMail, view_mail};

/// A mail's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The subject line.
    pub subject: String,
    /// For programs that show no HTML.
    pub text: String,
    /// A whole document.
    pub html: String,
}

/// What is told.
#[derive(Debug, Default)]
struct Body {
    heading: String,
    /// A sentence below it.
    lead: Option<String>,
    /// `22 – 28 Nov 2026`
    span: String,
    tz: String,
    is_so_far: bool,
    /// What it is compared with.
    compared: Option<String>,
    /// `Only channel: chat`
    filters: Vec<String>,
    numbers: Vec<Number>,
    chart: Option<Chart>,
    lists: Vec<List>,
    notes: Vec<String>,
    link: String,
    /// Why it is sent, and how that ends.
    foot: String,
}

/// A headline number.
#[derive(Debug)]
struct Number {
    label: String,
    value: String,
    /// How it changed; empty where nothing can be said.
    change: String,
    /// What to know of it.
    asides: Vec<String>,
}

/// A number over time.
#[derive(Debug)]
struct Chart {
    title: String,
    sentence: String,
    parts: Vec<Bar>,
}

/// A part of it.
#[derive(Debug)]
struct Bar {
    short: String,
    long: String,
    value: String,
    size: f64,
    is_so_far: bool,
}

/// Values with a number each.
#[derive(Debug)]
struct List {
    title: String,
    rows: Vec<Row>,
    /// What is told where there are none, or how many more there are.
    foot: Option<String>,
}

/// A value.
#[derive(Debug)]
struct Row {
    name: String,
    value: String,
    change: String,
    size: f64,
    /// Which of the colours it has.
    colour: usize,
}

impl Body {
    fn mail(&self, subject: String) -> Mail {
        Mail { subject, text: plain::write(self), html: html::write(self) }
    }
}
