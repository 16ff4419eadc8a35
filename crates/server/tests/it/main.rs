//! The edge over a real socket, with a fake house behind it.

mod access;
mod anything;
mod certificates;
mod collection;
mod consent;
mod documents;
mod events;
mod fake;
mod limits;
mod network;
mod organisations;
mod reading;
mod rig;
mod stopping;
mod tls;
mod visitors;
mod wire;
