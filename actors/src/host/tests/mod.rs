//! Promises of the host, kept on a counter room and a made-up disk.

mod counter;
mod golden;
mod promises;
mod refusing;
mod rewrite;
mod rig;
mod snapshots;
