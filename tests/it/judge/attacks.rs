//! Hostile programs through the real server: every C program of the sandbox's attack list, handed in by
//! `POST /api/jobs` and, at the same time, by `POST /api/v2/execute`, each with the end that it must have. Afterwards
//! nothing of them is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_sandbox::attack::{Case, Expect, HEADER, Kind, cases};
use serde_json::{Value, json};

use super::piston::execute;
use super::secrets::{Secrets, with_secrets};
use super::{hand_in, judged};
use crate::server::Server;

/// How long what was used may take to be cleared away. 20 s: a busy machine; usual is a second.
const CLEARED_WITHIN: Duration = Duration::from_secs(20);

/// The signal of a stack that is full.
const SEGV: i64 = nix::sys::signal::Signal::SIGSEGV as i64;

/// How an end is told: verdict, exit status, signal.
type End = (&'static str, Option<i64>, Option<i64>);

/// What may come of an attack, as the judge says it.
fn ends(expect: Expect) -> Vec<End> {
    let plain = |verdict| (verdict, None, None);
    match expect {
        Expect::Held => vec![plain("accepted")],
        Expect::Failed(status) => vec![("runtime_error", Some(status.into()), None)],
        Expect::Signalled(signal) => vec![("runtime_error", None, Some(signal.into()))],
        Expect::CpuTime => vec![plain("time_limit")],
        Expect::WallTime => vec![plain("wall_limit")],
        Expect::Memory => vec![plain("memory_limit")],
        Expect::Output => vec![plain("output_limit")],
        Expect::Forbidden(_) | Expect::Foreign => vec![plain("security_violation")],
        Expect::Bounded => {
            vec![plain("memory_limit"), plain("time_limit"), plain("wall_limit")]
        }
        Expect::MemoryOrStack => {
            vec![plain("memory_limit"), ("runtime_error", None, Some(SEGV))]
        }
        Expect::NotBuilt | Expect::Fuel | Expect::Trapped => Vec::new(),
    }
}

/// The same, as Piston says it: status, code, signal.
fn pistons((verdict, code, signal): End) -> (Value, Value, Value) {
    let name = |number: i64| {
        let signal = nix::sys::signal::Signal::try_from(number as i32).expect("it is a signal");
        json!(signal.as_str())
    };
    let killed = json!("SIGKILL");
    match (verdict, code, signal) {
        ("accepted", ..) => (Value::Null, json!(0), Value::Null),
        ("runtime_error", Some(code), _) => (json!("RE"), json!(code), Value::Null),
        ("runtime_error", None, Some(signal)) => (json!("SG"), Value::Null, name(signal)),
        ("time_limit" | "wall_limit", ..) => (json!("TO"), Value::Null, killed),
        ("memory_limit", ..) => (json!("SG"), Value::Null, killed),
        ("security_violation", ..) => (json!("SG"), Value::Null, json!("SIGSYS")),
        _ => (json!("OL"), Value::Null, killed),
    }
}

/// One attack as a program of C, with each set of arguments that it is run with.
struct Attack {
    case: Case,
    source: String,
    calls: Vec<Vec<String>>,
}

fn attacks(secrets: &Secrets) -> Vec<Attack> {
    let attack = |case: Case| {
        let (source, calls) = match case.kind {
            Kind::Program(source, words) => {
                (source, vec![words.iter().map(|word| secrets.fill(word)).collect()])
            }
            Kind::Twice(source, words) => (source, words.map(|word| vec![word.to_owned()]).into()),
            _ => return None,
        };
        // The jail's folders are larger here; and a program that may lie anywhere has no hole of so many addresses.
        let source = source.replace("> 16 << 20", "> 65 << 20").replace("100L << 40", "16L << 40");
        // As the list's own are compiled: what an optimizer leaves out attacks nobody.
        let source = format!("#pragma GCC optimize (\"O1\")\n{HEADER}\n{source}");
        Some(Attack { case, source, calls })
    };
    cases().into_iter().filter_map(attack).collect()
}

impl Attack {
    /// Memory, in bytes. What fills the jail's folders, which are larger here, has room for that.
    fn memory(&self) -> u64 {
        match self.case.name {
            "fill_tmp" | "shared_memory_folder" => 256 << 20,
            _ => self.case.limits().memory_bytes,
        }
    }

    /// What was wrong with the end of a job.
    async fn as_job(&self, who: &Client) -> Vec<String> {
        let limits = self.case.limits();
        let mut jobs = Vec::new();
        for call in &self.calls {
            let body = json!({
                "language": "c", "source": self.source, "args": call,
                "limits": { "cpu_ms": limits.cpu_ms, "wall_ms": limits.wall_ms, "memory_bytes": self.memory(),
                    "processes": limits.processes, "output_bytes": limits.output_bytes },
            });
            jobs.push(hand_in(who, body).await);
        }
        let mut wrong = Vec::new();
        for job in jobs {
            let seen = judged(who, &job).await;
            let run = &seen["cases"][0];
            let fits = |(verdict, code, signal): &End| {
                let same = |name: &str, wanted: &Option<i64>| {
                    wanted.is_none() || run[name].as_i64() == *wanted
                };
                seen["verdict"] == *verdict && same("exit_code", code) && same("signal", signal)
            };
            let says = seen["stdout"].as_str().unwrap_or_default().contains(self.case.says);
            if !ends(self.case.expect).iter().any(fits) || !says {
                wrong.push(format!(
                    "{}: {} and not {}",
                    self.case.name,
                    short(&seen),
                    self.case.expect
                ));
            }
        }
        wrong
    }

    /// What was wrong with what Piston's client is told.
    async fn as_piston(&self, server: &Server) -> Vec<String> {
        let limits = self.case.limits();
        let mut wrong = Vec::new();
        for call in &self.calls {
            let body = json!({
                "language": "c", "version": "*", "args": call, "files": [{ "content": self.source }],
                "run_cpu_time": limits.cpu_ms, "run_timeout": limits.wall_ms, "run_memory_limit": self.memory(),
            });
            let (status, done) = execute(server, &body).await;
            let run = &done["run"];
            let fits = |end: &End| {
                let (status, code, signal) = pistons(*end);
                let output = end.0 == "output_limit";
                let same = (&run["code"], &run["signal"]) == (&code, &signal);
                let too_much = ["OL", "EL", "SG"].iter().any(|one| run["status"] == **one);
                (output && too_much) || (same && run["status"] == status)
            };
            // There it may have twice as many processes.
            let says = self.case.says.replace("made 31,", "made 63,");
            let says = run["stdout"].as_str().unwrap_or_default().contains(&says);
            if status != 200 || !ends(self.case.expect).iter().any(fits) || !says {
                wrong.push(format!(
                    "{} by Piston: {} and not {}",
                    self.case.name,
                    short(&done),
                    self.case.expect
                ));
            }
        }
        wrong
    }
}

pub(super) fn short(seen: &Value) -> String {
    seen.to_string().chars().take(700).collect()
}

/// What is there of a server's jails, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traces {
    cgroups: usize,
    processes: usize,
    zombies: usize,
    mounts: BTreeMap<u32, usize>,
}

