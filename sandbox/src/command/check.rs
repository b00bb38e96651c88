//! `playhouse-sandbox check`.

use std::process::ExitCode;

use clap::Args;
use playhouse_sandbox::{
    Config, Image, Limits, Sandbox, Spec, Tier, Verdict, facts, missing, toolchains,
};

use super::{Common, whole};

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    common: Common,
}

impl Check {
    pub(crate) fn main(&self) -> Result<ExitCode, String> {
        println!("machine");
        for (name, value) in facts() {
            println!("  {name:<12} {value}");
        }
        println!("\ntiers");
        let mut works = false;
        for tier in Tier::ALL {
            let tried = try_tier(&Config { tier, ..self.common.config() });
            works |= tier == self.common.tier && tried.is_ok();
            match tried {
                Ok(told) => println!("  {:<20} works: {told}", tier.name()),
                Err(told) => println!("  {:<20} does not work: {told}", tier.name()),
            }
        }
        println!("\ntoolchains");
        let found = toolchains();
        for one in &found {
            println!("  {:<8} {}  ({})", one.name, one.version, one.program.display());
        }
        for (name, package) in missing(&found) {
            println!("  {name:<8} not here; on Debian: apt-get install {package}");
        }
        Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Runs a program under the tier, and a second one that must meet its memory limit.
fn try_tier(config: &Config) -> Result<String, String> {
    let sandbox = Sandbox::start(config).map_err(|e| whole(&e))?;
    let fine = sandbox.run(Spec::new(Image::system(), ["true"])).map_err(|e| whole(&e))?;
    if fine.report.verdict != Verdict::Ok {
        let said = String::from_utf8_lossy(&fine.stderr).into_owned();
        return Err(format!("'true' ended with {:?} {said}", fine.report.verdict));
    }
    let nothing = br#"(module (func (export "_start")))"#.to_vec();
    let module = sandbox.module(nothing, [""; 0], None).map_err(|e| whole(&e))?;
    let module = sandbox.run(module).map_err(|e| whole(&e))?;
    if module.report.verdict != Verdict::Ok {
        let said = String::from_utf8_lossy(&module.stderr).into_owned();
        return Err(format!("a WebAssembly module ended with {:?} {said}", module.report.verdict));
    }
    let mut hungry = Spec::new(Image::system(), ["sh", "-c", "x=x; while :; do x=$x$x; done"]);
    hungry.limits = Limits { cpu_ms: 5_000, ..Limits::default() };
    let hungry = sandbox.run(hungry).map_err(|e| whole(&e))?.report;
    let bounded = match (config.tier.has_cgroups(), &hungry.verdict) {
        (true, verdict) => *verdict == Verdict::Memory,
        // Without cgroups the kernel refuses the memory, and the shell ends by itself.
        (false, verdict) => matches!(verdict, Verdict::Failed { .. } | Verdict::Signalled { .. }),
    };
    if !bounded {
        return Err(format!("a program that takes memory without end was not stopped: {hungry:?}"));
    }
    let left = sandbox.settle();
    if left > 0 {
        return Err(format!("{left} cgroups or jails could not be removed"));
    }
    let ms = fine.report.wall_us as f64 / 1_000.0;
    let landlock = fine.report.landlock.map_or("none".into(), |version| version.to_string());
    let module_ms = module.report.wall_us as f64 / 1_000.0;
    Ok(format!(
        "'true' took {ms:.1} ms, a module {module_ms:.1} ms, landlock {landlock}, memory is bounded, nothing was left"
    ))
}
