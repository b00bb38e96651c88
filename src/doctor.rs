//! `playhouse doctor`: what this machine can and cannot do, and how to mend it.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use nix::sys::resource::{Resource, getrlimit};
use playhouse_actors::journal::sled::FREE_BYTES_MIN;
use playhouse_sandbox::{Image, Sandbox, Spec, Tier};

use crate::check;
use crate::config::Config;
use crate::control;
use crate::judge::court;
use crate::judge::languages::blocks;
use crate::tls::Certificates;

/// How many syncs are timed. 20: a second on the slowest disk that is still of use.
const SYNCS: u32 = 20;

/// A disk that takes longer for one sync makes every answer slow. 20 ms, a spinning disk's.
const SYNC_SLOW: Duration = Duration::from_millis(20);

/// Fewer descriptors than this are not enough for a hall. 4096.
const DESCRIPTORS_MIN: u64 = 4096;

/// Less free memory than this is not enough. 512 MiB: the store's cache, 10,000 connections and room
/// to spare.
const MEMORY_MIN: u64 = 512 << 20;

/// Less than this for a UDP socket loses packets when hundreds of players send at once. 1 MiB, some 450
/// packets as the system counts them.
const UDP_BUFFER_MIN: usize = 1 << 20;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It works, and not as well as it could.
    Poor,
    /// The server does not start, or must not.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found, with the values.
    pub found: String,
    /// How to mend it.
    pub mend: Option<String>,
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Fine, found: found.into(), mend: None }
    }

    fn poor(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        let mend = Some(mend.into());
        Self { what, verdict: Verdict::Poor, found: found.into(), mend }
    }

    fn bad(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        let mend = Some(mend.into());
        Self { what, verdict: Verdict::Bad, found: found.into(), mend }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Fine => "ok  ",
            Verdict::Poor => "poor",
            Verdict::Bad => "BAD ",
        };
        write!(f, "{mark}  {:<13} {}", self.what, self.found)?;
        match &self.mend {
            Some(mend) => write!(f, "\n                    -> {mend}"),
            None => Ok(()),
        }
    }
}

/// Looks at everything a server with `config` needs.
#[must_use]
pub fn examine(config: &Config) -> Vec<Finding> {
    let data = &config.store.data;
    let folder = nearest(data);
    let mut findings = vec![
        directory(data, &folder),
        disk(&folder),
        sync(&folder),
        store(config),
        descriptors(),
        memory(),
        cores(),
        clock(),
        http_port(config),
        quic_port(config),
        quic_certificate(config),
        udp_buffer(config),
        tls(config),
        browser(),
        sandbox(),
        judge(config),
    ];
    findings.extend(toolchains());
    findings
}

/// The strongest tier under which a program runs here.
fn sandbox() -> Finding {
    let mut why = None;
    for tier in Tier::ALL {
        match run_under(tier) {
            Ok(()) if tier == Tier::Full => {
                let found = "tier full works, for programs and for WebAssembly modules";
                return Finding::fine("sandbox", found);
            }
            Ok(()) => {
                let found =
                    format!("tier {tier} works, full does not: {}", why.unwrap_or_default());
                return Finding::poor("sandbox", found, "playhouse-sandbox check says more");
            }
            Err(error) => drop(why.get_or_insert(error)),
        }
    }
    let found = format!("no tier works: {}", why.unwrap_or_default());
    Finding::poor("sandbox", found, "playhouse-sandbox check says how to mend each layer")
}

/// A WebAssembly module that does nothing.
const MODULE: &str = r#"(module (func (export "_start")))"#;

fn run_under(tier: Tier) -> Result<(), String> {
    let config = playhouse_sandbox::Config { tier, ..playhouse_sandbox::Config::default() };
    let jails = Sandbox::start(&config).map_err(|e| e.to_string())?;
    let module = jails.module(MODULE.into(), [""; 0], None).map_err(|e| e.to_string())?;
    for (what, spec) in [("true", Spec::new(Image::system(), ["true"])), ("a module", module)] {
        let outcome = jails.run(spec).map_err(|e| e.to_string())?;
        if outcome.report.verdict != playhouse_sandbox::Verdict::Ok {
            let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
            return Err(format!("{what} ended with {:?} {said}", outcome.report.verdict));
        }
    }
    Ok(())
}