impl Traces {
    fn of(server: &Server) -> Self {
        let mut of = BTreeMap::new();
        let mut states = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            // Behind the name, which may hold anything.
            let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            let mut words = rest.split(' ');
            let state = words.next().unwrap_or_default().to_owned();
            let parent: u32 = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
            of.entry(parent).or_insert_with(Vec::new).push(pid);
            states.insert(pid, state);
        }
        let (mut all, mut next) = (vec![server.pid()], 0);
        while next < all.len() {
            all.extend(of.get(&all[next]).into_iter().flatten());
            next += 1;
        }
        let lines = |pid: u32| {
            let path = format!("/proc/{pid}/mountinfo");
            std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
        };
        // The server's own, and those of whoever makes its jails.
        let makers = all.iter().take(2).copied();
        Self {
            cgroups: jails(server).iter().map(|jails| jobs(jails)).sum(),
            processes: all.len(),
            zombies: all.iter().filter(|pid| states.get(*pid).is_some_and(|s| s == "Z")).count(),
            mounts: makers.map(|pid| (pid, lines(pid))).collect(),
        }
    }

    /// What is there once a program has run well, and the jails that stand ready are made again.
    pub(super) async fn at_rest(server: &Server) -> Self {
        runs_well(server).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Self::of(server)
    }

    /// Waits until nothing is there that was not `before`.
    pub(super) async fn back(server: &Server, before: &Self) {
        let start = Instant::now();
        loop {
            let now = Self::of(server);
            let clear = now.cgroups <= before.cgroups
                && now.processes <= before.processes
                && now.zombies == 0
                && now.mounts == before.mounts;
            if clear {
                return;
            }
            assert!(start.elapsed() < CLEARED_WITHIN, "{before:?}, then {now:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The folders of this server's jails, one in each hierarchy of cgroups.
pub(super) fn jails(server: &Server) -> Vec<PathBuf> {
    let own = format!("{}-", server.pid());
    let mut found = Vec::new();
    let mut next = vec![(PathBuf::from("/sys/fs/cgroup"), 0)];
    while let Some((folder, deep)) = next.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if deep > 6 || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let ours = folder.file_name().is_some_and(|name| name == "playhouse-sandbox");
            if ours && entry.file_name().to_string_lossy().starts_with(&own) {
                found.push(entry.path());
            } else {
                next.push((entry.path(), deep + 1));
            }
        }
    }
    found
}

/// How many jobs have a folder in `jails`.
fn jobs(jails: &Path) -> usize {
    let entries = std::fs::read_dir(jails).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("job-")).count()
}

