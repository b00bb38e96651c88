//! The rules of accounts and unique names, without a host.

mod random;
mod registrations;
mod rig;
mod roles;
mod sessions;
