//! `playhouse-sandbox attack`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use playhouse_sandbox::attack::{Case, Stage, build, cases, processes_are_bounded};
use playhouse_sandbox::{Config, Image, Sandbox};

use super::{Common, whole};

#[derive(Debug, Args)]
pub(crate) struct Attack {
    #[command(flatten)]
    common: Common,
    /// Keep the attack programs in this folder, and use those that are there already
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Only build the programs
    #[arg(long, requires = "programs")]
    build_only: bool,
    /// This machine is so many times slower than most: make limits of time as many times longer
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=50), value_name = "TIMES")]
    slow: u64,
    /// Only attacks whose name holds this text
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl Attack {
    pub(crate) fn main(&self) -> Result<ExitCode, String> {
        let all = cases();
        let folder = Folder::make(self.programs.as_deref())?;
        build(&all, &folder.path).map_err(|e| e.to_string())?;
        let wanted = |case: &&Case| self.name.as_ref().is_none_or(|name| case.name.contains(name));
        if let (Some(name), None) = (&self.name, all.iter().find(wanted)) {
            return Err(format!("no attack's name holds '{name}'; without a name all are run"));
        }
        if self.build_only {
            return Ok(ExitCode::SUCCESS);
        }
        let config = Config { pool: Some((Image::bare(), 2)), ..self.common.config() };
        let sandbox = Sandbox::start(&config).map_err(|e| whole(&e))?;
        let stage =
            Stage::set(&folder.path).map_err(|e| format!("failed to set the stage: {e}"))?;
        processes_are_bounded(&sandbox, &folder.path, &stage).map_err(|told| {
            format!("processes are not bounded here, so nothing else is run: {told}")
        })?;
        let started = Instant::now();
        let (mut held, mut broke, mut left_out) = (0, 0, 0);
        println!("tier {}\n\n| attack | must be | was |\n|---|---|---|", self.common.tier);
        for case in all.iter().filter(wanted) {
            if !case.is_possible() {
                left_out += 1;
                continue;
            }
            let row = case
                .run(&sandbox, &folder.path, &stage, self.slow)
                .map_err(|e| format!("failed to read the program of {}: {e}", case.name))?;
            println!("| {} | {} | {} |", row.name, row.expect, row.got);
            row.wrong.iter().for_each(|wrong| println!("|   WRONG | | {wrong} |"));
            if row.wrong.is_empty() { held += 1 } else { broke += 1 }
        }
        println!("\n{held} held, {broke} did not, in {:.1} s", started.elapsed().as_secs_f64());
        if left_out > 0 {
            println!(
                "{left_out} attacks on compilers and interpreters were left out: they are not installed"
            );
        }
        Ok(if broke == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Where the programs are: a folder that was named, or one of our own that is removed afterwards.
struct Folder {
    path: PathBuf,
    own: bool,
}

impl Folder {
    fn make(named: Option<&Path>) -> Result<Self, String> {
        let own = named.is_none();
        let path = named.map_or_else(
            || std::env::temp_dir().join(format!("playhouse-attack-{}", std::process::id())),
            Path::to_path_buf,
        );
        let made = if own { std::fs::create_dir(&path) } else { std::fs::create_dir_all(&path) };
        made.map_err(|e| format!("failed to make the folder {}: {e}", path.display()))?;
        Ok(Self { path, own })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.own {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
