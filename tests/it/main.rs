//! The server over real sockets: the real binary, started, asked, killed and started again.
//!
//! One module per promise; `server` is how each of them gets its server.

mod accounts;
mod admin;
mod audit;
mod autobahn;
mod backup;
mod bad_input;
mod browser;
mod contests;
mod crash;
mod demo;
mod duel;
mod finding;
mod games;
mod heads;
mod health;
mod house_rules;
mod invariants;
mod judge;
mod kill_points;
mod load;
mod logs;
mod metrics;
mod openapi;
mod polls;
mod race;
mod roles;
mod server;
mod shutdown;
mod store_faults;
mod terms;
mod tls;
mod tournaments;
mod vanish;
mod verdicts;
