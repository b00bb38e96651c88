//! The server: sockets on one side, room handles on the other. No rules.
//!
//! - [`config`], [`cli`], [`control`]: what the operator says. [`doctor`]: what the machine says.
//! - [`server`]: start-up and shutdown, in order; [`check`], [`house`], [`listen`],
//!   [`accept`], [`wire`], [`tls`], [`private`], [`logs`]: parts of it.
//! - [`http`]: REST and pages; [`ws`]: the live connection; [`quic`]: the game transport.
//! - [`accounts`]: passwords, tokens, sessions. [`cinema`], [`polls`]: what
//!   REST and RPC both ask of showings and polls; [`asking`], [`lists`], [`rpc`]: what they share.
//! - [`tournaments`]: what REST asks of tournaments.
//! - [`contests`]: what REST asks of contests, and having their programs judged.
//! - [`trail`]: what was administered, and by whom. [`backups`]: copies made over the API.
//! - [`payments`]: the payment providers. [`demo`]: the demo's seed and its simulated people.

pub mod accept;
pub mod accounts;
pub mod app;
pub mod asking;
pub mod backups;
pub mod check;
pub mod cinema;
pub mod cli;
pub mod config;
pub mod contests;
pub mod control;
pub mod demo;
pub mod doctor;
pub mod games;
pub mod house;
pub mod http;
pub mod judge;
pub mod listen;
pub mod lists;
pub mod logs;
pub mod matchmaking;
pub mod payments;
pub mod polls;
pub mod private;
pub mod quic;
pub mod rpc;
pub mod server;
pub mod tls;
pub mod tournaments;
pub mod trail;
pub mod wire;
pub mod ws;
