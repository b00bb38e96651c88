//! What the sandbox promises to those who use it well.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use playhouse_sandbox::attack::Traces;
use playhouse_sandbox::{
    Config, Error, Hooks, Image, Input, InputFile, Sandbox, Spec, Stream, Tier, Verdict,
};

use crate::harness::{config, long, out, sandbox, shell};

#[test]
fn a_program_gets_its_files_its_input_and_its_variables_and_hands_back_its_results() {
    let Some(sandbox) = sandbox() else { return };
    let mut spec = shell("cat; cat a/b; echo $GREETING; ./run; echo four > out; id -u; pwd");
    spec.input = Input::Bytes(b"one\n".repeat(30_000));
    spec.environment.insert("GREETING".into(), "three".into());
    let file = |name: &str, text: &str, executable| InputFile {
        name: name.into(),
        bytes: text.into(),
        executable,
    };
    spec.files = vec![file("a/b", "two\n", false), file("run", "#!/bin/sh\necho run\n", true)];
    spec.results = vec!["out".into(), "none".into()];
    let outcome = sandbox.run(spec).unwrap();
    assert_eq!(outcome.report.verdict, Verdict::Ok);
    let told = "one\n".repeat(30_000) + "two\nthree\nrun\n1000\n/work";
    assert_eq!(out(&outcome), told);
    assert_eq!(outcome.report.results[0].bytes, b"four\n");
    assert!(outcome.report.results[1].refused.is_some());
    assert_eq!(outcome.report.tier, Tier::Full);
}

#[test]
fn a_program_can_be_talked_with_while_it_runs() {
    let Some(sandbox) = sandbox() else { return };
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
    let mut writer = Some(std::fs::File::from(writer));
    let mut spec = shell("while read line; do echo got $line; done; echo end");
    spec.input = Input::Descriptor(reader);
    let mut turns = 0;
    writer.as_mut().unwrap().write_all(b"0\n").unwrap();
    let mut sink = |stream, piece: &[u8]| {
        assert_eq!(stream, Stream::Out);
        let text = String::from_utf8_lossy(piece).into_owned();
        if text.starts_with("got") {
            assert_eq!(text, format!("got {turns}\n"));
            turns += 1;
            match (&mut writer, turns) {
                (Some(open), ..5) => open.write_all(format!("{turns}\n").as_bytes()).unwrap(),
                _ => writer = None,
            }
        }
    };
    let hooks = Hooks { sink: Some(&mut sink), ..Hooks::default() };
    let outcome = sandbox.run_with(spec, hooks).unwrap();
    assert_eq!(turns, 5);
    assert_eq!(outcome.report.verdict, Verdict::Ok);
}

#[test]
fn a_job_that_is_called_off_ends_at_once() {
    let Some(sandbox) = sandbox() else { return };
    let (cancel, other): (OwnedFd, OwnedFd) =
        nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
    let mut other = Some(other);
    let mut sink = |_: Stream, _: &[u8]| drop(other.take());
    let started = Instant::now();
    let hooks = Hooks { cancel: Some(cancel.as_fd()), sink: Some(&mut sink) };
    let outcome = sandbox.run_with(shell("echo begun; sleep 1000"), hooks).unwrap();
    assert_eq!(outcome.report.verdict, Verdict::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn jobs_that_run_at_once_see_nothing_of_each_other() {
    let Some(sandbox) = sandbox() else { return };
    // Each leaves a mark wherever it can, waits for the other, and looks for marks of the other.
    let script = "mark=$0; echo $mark > /tmp/$mark; echo $mark > /work/$mark; sleep 0.3; \
        ls /tmp /work | grep -v -e $mark -e : -e '^$'; test $(ls /proc | grep -c '^[0-9]') -le 4 && hostname";
    let texts: Vec<String> = std::thread::scope(|scope| {
        let run = |name: &'static str| {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let spec = Spec::new(Image::system(), ["sh", "-c", script, name]);
                out(&sandbox.run(spec).unwrap())
            })
        };
        let both = [run("one"), run("two")];
        both.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(texts, ["jail", "jail"]);
}

#[test]
fn each_of_many_jobs_at_once_has_a_user_of_its_own() {
    let Some(sandbox) = sandbox() else { return };
    let ids: BTreeSet<String> = (0..6)
        .map(|_| out(&sandbox.run(shell("cut -c 1- /proc/self/uid_map | tail -1")).unwrap()))
        .collect();
    assert_eq!(ids.len(), 6, "{ids:?}");
}

#[test]
fn what_cannot_be_shown_or_executed_is_told_and_nothing_runs() {
    let Some(sandbox) = sandbox() else { return };
    let mut image = Image::bare();
    image.bind("/no/such/folder", "/x");
    let told = sandbox.run(Spec::new(image, ["true"])).unwrap_err().to_string();
    assert!(told.contains("/no/such/folder") && told.contains("layer root"), "{told}");
    let told = sandbox.run(Spec::new(Image::bare(), ["true"])).unwrap_err();
    assert!(matches!(told, Error::Program { .. }), "{told}");
    let mut spec = shell("true");
    spec.files = vec![InputFile { name: "x".into(), bytes: b"no".into(), executable: false }];
    spec.arguments = vec!["./x".into()];
    let told = sandbox.run(spec).unwrap_err().to_string();
    assert!(told.contains("failed to start './x'"), "{told}");
    assert_eq!(sandbox.settle(), 0);
    assert_eq!(sandbox.job_cgroups(), 0);
}

#[test]
fn a_part_of_the_image_may_lie_where_only_the_supervisors_user_may_go() {
    let Some(sandbox) = sandbox() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("part")).unwrap();
    std::fs::write(folder.path().join("part/hello"), "hello").unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(folder.path(), closed).unwrap();
    let mut spec = shell("cat /part/hello");
    spec.image.bind(folder.path().join("part"), "/part");
    assert_eq!(out(&sandbox.run(spec).unwrap()), "hello");
}

