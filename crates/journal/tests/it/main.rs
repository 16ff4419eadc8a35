//! The journal's promises, against a real directory and against a disk that fails.

mod append;
mod conformance;
mod damage;
mod faulty;
mod limits;
mod power;
mod privacy;
mod rig;
