//! The server over a real socket, with a fake backend behind it.

mod access;
mod anything;
mod certificates;
mod consent;
mod dashboard_pages;
mod demo_data;
mod documents;
mod edge_network;
mod events;
mod exporting;
mod fake;
mod kept;
mod limits;
mod login;
mod organisations;
mod reading;
mod rig;
mod shares;
mod stopping;
mod streaming_ingestion;
mod tls;
mod visitors;
mod wire;