#[test]
fn a_part_that_was_replaced_is_shown_to_the_next_job() {
    let Some(sandbox) = sandbox() else { return };
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part");
    let seen = || {
        let mut spec = shell("cat /part");
        spec.image.bind(&part, "/part");
        out(&sandbox.run(spec).unwrap())
    };
    std::fs::write(&part, "old").unwrap();
    assert_eq!(seen(), "old");
    std::fs::write(folder.path().join("new"), "new").unwrap();
    std::fs::rename(folder.path().join("new"), &part).unwrap();
    assert_eq!(seen(), "new");
}

#[test]
fn jails_have_the_root_of_their_image_and_what_lies_below_their_proc_shows_nothing() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.run(shell("true")).unwrap();
    let root = std::fs::read_dir("/proc/self/fd").unwrap().flatten().find(|fd| {
        let target = std::fs::read_link(fd.path()).unwrap_or_default();
        target.to_string_lossy().starts_with("mnt:")
    });
    let mounts = root.unwrap().file_name().into_string().unwrap();
    let mounts = format!("--mount=/proc/{}/fd/{mounts}", std::process::id());
    let mut enter = std::process::Command::new("nsenter");
    let listed = enter.args([&mounts, "ls", "/", "/proc"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let names: Vec<&str> = listed.split_whitespace().collect();
    assert!(names.contains(&"work"), "it is a jail's root: {names:?}");
    let below = names.iter().position(|name| *name == "/proc:").unwrap();
    // Two links that lead nowhere: the pid namespace is dead.
    assert_eq!(names[below + 1..], ["self", "thread-self"]);
}

#[test]
fn a_tier_that_cannot_be_had_is_refused_and_never_weakened() {
    let Some(config) = config() else { return };
    let config = Config { cgroup: Some("/no-such-cgroup".into()), ..config };
    let told = Sandbox::start(&config).unwrap_err().to_string();
    assert!(told.contains("no-such-cgroup"), "{told}");
    assert!(told.contains("delegated"), "it says how to mend it: {told}");
}

#[test]
fn the_two_rootless_tiers_run_jobs_and_say_so() {
    let Some(config) = config() else { return };
    for tier in [Tier::Rootless, Tier::RootlessNoCgroup] {
        let sandbox = Sandbox::start(&Config { tier, ..config.clone() }).unwrap();
        let outcome = sandbox.run(shell("id -u; cat /proc/self/uid_map | wc -l")).unwrap();
        assert_eq!(out(&outcome), "1000\n1");
        assert_eq!(outcome.report.tier, tier);
        assert_eq!(sandbox.settle(), 0);
    }
}

#[test]
fn many_jobs_in_a_row_leave_no_more_than_few() {
    let Some(config) = config() else { return };
    let jobs = if long() { 10_000 } else { 200 };
    let sandbox = Sandbox::start(&Config { pool: Some((Image::system(), 2)), ..config }).unwrap();
    let run = |number: usize| {
        for _ in 0..number {
            let outcome = sandbox.run(Spec::new(Image::system(), ["true"])).unwrap();
            assert_eq!(outcome.report.verdict, Verdict::Ok);
        }
        assert_eq!(sandbox.settle(), 0);
    };
    run(50);
    let (before, memory) = (Traces::of(&sandbox), resident());
    run(jobs);
    assert_eq!(Traces::left(&sandbox, &before), Vec::<String>::new());
    let more = resident().saturating_sub(memory);
    assert!(more < 1_024, "{more} KiB more after {jobs} jobs");
}

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
