//! Supervisors that are killed at random moments, and the sweep at the next start.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use playhouse_sandbox::attack::Traces;
use playhouse_sandbox::{Config, Hooks, Image, Sandbox};

use crate::harness::{COMMAND, config, long, out, shell, wait_until};

/// A small generator of numbers, so that a run can be repeated from its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn seed() -> u64 {
    let given = std::env::var("PLAYHOUSE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap().as_nanos() as u64 | 1
    });
    println!("seed={seed}");
    seed
}

/// Every process whose command line holds `mark`.
fn processes(mark: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let line = |entry: std::fs::DirEntry| {
        let text = std::fs::read(entry.path().join("cmdline")).ok()?;
        let text = String::from_utf8_lossy(&text).replace('\0', " ");
        text.contains(mark).then_some(text)
    };
    all.filter_map(line).collect()
}

/// Folders of supervisors in every cgroup hierarchy, that are of the process `pid`.
fn cgroups(pid: u32) -> usize {
    let start = format!("{pid}-");
    let mut found = 0;
    let mut folders = vec![std::path::PathBuf::from("/sys/fs/cgroup")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let inside = folder.ends_with("playhouse-sandbox");
                found +=
                    usize::from(inside && entry.file_name().to_string_lossy().starts_with(&start));
                folders.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn a_supervisor_killed_at_any_moment_takes_its_jobs_along_and_the_next_sweeps_up() {
    let Some(config) = config() else { return };
    let mut chance = Chance(seed());
    let mark = format!("jail-mark-{}", std::process::id());
    let script =
        format!("(setsid sh -c 'while :; do sleep 1; done # {mark}' &) ; sleep 1000 # {mark}");
    let rounds = if long() { 1_000 } else { 12 };
    let mounts = lines("/proc/self/mountinfo");
    let mut killed = Vec::new();
    for _ in 0..rounds {
        let mut supervisor = Command::new(COMMAND)
            .args(["run", "--wall", "60s", "--", "sh", "-c", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(chance.below(40_000)));
        supervisor.kill().unwrap();
        supervisor.wait().unwrap();
        killed.push(supervisor.id());
    }
    wait_until("every process of the killed jobs is gone", || processes(&mark).is_empty());
    wait_until("every zygote of theirs is gone", || zygotes_without_supervisor() == 0);
    // The sweep of the next start removes what they left in the cgroup hierarchies.
    let sandbox = Sandbox::start(&config).unwrap();
    for pid in &killed {
        assert_eq!(cgroups(*pid), 0, "cgroups of supervisor {pid} are left");
    }
    assert_eq!(out(&sandbox.run(shell("echo fine")).unwrap()), "fine");
    assert_eq!(lines("/proc/self/mountinfo"), mounts);
}

fn lines(file: &str) -> usize {
    std::fs::read_to_string(file).unwrap().lines().count()
}

/// Zygotes that the first process of the machine has inherited.
fn zygotes_without_supervisor() -> usize {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|entry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1));
        line.contains("playhouse-sandbox-zygote") && parent == Some("1")
    })
    .count()
}

fn kill_zygote(sandbox: &Sandbox) -> u32 {
    let zygote = sandbox.zygote();
    let process = nix::unistd::Pid::from_raw(zygote as i32);
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    zygote
}

#[test]
fn a_zygote_that_is_killed_is_replaced_and_the_next_job_runs() {
    let Some(config) = config() else { return };
    let sandbox = Sandbox::start(&config).unwrap();
    assert_eq!(out(&sandbox.run(shell("echo fine")).unwrap()), "fine");
    sandbox.settle();
    let before = Traces::of(&sandbox);
    for _ in 0..3 {
        let killed = kill_zygote(&sandbox);
        assert_eq!(out(&sandbox.run(shell("echo fine")).unwrap()), "fine");
        assert_ne!(sandbox.zygote(), killed);
        assert_eq!(sandbox.settle(), 0);
        assert_eq!(Traces::left(&sandbox, &before), [""; 0]);
    }
}

#[test]
fn a_job_whose_zygote_is_killed_is_an_error_and_no_verdict() {
    let Some(sandbox) = crate::harness::sandbox() else { return };
    let mut sink = |_, _: &[u8]| {
        kill_zygote(&sandbox);
    };
    let hooks = Hooks { sink: Some(&mut sink), ..Hooks::default() };
    let told = sandbox.run_with(shell("echo started; sleep 100"), hooks).unwrap_err().to_string();
    assert!(told.contains("the jail was lost while it ran a job"), "{told}");
    assert_eq!(sandbox.settle(), 0);
    assert_eq!(out(&sandbox.run(shell("echo fine")).unwrap()), "fine");
}