/// What was wrong with any of `all`, each handed in as a `job` and by `piston`, at the same time and from both ends.
pub(super) async fn both_ways<A, W: IntoIterator<Item = String>>(
    all: &[A],
    job: impl AsyncFn(&A) -> W,
    piston: impl AsyncFn(&A) -> W,
) -> Vec<String> {
    let jobs = async {
        let mut wrong = Vec::new();
        for one in all {
            wrong.extend(job(one).await);
        }
        wrong
    };
    let pistons = async {
        let mut wrong = Vec::new();
        for one in all.iter().rev() {
            wrong.extend(piston(one).await);
        }
        wrong
    };
    let (mut wrong, more) = tokio::join!(jobs, pistons);
    wrong.extend(more);
    wrong
}

pub(super) async fn runs_well(server: &Server) {
    let body = json!({ "language": "c", "version": "*", "files": [{ "content": "int main() { return 7; }" }] });
    let (status, done) = execute(server, &body).await;
    assert_eq!((status, &done["run"]["code"]), (200, &json!(7)), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_program_gets_through_the_server_or_leaves_anything_behind() {
    let Some((server, secrets)) = with_secrets().await else { return };
    let ann = server.person("ann").await;
    let before = Traces::at_rest(&server).await;
    assert!(before.cgroups > 0, "the jails that stand ready are not seen: {before:?}");
    let all = attacks(&secrets);
    assert!(all.len() > 140, "the list was not found: {}", all.len());
    let began = Instant::now();
    let wrong = both_ways(
        &all,
        async |attack| attack.as_job(&ann).await,
        async |attack| attack.as_piston(&server).await,
    )
    .await;
    println!("{} attacks, each by two ways, in {:?}", all.len(), began.elapsed());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    Traces::back(&server, &before).await;
    runs_well(&server).await;
    server.saw_no_panic();
}
