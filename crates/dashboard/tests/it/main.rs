//! The pages as a whole: what they hold, what they weigh, and what hostile texts can't do to them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod colours;
mod drawn;
mod files;
mod made_up;
mod mailed;
mod mails;
mod pages;