#[test]
fn jails_that_died_with_their_zygote_are_removed_and_built_anew() {
    let Some(config) = config() else { return };
    let config = Config { pool: Some((Image::system(), 2)), ..config };
    let sandbox = Sandbox::start(&config).unwrap();
    sandbox.settle();
    let before = Traces::of(&sandbox);
    assert_eq!(before.ready, 2);
    kill_zygote(&sandbox);
    // The kernel takes a moment to kill the keepers: a job that gets one of them until then is told.
    wait_until("a job runs again", || match sandbox.run(shell("echo fine")) {
        Ok(outcome) => outcome.stdout == b"fine\n",
        Err(error) => {
            let told = error.to_string();
            assert!(told.contains("jail"), "{told}");
            false
        }
    });
    assert_eq!(sandbox.settle(), 0);
    assert_eq!(sandbox.ready(), 2);
    assert_eq!(Traces::left(&sandbox, &before), [""; 0]);
}

#[test]
fn a_zygote_that_cannot_live_is_tried_five_times_and_the_error_says_so() {
    let Some(config) = config() else { return };
    let sandbox = Sandbox::start(&Config { helper: "/bin/false".into(), ..config }).unwrap();
    let told = sandbox.run(shell("echo fine")).unwrap_err().to_string();
    assert!(told.contains("the zygote /bin/false died 5 times in a row"), "{told}");
    assert_eq!(sandbox.settle(), 0);
    assert_eq!(sandbox.job_cgroups(), 0);
}

#[test]
fn a_jail_is_the_same_under_any_umask_of_its_supervisor() {
    if config().is_none() {
        return;
    }
    let look = "echo x > /dev/null; cat /etc/passwd; stat -c '%a %n' / /dev /etc /tmp /work; umask";
    let under = |mask: &str| {
        let run = format!("umask {mask}; exec {COMMAND} run -- sh -c \"{look}\"");
        let done = Command::new("sh").args(["-c", &run]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let usual = under("022");
    assert!(usual.contains("755 /dev\n755 /etc\n"), "{usual}");
    assert_eq!(under("077"), usual);
    assert_eq!(under("0"), usual);
}

#[test]
fn what_the_command_prints_is_the_programs_own_and_its_status_too() {
    if config().is_none() {
        return;
    }
    let mut child = Command::new(COMMAND)
        .args(["run", "--report", "-", "--", "sh", "-c", "echo out; echo err >&2; exit 7"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
    assert_eq!(lines[0], "out");
    assert!(lines[1..].join("\n").contains("\"verdict\": \"failed\""), "{lines:?}");
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let missing = Command::new(COMMAND).args(["run", "--", "no-such-program"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(121));
    let told = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(told.contains("no-such-program"), "{told}");
    let limit = ["run", "--wall", "200ms", "--", "sleep", "100"];
    assert_eq!(Command::new(COMMAND).args(limit).status().unwrap().code(), Some(122));
    let zero = Command::new(COMMAND).args(["run", "--wall", "0s", "--", "true"]).output().unwrap();
    assert_eq!(zero.status.code(), Some(121), "no limit can be switched off");
}

#[test]
fn a_wrong_request_ends_with_a_status_of_its_own_and_says_what_is_wrong() {
    let wrong: [(&[&str], &str); 6] = [
        (&["run"], "<PROGRAM>"),
        (&["run", "--wall", "abc", "--", "true"], "not a whole number and a unit (s, ms, min)"),
        (&["run", "--memory", "64X", "--", "true"], "not a whole number and a unit"),
        (&["run", "--tier", "weird", "--", "true"], "full, rootless, rootless-no-cgroup"),
        (&["run", "--file", "/no-such-file", "--", "true"], "/no-such-file"),
        (&["attack", "no-such-attack"], "no attack's name holds 'no-such-attack'"),
    ];
    for (words, says) in wrong {
        let done = Command::new(COMMAND).args(words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(121), "{words:?}: {told}");
        assert!(told.contains(says), "{words:?}: {told}");
    }
    for words in [&["--help"][..], &["run", "--help"], &["--version"]] {
        assert!(Command::new(COMMAND).args(words).output().unwrap().status.success());
    }
}
