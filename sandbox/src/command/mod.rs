//! The command line.

mod attack;
mod bench;
mod check;
mod run;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use playhouse_sandbox::{Config, LIMITS, Tier};

/// Exit status where nothing ran.
const DID_NOT_RUN: u8 = 121;

#[derive(Debug, Parser)]
#[command(name = "playhouse-sandbox", version, max_term_width = 100)]
#[command(about = "Runs a program so that it can harm nothing, and says exactly what it did")]
#[command(
    long_about = "Runs a program so that it can harm nothing, and says exactly what it did.\n\n\
    Each job gets a jail of its own: new user, pid, mount, net, ipc, uts and cgroup namespaces; a \
    small read-only root; cgroups for memory, processes and processor time; no capability and no way \
    to one; an allow list of system calls; Landlock where the kernel has it. If any of that cannot \
    be set up, nothing runs, and the error names the layer and how to mend it."
)]
#[command(
    after_help = "Start with 'playhouse-sandbox check'. Needs root, or --tier rootless with \
    delegated cgroups."
)]
struct Line {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run one program in a jail
    #[command(after_help = run_help())]
    Run(Box<run::Run>),
    /// Say what this machine can do, and how to mend what it cannot
    #[command(
        after_help = "Tries each tier for real, by running a program under it. Exit status: 0 \
        if the tier that --tier names works, 1 if not, 121 if the request was wrong."
    )]
    Check(check::Check),
    /// Attack the jail with every program of the attack list, and see that it holds
    #[command(
        after_help = "Needs a C compiler (on Debian: apt-get install gcc) unless --programs has \
        them. Takes about a minute. Exit status: 0 if every attack ended as it must and left nothing \
        behind, 1 if not, 121 if none was run."
    )]
    Attack(attack::Attack),
    /// Measure what a jail costs here, beside fork and exec, and bubblewrap if it is installed
    Bench(bench::Bench),
}

/// Options that say how jails are made.
#[derive(Debug, Args)]
struct Common {
    /// How strong the walls must be: full (needs root), rootless (needs delegated cgroups),
    /// rootless-no-cgroup (limits each process, not the job). Never weakened by itself
    #[arg(long, default_value = "full", value_name = "TIER")]
    tier: Tier,
    /// Folder to use in every cgroup hierarchy, such as /playhouse
    #[arg(long, value_name = "FOLDER")]
    cgroup: Option<PathBuf>,
    /// Refuse to run on a kernel without Landlock
    #[arg(long)]
    require_landlock: bool,
}

impl Common {
    fn config(&self) -> Config {
        Config {
            tier: self.tier,
            cgroup: self.cgroup.clone(),
            landlock_required: self.require_landlock,
            ..Config::default()
        }
    }
}

fn run_help() -> String {
    let mut text = String::from("Limits (each has a bound, none can be switched off):\n");
    for entry in &LIMITS {
        text.push_str(&format!("  {entry}\n"));
    }
    text.push_str(
        "\nExit status:\n  \
         0 to 255  the program's own, if it ended by itself; 128 + n if signal n ended it\n  \
         121       nothing ran: the request was wrong, or a layer could not be set up\n  \
         122       a limit was met: time, memory, output or fuel; the report says which\n  \
         123       a forbidden system call was tried; the report names it\n  \
         126, 133  a WebAssembly module could not be started; it trapped\n\n\
         Examples:\n  \
         playhouse-sandbox run -- echo hello\n  \
         playhouse-sandbox run --cpu 2s --memory 256M --file main.py -- python3 main.py\n  \
         playhouse-sandbox run --toolchain rust --file a.rs --result a --results-to . \\\n      \
         --wall 20s --cpu 20s --memory 1G -- rustc a.rs\n  \
         playhouse-sandbox run --module --fuel 1000000 -- hello.wat\n  \
         playhouse-sandbox run --image bare --file ./static-program:p --report - -- ./p",
    );
    text
}

/// Reads the command line and does what it asks for.
pub(crate) fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(told) => {
            let _ = told.print();
            // Help is no error. And the status of a wrong request must not be taken for a program's.
            return ExitCode::from(if told.use_stderr() { DID_NOT_RUN } else { 0 });
        }
    };
    let done = match line.what {
        What::Run(run) => run.main(),
        What::Check(check) => check.main(),
        What::Attack(attack) => attack.main(),
        What::Bench(bench) => bench.main(),
    };
    done.unwrap_or_else(|told| {
        eprintln!("playhouse-sandbox: {told}");
        ExitCode::from(DID_NOT_RUN)
    })
}

/// An error and its causes, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        // Some errors are told in the words of their cause.
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text.push_str(&format!(": {next_text}"));
        }
        cause = next.source();
    }
    text
}
