//! The server `playhouse`. What it does is said in `cli`.

use std::process::ExitCode;

use clap::Parser;
use playhouse::cli::{Cli, chain, run};

fn main() -> ExitCode {
    // The sandbox starts this program once more, before it has threads.
    playhouse_sandbox::begin_if_asked();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("playhouse: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}
