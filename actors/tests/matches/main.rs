//! Matches in their rooms: real threads, real time, a disk in memory that can fail.

mod crash;
mod player;
mod stadium;
mod stories;
