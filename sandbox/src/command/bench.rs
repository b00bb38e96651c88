//! `playhouse-sandbox bench`: what a jail costs on this machine, beside other ways to start a program.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use playhouse_sandbox::attack::Traces;
use playhouse_sandbox::{Config, Image, Sandbox, Spec, Verdict};

use super::{Common, whole};

/// What bubblewrap is told, for the same namespaces and about the same root.
const BUBBLEWRAP: &[&str] = &[
    "--unshare-all",
    "--unshare-user",
    "--die-with-parent",
    "--new-session",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--symlink",
    "usr/bin",
    "/bin",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "/bin/true",
];

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    common: Common,
    /// Starts of each kind, one after the other in turns
    #[arg(long, default_value_t = 300, value_name = "NUMBER")]
    starts: usize,
    /// Pause before each start: hot loops hide what a cgroup costs
    #[arg(long, default_value_t = 60, value_name = "MS")]
    gap_ms: u64,
    /// Jails run one after the other, after which nothing may have grown
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    in_a_row: usize,
}

impl Bench {
    pub(crate) fn main(&self) -> Result<ExitCode, String> {
        let pool = Some((Image::system(), 8));
        let sandbox =
            Sandbox::start(&Config { pool, ..self.common.config() }).map_err(|e| whole(&e))?;
        let fresh = Sandbox::start(&self.common.config()).map_err(|e| whole(&e))?;
        println!(
            "/bin/true, start to reaped, {} times in turns, {} ms between",
            self.starts, self.gap_ms
        );
        let mut rows: Vec<(&str, Vec<Duration>)> = vec![
            ("fork and exec (the floor)", Vec::new()),
            ("the jail, from the pool", Vec::new()),
            ("the jail, built when asked for", Vec::new()),
        ];
        let bubblewrap = which("bwrap");
        if bubblewrap.is_some() {
            rows.push(("bubblewrap, same namespaces, no cgroup, no seccomp", Vec::new()));
        }
        for _ in 0..self.starts {
            for (place, (_, times)) in rows.iter_mut().enumerate() {
                sandbox.settle();
                fresh.settle();
                std::thread::sleep(Duration::from_millis(self.gap_ms));
                let started = Instant::now();
                match place {
                    0 => spawned(&mut Command::new("/bin/true"))?,
                    1 => jailed(&sandbox)?,
                    2 => jailed(&fresh)?,
                    _ => spawned(&mut bubblewrapped())?,
                }
                times.push(started.elapsed());
            }
        }
        println!("\n| what | p50 ms | p90 ms | p99 ms |\n|---|---|---|---|");
        for (what, mut times) in rows {
            times.sort_unstable();
            let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
            println!("| {what} | {:.2} | {:.2} | {:.2} |", at(50), at(90), at(99));
        }
        drop(fresh);
        self.rate(&sandbox)?;
        self.row(&sandbox)
    }

    /// Jails a second, with as many callers as processors.
    fn rate(&self, sandbox: &Sandbox) -> Result<(), String> {
        let callers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (done, jobs) = (AtomicUsize::new(0), 2_000);
        let started = Instant::now();
        std::thread::scope(|scope| {
            let call = || -> Result<(), String> {
                while done.fetch_add(1, Ordering::Relaxed) < jobs {
                    jailed(sandbox)?;
                }
                Ok(())
            };
            let threads: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, Result<(), String>>| {
                thread.join().map_err(|_| "a caller panicked".to_owned())?
            };
            threads.into_iter().try_for_each(join)
        })?;
        sandbox.settle();
        let rate = jobs as f64 / started.elapsed().as_secs_f64();
        println!(
            "\n{rate:.0} complete jails a second, built, run and removed, with {callers} callers"
        );
        Ok(())
    }

    /// Many in a row: nothing grows.
    fn row(&self, sandbox: &Sandbox) -> Result<ExitCode, String> {
        let (before, memory) = (Traces::of(sandbox), resident_kib());
        let started = Instant::now();
        for _ in 0..self.in_a_row {
            jailed(sandbox)?;
        }
        let left = sandbox.settle();
        let took = started.elapsed().as_secs_f64();
        let (found, after) = (Traces::left(sandbox, &before), Traces::of(sandbox));
        println!("{} jails in a row in {took:.1} s, {left} left", self.in_a_row);
        println!(
            "before: {before:?}, {memory} KiB resident\nafter:  {after:?}, {} KiB",
            resident_kib()
        );
        Ok(if left == 0 && found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn jailed(sandbox: &Sandbox) -> Result<(), String> {
    let outcome = sandbox.run(Spec::new(Image::system(), ["/bin/true"])).map_err(|e| whole(&e))?;
    let verdict = outcome.report.verdict;
    if verdict == Verdict::Ok { Ok(()) } else { Err(format!("'true' ended with {verdict:?}")) }
}

fn spawned(command: &mut Command) -> Result<(), String> {
    let status =
        command.stdin(Stdio::null()).stdout(Stdio::null()).status().map_err(|e| e.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

fn bubblewrapped() -> Command {
    let mut command = Command::new("bwrap");
    command.args(BUBBLEWRAP);
    command
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
