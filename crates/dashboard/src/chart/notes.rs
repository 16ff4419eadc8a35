//! Notes on the time line: a mark on the part that each is about, and its text wherever the part's numbers are told.

use maud::{Markup, html};

use super::scale::{middle, percent};

/// Head of their column in the table.
pub(super) const HEAD: &str = "Notes";

/// The mark of a part with notes, over its whole height.
pub(super) fn draw_mark(notes: &[String], place: usize, all: usize) -> Markup {
    if notes.is_empty() {
        return Markup::default();
    }
    let x = percent(middle(place, all));
    html! {
        line.note x1=(x) x2=(x) y2="100%" {}
        circle.note cx=(x) r="4" {}
    }
}

/// What stands behind the numbers of a part when it is pointed at.
pub(super) fn tell(told: &mut String, notes: &[String]) {
    for note in notes {
        told.push_str("\nNote: ");
        told.push_str(note);
    }
}

/// The cell of a part in the table.
pub(super) fn cell(notes: &[String]) -> String {
    notes.join("; ")
}
