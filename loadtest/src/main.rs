//! `playhouse-loadtest`: people come to a Playhouse as a scenario says, and what they were promised is
//! checked. See `docs/loadtest.md`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use playhouse_loadtest::harness::html;
use playhouse_loadtest::harness::run::{Options, run};
use playhouse_loadtest::harness::scenario::Scenario;
use playhouse_loadtest::harness::{HarnessError, Place};

/// Let people come to a server as a scenario says, measure, and check what they were promised.
///
/// Ends with 0 if every promise was kept and no threshold missed, with 1 if not, with 2 if the
/// scenario could not be run.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The scenario's file.
    scenario: PathBuf,
    /// The server's program, for a server of the harness' own on an empty data directory; by default
    /// the one beside this program.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    server: Option<PathBuf>,
    /// A server that runs already; nothing of its is cleaned up.
    #[arg(long)]
    url: Option<String>,
    /// An organizer's name there.
    #[arg(long, default_value = "admin")]
    login: String,
    /// The organizer's password there.
    #[arg(long, env = "PLAYHOUSE_LOADTEST_PASSWORD", hide_env_values = true, default_value = "")]
    password: String,
    /// How often the own server is killed at a random moment and started again.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    kill: u32,
    /// What chance is drawn from, in place of the scenario's own.
    #[arg(long)]
    seed: Option<u64>,
    /// How long people arrive, in seconds, in place of the scenario's own.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<f64>,
    /// Where the report is written as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where the report is written as a page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The client goes before all else on this machine, so that programs that burn it delay the server alone. Needs root.
    #[arg(long)]
    ahead: bool,
    /// No progress while it runs.
    #[arg(long, short)]
    quiet: bool,
}

impl Arguments {
    fn place(&self) -> Result<Place, HarnessError> {
        if let Some(url) = &self.url {
            let url = url.trim_end_matches('/').to_owned();
            let (login, password) = (self.login.clone(), self.password.clone());
            return Ok(Place::At { url, login, password });
        }
        let beside = std::env::current_exe().ok().map(|own| own.with_file_name("playhouse"));
        let program = self.server.clone().or(beside);
        program.map(Place::Own).ok_or(HarnessError::Needs("name the server's program"))
    }

    fn scenario(&self) -> Result<Scenario, HarnessError> {
        let mut scenario = Scenario::load(&self.scenario)?;
        scenario.seed = self.seed.or(scenario.seed);
        scenario.duration_s = self.duration.unwrap_or(scenario.duration_s);
        scenario.check()?;
        Ok(scenario)
    }
}

fn write(path: Option<&PathBuf>, text: impl FnOnce() -> String) -> Result<(), HarnessError> {
    let Some(path) = path else { return Ok(()) };
    let what = format!("write {}", path.display());
    std::fs::write(path, text()).map_err(|source| HarnessError::Server { what, source })
}

async fn tell(arguments: &Arguments) -> Result<bool, HarnessError> {
    let scenario = arguments.scenario()?;
    let (kills, progress) = (arguments.kill, !arguments.quiet);
    let options = Options { place: arguments.place()?, kills, progress, ahead: arguments.ahead };
    let report = tokio::select! {
        report = run(&scenario, &options) => report?,
        _ = tokio::signal::ctrl_c() => return Err(HarnessError::Needs("interrupted")),
    };
    println!("{}", report.summary());
    write(arguments.json.as_ref(), || report.json())?;
    write(arguments.html.as_ref(), || html::page(&report))?;
    Ok(report.is_good())
}

#[tokio::main]
async fn main() -> ExitCode {
    match tell(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("playhouse-loadtest: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::from(2)
        }
    }
}
