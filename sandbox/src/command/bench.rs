//! `playhouse-sandbox bench`: what a jail costs on this machine, beside other ways to start a program.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
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
        self.rates(&sandbox)?;
        self.row(&sandbox)
    }

    /// Starts a second: bare, in a jail, and both again with a program that does nothing but end.
    fn rates(&self, sandbox: &Sandbox) -> Result<(), String> {
        let bare = rate(|| spawned(&mut Command::new("/bin/true")), || ())?;
        let jails = rate(
            || jailed(sandbox),
            || {
                sandbox.settle();
            },
        )?;
        println!(
            "\n{jails:.0} complete jails a second, built, run and removed, with {} callers; fork and \
             exec alone: {bare:.0}",
            callers()
        );
        let Some(program) =
            Ending::write().map_err(|e| format!("failed to write a program: {e}"))?
        else {
            return Ok(());
        };
        let mut image = Image::system();
        image.bind(&program.0, Ending::INSIDE);
        let pool = Some((image.clone(), 8));
        let sandbox =
            Sandbox::start(&Config { pool, ..self.common.config() }).map_err(|e| whole(&e))?;
        let bare = rate(|| spawned(&mut Command::new(&program.0)), || ())?;
        let jail = || succeeds(&sandbox, Spec::new(image.clone(), [Ending::INSIDE]));
        let jails = rate(jail, || {
            sandbox.settle();
        })?;
        println!(
            "{jails:.0} with a program of three instructions, which needs no dynamic loader; fork and \
             exec alone: {bare:.0}"
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

/// How often a second `once` can be done with as many callers as processors, all that is left to do by
/// `settle` counted in.
fn rate(
    once: impl Fn() -> Result<(), String> + Sync,
    settle: impl FnOnce(),
) -> Result<f64, String> {
    let (done, jobs) = (AtomicUsize::new(0), 2_000);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let call = || -> Result<(), String> {
            while done.fetch_add(1, Ordering::Relaxed) < jobs {
                once()?;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..callers()).map(|_| scope.spawn(call)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Result<(), String>>| {
            thread.join().map_err(|_| "a caller panicked".to_owned())?
        };
        threads.into_iter().try_for_each(join)
    })?;
    settle();
    Ok(jobs as f64 / started.elapsed().as_secs_f64())
}

fn callers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// A program that ends at once, without the dynamic loader. On a virtual machine the loader of
/// `/bin/true` is a large part of what is measured otherwise: it asks the processor for its caches in
/// some hundred `cpuid` instructions, each of which the hypervisor has to answer.
struct Ending(PathBuf);

impl Ending {
    const INSIDE: &'static str = "/bench/end";

    /// Writes it, where its instructions are known.
    fn write() -> std::io::Result<Option<Self>> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return Ok(None);
        }
        let path = std::env::temp_dir().join(format!("playhouse-bench-{}", std::process::id()));
        let mut file =
            std::fs::File::options().write(true).create_new(true).mode(0o755).open(&path)?;
        let program = Self(path);
        file.write_all(&Self::elf())?;
        Ok(Some(program))
    }

    /// A header, one segment, and `exit_group(0)`: the layout is that of the ELF-64 specification.
    fn elf() -> Vec<u8> {
        const HEADER: u64 = 64;
        const SEGMENT: u64 = 56;
        const BASE: u64 = 0x40_0000;
        // mov eax, 231; xor edi, edi; syscall
        let code = [0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
        let size = HEADER + SEGMENT + code.len() as u64;
        let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        // An executable for x86-64, version 1.
        elf.extend([2, 0, 62, 0, 1, 0, 0, 0]);
        elf.extend([BASE + HEADER + SEGMENT, HEADER, 0].into_iter().flat_map(u64::to_le_bytes));
        elf.extend([0; 4]);
        elf.extend(
            [HEADER as u16, SEGMENT as u16, 1, 0, 0, 0].into_iter().flat_map(u16::to_le_bytes),
        );
        // One segment to load, to read and execute.
        elf.extend([1, 0, 0, 0, 5, 0, 0, 0]);
        elf.extend([0, BASE, BASE, size, size, 0x1000].into_iter().flat_map(u64::to_le_bytes));
        elf.extend(code);
        elf
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn jailed(sandbox: &Sandbox) -> Result<(), String> {
    succeeds(sandbox, Spec::new(Image::system(), ["/bin/true"]))
}

fn succeeds(sandbox: &Sandbox, spec: Spec) -> Result<(), String> {
    let outcome = sandbox.run(spec).map_err(|e| whole(&e))?;
    let verdict = outcome.report.verdict;
    if verdict == Verdict::Ok { Ok(()) } else { Err(format!("the program ended with {verdict:?}")) }
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
