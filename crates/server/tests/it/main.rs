//! The edge over a real socket, with a fake house behind it.

mod anything;
mod certificates;
mod collection;
mod documents;
mod events;
mod fake;
mod limits;
mod network;
mod reading;
mod rig;
mod stopping;
mod tls;
mod wire;
