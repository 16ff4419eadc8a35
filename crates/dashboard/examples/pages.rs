//! Writes every page, drawn from made-up reports, into a folder, to be looked at:
//! `cargo run -p dashboard --example pages -- FOLDER`.
#![expect(clippy::unwrap_used, reason = "a tool for whoever works on the pages")]

#[path = "../tests/it/drawn.rs"]
mod drawn;
#[path = "../tests/it/made_up.rs"]
mod made_up;
#[path = "../tests/it/mailed.rs"]
mod mailed;

use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("style.css"), dashboard::STYLE.text()).unwrap();
    let write = |name: String, page: &str| {
        // Beside the page, so that it is found without a server.
        let page = page.replace(&dashboard::STYLE.path(), "style.css");
        std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
    };
    for (name, page) in drawn::all(made_up::SUBJECTS, made_up::PAGES, &[("since", "7d")]) {
        write(name.to_owned(), &page);
    }
    for (by, parts) in [("day", 90), ("hour", 168), ("day", 366)] {
        for (name, page) in drawn::of_many(by, parts) {
            write(format!("{parts}-{name}"), &page);
        }
    }
    for view in ["/", "/chat", "/subjects", "/pages", "/quality"] {
        let mail = mailed::mailed(view, None, made_up::SUBJECTS, made_up::PAGES);
        write(format!("mail{}", view.replace('/', "-")), &mail.html);
    }
    write("mail-alert".to_owned(), &mailed::alert("spike", 60, &report::WrittenFilter::default(), None).html);
    write("hostile-mail".to_owned(), &mailed::mailed("/", Some("<b>"), made_up::HOSTILE, made_up::HOSTILE).html);
    for (name, filter) in [("referrer", "search.example"), ("page", "https://shop.example/")] {
        for (page, drawn) in
            drawn::all(made_up::SUBJECTS, made_up::PAGES, &[("since", "7d"), (name, filter), ("device", "unknown")])
        {
            write(format!("by-{name}-{page}"), &drawn);
        }
    }
    let filters =
        [("since", "2026-11-01"), ("tz", "Europe/Berln"), ("subject", "Delivery"), ("channel", "!chat"), ("page", "")];
    for (name, page) in drawn::all(made_up::HOSTILE, made_up::HOSTILE, &filters) {
        write(format!("hostile-{name}"), &page);
    }
}
