//! The pages, one file each: which reports a page needs, and how they are put together.

pub(crate) mod chat;
pub(crate) mod events;
pub(crate) mod failed;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod overview;
pub(crate) mod quality;
pub(crate) mod saved;
pub(crate) mod schemas;
pub(crate) mod sql;
pub(crate) mod story;
pub(crate) mod wrong;
