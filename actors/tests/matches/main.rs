//! Matches in their rooms: real threads, real time, a disk in memory that can fail.

mod allocations;
mod crash;
mod durable;
mod player;
mod stadium;
mod stories;
