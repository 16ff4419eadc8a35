//! Reports as pages: data in, markup and SVG out. What HTTP is about is the server's.
//!
//! * [`View`] is what a page's URL says: the parameters of the reports behind it, in the same words.
//! * [`overview`], [`chat`], [`subjects`], [`pages`], [`referrers`], [`devices`], [`quality`] draw a page from its reports, [`events`] and
//!   [`story`] from single events, [`schemas`] from what is collected, [`sql`] from a query of one's own, [`wrong`] and [`failed`] what is told instead;
//!   [`login`] and [`followed_link`] are for whoever isn't signed in. Each is a whole document that needs one style sheet
//!   ([`STYLE`]) and nothing from elsewhere; a script ([`SCRIPT`]) keeps it up to date where scripts run. Nothing in it
//!   is computed: a number that isn't in a report isn't on a page.
//! * [`view_mail`] and [`alert_mail`] draw what is sent by mail, as programs for mails show it.
//! * [`report_page`] and [`report_picture`] draw one report as a file to send.
//! * Charts are figures with a sentence, a drawing and a table of the same numbers.
//!
//! What visitors sent is text and stays text: markup escapes it, control characters and marks of direction are made
//! visible, and it becomes no address but a parameter of our own pages.

mod annotations;
mod asset;
mod change;
mod chart;
mod demo;
mod file;
mod format;
mod kept;
mod links;
mod mail;
mod page;
mod pages;
mod parts;
mod reading;
mod shared;
mod text;
mod view;

pub use asset::{Asset, QUERIES_SCRIPT, SCRIPT, STYLE};
pub use chart::PAGE_PARTS_MAX;
pub use demo::{DEMO_DATA_PATH, DEMO_DATASTREAM, DemoData};
pub use file::{report_page, report_picture};
pub use kept::KeptView;
pub use mail::{
    AlertMail, Mail, MailedReport, MailedSpan, MailedView, MailedViewError, ViewMail, alert_mail, view_mail,
};
pub use page::{Context, NewestEvent, Standing};
pub use pages::chat::{Chat, chat};
pub use pages::events::{Events, events};
pub use pages::failed::{Failed, failed};
pub use pages::list::{devices, pages, referrers, subjects};
pub use pages::login::{LoginForm, followed_link, link_failed, login};
pub use pages::overview::{Overview, SLOW_FOR_PAGES, SLOW_FOR_REFERRERS, overview};
pub use pages::quality::{Quality, quality};
pub use pages::saved::{KeptNote, KeptShare, Saved, SharedNow, saved, shared_now};
pub use pages::schemas::{CollectedSchema, Counted, Schemas, schemas};
pub use pages::sql::{Sql, SqlOutcome, sql};
pub use pages::story::{Story, StoryReject, StoryTimes, story};
pub use pages::wrong::{Wrong, wrong};

pub use parts::csv::SqlRows;
pub use schemas::{Outline, OutlineProperty, Scalar};
pub use shared::Shared;
pub use view::{Filter, FilterKind, Page, View};
