//! The tier for ordinary users, as an ordinary user: real cgroups of version 1 that were delegated.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{COMMAND, attacks, config, long};

/// A user that owns nothing on any machine.
const USER: u32 = 60_000;

/// Folders of one name in each hierarchy, given to the user, and removed at the end.
struct Delegated(Vec<PathBuf>);

impl Delegated {
    fn make(name: &str) -> Option<Self> {
        let mut made = Self(Vec::new());
        for controller in ["memory", "pids", "cpu", "cpuacct"] {
            let hierarchy = PathBuf::from("/sys/fs/cgroup").join(controller);
            if !hierarchy.join("tasks").exists() {
                println!("left out: this machine has no {controller} cgroups of version 1");
                return None;
            }
            let folder = hierarchy.join(name);
            std::fs::create_dir(&folder).unwrap();
            for file in ["", "cgroup.procs", "tasks"] {
                chown(folder.join(file), Some(USER), Some(USER)).unwrap();
            }
            made.0.push(folder);
        }
        Some(made)
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = std::fs::remove_dir(folder.join("playhouse-sandbox"));
            std::fs::remove_dir(folder).unwrap();
        }
    }
}

#[test]
fn an_ordinary_user_withdelegated_cgroups_of_version_1_holds_against_the_attack_list() {
    if config().is_none() {
        return;
    }
    let name = format!("playhouse-test-{}", std::process::id());
    let Some(delegated) = Delegated::make(&name) else { return };
    let (programs, folder, _stage) = attacks();
    // What the user runs and writes must be the user's own.
    chown(folder.path(), Some(USER), Some(USER)).unwrap();
    let command = folder.path().join("command");
    std::fs::copy(COMMAND, &command).unwrap();
    let own = folder.path().join("programs");
    std::fs::create_dir(&own).unwrap();
    chown(&own, Some(USER), Some(USER)).unwrap();
    for entry in std::fs::read_dir(&programs).unwrap().flatten() {
        std::fs::copy(entry.path(), own.join(entry.file_name())).unwrap();
        chown(own.join(entry.file_name()), Some(USER), Some(USER)).unwrap();
    }
    let mut run = Command::new(&command);
    run.args(["attack", "--tier", "rootless", "--cgroup", &format!("/{name}"), "--programs"]);
    run.arg(&own).uid(USER).gid(USER).current_dir("/");
    if !long() {
        // Those that cgroups alone can stop.
        run.arg("memory");
    }
    let done = run.output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success() && said.contains(", 0 did not"), "{said}");
    // The folders of the supervisor itself are gone with it, and as it was the last, those of all.
    for folder in &delegated.0 {
        assert!(!folder.join("playhouse-sandbox").exists());
    }
}
