//! The command `playhouse-sandbox`: runs a program in the jail, says what this machine can do, and
//! attacks the jail to see that it holds.

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    playhouse_sandbox::begin_if_asked();
    command::main()
}
