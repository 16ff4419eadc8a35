//! What pages are put together from.

pub(crate) mod anomalies;
pub(crate) mod csv;
pub(crate) mod empty;
pub(crate) mod named;
pub(crate) mod series;
pub(crate) mod stat;
pub(crate) mod toolbar;
pub(crate) mod values;
pub(crate) mod what;
pub(crate) mod words;