/// Whether programs can be judged under the tier that is configured.
fn judge(config: &Config) -> Finding {
    if !config.judge.enabled {
        return Finding::fine("judge", "switched off (judge.enabled)");
    }
    let (tier, slots) = (court::tier(&config.judge), court::slots(&config.judge));
    if let Err(error) = blocks(config.judge.languages.as_deref()) {
        let found = crate::cli::chain(&error);
        return Finding::bad("judge", found, "mend the file, or leave judge.languages out");
    }
    match run_under(tier) {
        Ok(()) => Finding::fine("judge", format!("{slots} programs at once, under tier {tier}")),
        Err(error) => Finding::poor(
            "judge",
            format!("no program is run: {error}"),
            "playhouse-sandbox check says more; or name a tier that can be had here as judge.tier",
        ),
    }
}

/// The compilers and interpreters of this machine that jobs can use.
fn toolchains() -> Vec<Finding> {
    let found = playhouse_sandbox::toolchains();
    let there = found.iter().map(|one| Finding::fine(one.name, one.version.clone()));
    let missing = playhouse_sandbox::missing(&found).map(|(name, package)| {
        Finding::poor(name, "not here: no job can use it", format!("apt install {package}"))
    });
    there.chain(missing).collect()
}

/// The directory itself, or the nearest above it that is there.
fn nearest(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn probe(folder: &Path) -> std::io::Result<(PathBuf, File)> {
    let path = folder.join(format!(".playhouse-doctor-{}", std::process::id()));
    File::create(&path).map(|file| (path, file))
}

fn directory(data: &Path, folder: &Path) -> Finding {
    match probe(folder) {
        Ok((path, _)) => {
            let _ = std::fs::remove_file(path);
            let new = if data.is_dir() { "" } else { ", to be made at the first start" };
            Finding::fine("data", format!("{} can be written{new}", data.display()))
        }
        Err(error) => Finding::bad(
            "data",
            format!("{} cannot be written: {error}", folder.display()),
            "give the directory to the user that runs the server, or name another with --data",
        ),
    }
}

fn disk(folder: &Path) -> Finding {
    let free = match nix::sys::statvfs::statvfs(folder) {
        Ok(stat) => stat.blocks_available() * stat.fragment_size(),
        Err(error) => {
            return Finding::poor(
                "disk",
                format!("free space is unknown: {error}"),
                "look by hand",
            );
        }
    };
    let found = format!("{} free", mebibytes(free));
    match free {
        0..FREE_BYTES_MIN => Finding::bad("disk", found, "writing stops below 64 MiB: free some"),
        n if n < 16 * FREE_BYTES_MIN => Finding::poor("disk", found, "free some before a season"),
        _ => Finding::fine("disk", found),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// How long a small write takes to be on the disk: every answer to a command waits for one.
fn sync(folder: &Path) -> Finding {
    let timed = || -> std::io::Result<Vec<Duration>> {
        let (path, mut file) = probe(folder)?;
        let mut took = Vec::new();
        for _ in 0..SYNCS {
            let start = Instant::now();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            took.push(start.elapsed());
        }
        std::fs::remove_file(path)?;
        took.sort_unstable();
        Ok(took)
    };
    match timed() {
        Ok(took) => {
            let (half, worst) = (took[took.len() / 2], took[took.len() - 1]);
            let found = format!("4 KiB are on the disk after {half:.1?}, at worst {worst:.1?}");
            if half > SYNC_SLOW {
                Finding::poor("fdatasync", found, "put the data directory on a solid-state disk")
            } else {
                Finding::fine("fdatasync", found)
            }
        }
        Err(error) => Finding::bad("fdatasync", format!("failed: {error}"), "see data"),
    }
}

fn store(config: &Config) -> Finding {
    let data = &config.store.data;
    if is_served(data) {
        return Finding::fine("store", "a server is running on it");
    }
    match check::in_child(data, config.store.check_timeout) {
        Ok(said) => Finding::fine("store", said),
        Err(error) => Finding::bad(
            "store",
            crate::cli::chain(&error),
            "restore the newest backup into another directory: playhouse restore --from FILE --data DIR",
        ),
    }
}

fn is_served(data: &Path) -> bool {
    matches!(control::ask(data, &control::Request::Ping), Ok(Some(Ok(_))))
}

fn descriptors() -> Finding {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => {
            let found = format!("{soft} open files, {hard} possible (raised at start)");
            if hard < DESCRIPTORS_MIN {
                let mend = "raise LimitNOFILE (systemd) or ulimit -Hn: one a connection is needed";
                Finding::poor("descriptors", found, mend)
            } else {
                Finding::fine("descriptors", found)
            }
        }
        Err(error) => Finding::poor("descriptors", format!("unknown: {error}"), "see ulimit -n"),
    }
}

fn memory() -> Finding {
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    match kib.map(|kib| kib << 10) {
        Some(free) if free < MEMORY_MIN => Finding::poor(
            "memory",
            format!("{} available", mebibytes(free)),
            "leave 512 MiB to the server, or lower live.connections and http.max_connections",
        ),
        Some(free) => Finding::fine("memory", format!("{} available", mebibytes(free))),
        None => Finding::poor("memory", "unknown", "/proc/meminfo cannot be read"),
    }
}

fn cores() -> Finding {
    match std::thread::available_parallelism().map_or(1, usize::from) {
        1 => Finding::poor("cores", "1", "a log-in takes a core for 20 ms: rooms wait meanwhile"),
        n => Finding::fine("cores", n.to_string()),
    }
}

/// A clock that was never set makes every token and every showing wrong.
fn clock() -> Finding {
    let now = jiff::Timestamp::now();
    let built = std::env::current_exe().and_then(std::fs::metadata).and_then(|m| m.modified());
    let before = built.is_ok_and(|built| SystemTime::now() + Duration::from_secs(86_400) < built);
    if before || now.as_second() < 1_735_689_600 {
        let mend = "set it (timedatectl set-ntp true): tokens and showings go by it";
        return Finding::bad("clock", format!("{now:.0} lies before this program was built"), mend);
    }
    Finding::fine("clock", format!("{now:.0}"))
}

fn http_port(config: &Config) -> Finding {
    let addr = config.http.addr;
    match TcpListener::bind(addr) {
        Ok(_) => Finding::fine("http", format!("{addr} is free")),
        Err(_) if is_served(&config.store.data) => {
            Finding::fine("http", format!("{addr} is in use; a server runs on this data"))
        }
        Err(error) => Finding::bad(
            "http",
            format!("{addr} cannot be listened on: {error}"),
            "stop what uses it, or name another with --http (port 0 takes any)",
        ),
    }
}

fn quic_port(config: &Config) -> Finding {
    let addr = config.quic.addr;
    if !config.quic.enabled {
        return Finding::fine("quic", "off: matches are played over WebSocket");
    }
    match UdpSocket::bind(addr) {
        Ok(_) if addr.ip().is_loopback() => {
            Finding::fine("quic", format!("{addr} is free (UDP); only this machine reaches it"))
        }
        // Whether packets get through is for a firewall to say, and a machine cannot ask its own.
        Ok(_) => Finding {
            mend: Some(open_port(addr.port())),
            ..Finding::fine("quic", format!("{addr} is free (UDP)"))
        },
        Err(_) if is_served(&config.store.data) => {
            Finding::fine("quic", format!("{addr} is in use; a server runs on this data"))
        }
        Err(error) => Finding::bad(
            "quic",
            format!("{addr} cannot be listened on (UDP): {error}"),
            "stop what uses it, name another with --quic, or turn it off (quic.enabled)",
        ),
    }
}

/// How a firewall lets players in.
fn open_port(port: u16) -> String {
    format!(
        "behind a firewall: `ufw allow {port}/udp`, or `nft add rule inet filter input udp dport {port} accept`; \
         else matches are played over WebSocket"
    )
}

/// By which certificate clients of games know the server. Nothing is made here.
fn quic_certificate(config: &Config) -> Finding {
    let quic = &config.quic;
    let named = Certificates::named(quic.cert.as_deref(), quic.key.as_deref());
    match named.and_then(|named| Ok(named.or(Certificates::open(&config.tls)?))) {
        Ok(Some(_)) => Finding::fine("quic-tls", "by the certificate that is named"),
        Ok(None) => {
            let life = quic.certificate_life.as_secs() / (24 * 3600);
            let found = format!("by one of the server's own, good for {life} days and renewed");
            Finding::fine("quic-tls", found)
        }
        Err(error) => {
            let found = crate::cli::chain(&error);
            Finding::bad("quic-tls", found, "see quic.cert and quic.key; both are PEM")
        }
    }
}

/// Whether the system grants a UDP socket room for what comes at once.
fn udp_buffer(config: &Config) -> Finding {
    if !config.quic.enabled {
        return Finding::fine("udp", "not used");
    }
    match crate::quic::endpoint::granted_bytes() {
        Ok(bytes) if bytes < UDP_BUFFER_MIN => Finding::poor(
            "udp",
            format!("the system grants {} KiB of buffer to a socket", bytes >> 10),
            "sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304 (for hundreds of players)",
        ),
        Ok(bytes) => {
            let found = format!("the system grants {} KiB of buffer to a socket", bytes >> 10);
            Finding::fine("udp", found)
        }
        Err(error) => Finding::poor("udp", format!("unknown: {error}"), "look by hand"),
    }
}

fn tls(config: &Config) -> Finding {
    match Certificates::open(&config.tls) {
        Ok(Some(_)) => Finding::fine("tls", "certificate and key can be read and belong together"),
        Ok(None) if config.http.addr.ip().is_loopback() => {
            Finding::fine("tls", "off; right on loopback")
        }
        Ok(None) => Finding::poor(
            "tls",
            format!("off, and {} can be reached from elsewhere", config.http.addr),
            "set tls.cert and tls.key, or stand behind a proxy that speaks TLS",
        ),
        Err(error) => {
            let found = crate::cli::chain(&error);
            Finding::bad("tls", found, "see tls.cert and tls.key; both are PEM")
        }
    }
}

fn browser() -> Finding {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    if is_there("chromium") && is_there("chromedriver") {
        return Finding::fine("browser", "chromium and chromedriver are there (for tests alone)");
    }
    let found = "chromium or chromedriver is missing; the pages' tests are left out";
    Finding::poor("browser", found, "apt install chromium chromium-driver (for tests alone)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_written_is_bad_and_says_how_to_mend_it() {
        let finding = directory(Path::new("/proc/none"), Path::new("/proc"));
        assert_eq!(finding.verdict, Verdict::Bad);
        assert!(finding.to_string().contains("--data"), "{finding}");
    }

    #[test]
    fn a_port_in_use_is_bad() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = folder.path().to_owned();
        config.http.addr = taken.local_addr().unwrap();
        assert_eq!(http_port(&config).verdict, Verdict::Bad);
        drop(taken);
        assert_eq!(http_port(&config).verdict, Verdict::Fine);
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        config.quic.addr = taken.local_addr().unwrap();
        let finding = quic_port(&config);
        assert_eq!(finding.verdict, Verdict::Bad);
        assert!(finding.to_string().contains("--quic"), "{finding}");
        drop(taken);
        let finding = quic_port(&config).to_string();
        assert!(finding.contains("only this machine reaches it"), "{finding}");
        config.quic.addr = "0.0.0.0:0".parse().unwrap();
        let finding = quic_port(&config);
        assert_eq!(finding.verdict, Verdict::Fine);
        assert!(finding.to_string().contains("ufw allow 0/udp"), "{finding}");
        config.quic.enabled = false;
        assert_eq!(quic_port(&config).verdict, Verdict::Fine);
    }

    #[test]
    fn the_disk_is_timed_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().unwrap();
        let finding = sync(folder.path());
        assert!(finding.found.contains("on the disk after"), "{finding}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_certificate_that_is_missing_is_bad() {
        let mut config = Config::default();
        config.tls.cert = Some("/nowhere/cert.pem".into());
        config.tls.key = Some("/nowhere/key.pem".into());
        assert_eq!(tls(&config).verdict, Verdict::Bad);
        assert_eq!(quic_certificate(&config).verdict, Verdict::Bad);
        config.tls = crate::config::Tls::default();
        assert_eq!(quic_certificate(&config).verdict, Verdict::Fine);
    }
}
