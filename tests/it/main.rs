//! The server over real sockets: the real binary, started, asked, killed and started again.
//!
//! One module per promise; `server` is how each of them gets its server.

mod accounts;
mod audit;
mod backup;
mod bad_input;
mod browser;
mod crash;
mod demo;
mod heads;
mod health;
mod house_rules;
mod polls;
mod race;
mod server;
mod shutdown;
mod terms;
mod tls;
mod vanish;
