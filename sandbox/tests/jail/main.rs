//! The sandbox on this machine, run as it is used: a zygote that is the real command, real cgroups,
//! real programs. Needs root; where it is missing the tests say so and pass.

mod attacks;
mod harness;
mod killed;
mod modules;
mod ordinary;
mod promises;
mod steps;
