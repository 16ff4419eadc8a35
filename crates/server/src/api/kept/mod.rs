//! What people keep beside the events: saved views, notes on the time line, shared links. The same is done by routes for
//! programs (here, a file each) and by the pages' forms.
//!
//! Whoever may read may do it: a view is a bookmark for everybody who reads, a note is shown to them, and a link shows to others what its
//! maker could have copied out, for as long as the maker's key holds.

mod annotations;
mod body;
mod shares;
mod views;

pub(super) mod annotated;
pub(crate) mod keeping;
pub(super) mod listed;
pub(super) mod place;

pub(super) use annotations::{DeleteAnnotation, GetAnnotations, PostAnnotation};
pub(super) use shares::{DeleteShare, GetShares, PostShare};
pub(super) use views::{DeleteView, GetViews, PostView};
