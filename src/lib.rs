//! The server: sockets on one side, room handles on the other. No rules.
//!
//! - [`config`], [`cli`]: what the operator says.
//! - [`server`]: start-up and shutdown, in order; [`listen`], [`tls`], [`logs`]: parts of it.
//! - [`http`]: REST and pages; [`ws`]: the live connection.
//! - [`accounts`]: passwords, tokens, sessions. [`cinema`]: what REST and RPC both ask of showings.
//! - [`payments`]: the payment providers. [`demo`]: the demo's seed and its simulated people.

pub mod accounts;
pub mod app;
pub mod cinema;
pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod listen;
pub mod logs;
pub mod payments;
pub mod server;
pub mod tls;
pub mod ws;
