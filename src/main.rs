//! The server `playhouse`. What it does is said in `cli`.

use std::process::ExitCode;

use clap::Parser;
use playhouse::cli::{Cli, chain, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("playhouse: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}
