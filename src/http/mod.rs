//! REST and pages.

pub mod auth;
pub mod error;
