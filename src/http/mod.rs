//! REST and pages.
//!
//! A request passes [`observe`] (request id, span, access log, figures, security headers), CORS,
//! compression and [`gate`] (shutdown, rate limit), and reaches a handler of a route file; each
//! route file has a `routes` that mounts its handlers, listed in [`openapi`]. Everything that is
//! read from a request comes through an extractor that answers with a problem: [`json`], [`key`],
//! [`paging`], [`etag`], [`peer`], [`auth`].

pub mod accounts;
pub mod admin;
pub mod answers;
pub mod auth;
pub mod bookings;
#[cfg(test)]
mod codes;
pub mod contest_play;
pub mod contests;
mod cookie;
pub mod error;
pub mod etag;
pub mod games;
pub mod gate;
pub mod health;
pub mod holds;
pub mod jobs;
pub mod json;
pub mod key;
pub mod languages;
pub mod leaderboards;
pub mod limit;
pub mod metrics;
pub mod mount;
pub mod movies;
pub mod observe;
pub mod openapi;
pub mod pages;
pub mod paging;
pub mod parties;
pub mod peer;
pub mod piston;
pub mod polls;
pub mod qr;
pub mod questions;
pub mod refusals;
pub mod screens;
pub mod series;
pub mod showings;
pub mod tickets;
pub mod tournaments;
pub mod unread;
pub mod window;
