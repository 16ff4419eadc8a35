//! The stores: tables that survive a power cut, seen whole while they change.

mod commit;
mod crash;
mod damage;
mod day_files;
mod deletion_vectors;
mod faulty_disk;
mod fixture;
mod legacy;
mod lookup;
mod maintain;
mod nested;
mod open;
mod rejects;
mod remote;
mod view;
