//! What the judge does where something beneath it fails: compilers that go wrong, a cgroup that cannot be made, a disk
//! that is full, and what a server that was killed left behind.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::attacks::{Traces, jails, runs_well};
use super::piston::execute;
use super::{hand_in, judged, judging, once, python, text};
use crate::store_faults::disks::Disk;

/// A language whose compiler does what a shell is told.
fn compiler(id: &str, does: &str) -> String {
    let does = json!(does);
    format!(
        "[[language]]\nid = '{id}'\nname = '{id}'\naliases = []\ntoolchain = 'python'\nfile = 'main.x'\n\
         extensions = ['x']\ncompile = ['/bin/sh', '-c', {does}]\nartefacts = ['program']\n\
         run = ['/work/program']\nimage = 'toolchain'\n\n"
    )
}

/// What compilers do that go wrong, and what is said of it.
const WRONG: [(&str, &str, &str); 7] = [
    ("hangs", "while :; do sleep 1000; done", "took longer than it may"),
    ("spins", "while :; do :; done", "used more processor time than it may"),
    ("forks", "bomb() { bomb | bomb & }; bomb; while :; do sleep 1000 & done; wait", "it may"),
    ("writes", "exec dd if=/dev/zero of=big bs=1M count=10240", "wrote more than it may"),
    ("prints", "exec dd if=/dev/zero bs=1M count=10240", "wrote more than it may"),
    ("leaves", "exec true", "left no 'program'"),
    ("links", "ln -s /etc/shadow program", "left no 'program'"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_that_hangs_forks_or_writes_ten_gigabytes_is_a_verdict_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("languages.toml");
    std::fs::write(&file, WRONG.map(|(id, does, _)| compiler(id, does)).concat()).unwrap();
    let path = file.display().to_string();
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_LANGUAGES", &path)]) else { return };
    let ann = server.person("ann").await;
    let before = Traces::at_rest(&server).await;
    let mut jobs = Vec::new();
    for (id, _, says) in WRONG {
        let body = json!({ "language": id, "files": [{ "name": "main.x", "content": "x" }] });
        jobs.push((id, says, hand_in(&ann, body).await));
    }
    for (id, says, job) in jobs {
        let seen = judged(&ann, &job).await;
        assert_eq!(seen["verdict"], "compile_error", "{id}: {seen}");
        let message = seen["compile"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "{id}: '{message}' and not '{says}'");
        assert_eq!((&seen["attempt"], &seen["cases"]), (&json!(1), &json!([])), "{id}: {seen}");
    }
    let body = json!({ "language": "writes", "version": "*", "files": [{ "content": "x" }] });
    let (status, done) = execute(&server, &body).await;
    assert_eq!((status, &done["run"]["signal"]), (200, &json!("SIGKILL")), "{done}");
    let kept = server.data().join("judge-cache/programs");
    assert_eq!(files(&kept), 1, "only the program that runs well is kept");
    Traces::back(&server, &before).await;
    runs_well(&server).await;
    server.saw_no_panic();
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// How many of the next jobs find their folder taken.
const TAKEN: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_cgroup_that_cannot_be_made_runs_nothing_says_so_and_is_tried_again() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "1")]) else { return };
    let ann = server.person("ann").await;
    assert_eq!(judged(&ann, &hand_in(&ann, python("print(1)")).await).await["verdict"], "accepted");
    // Somebody else has the folders that the next jobs would be given.
    let folder = jails(&server).into_iter().next().expect("a folder of its own");
    let taken: Vec<PathBuf> = (0..TAKEN).map(|n| folder.join(format!("job-{n}"))).collect();
    let made: Vec<_> = taken.iter().filter(|path| std::fs::create_dir(path).is_ok()).collect();
    assert!(made.len() > TAKEN as usize / 2, "{}", made.len());
    // Those that stand ready are used up; each of the others is tried three times.
    let mut given_up = None;
    for _ in 0..10 {
        let seen = judged(&ann, &hand_in(&ann, python("print(1)")).await).await;
        if seen["verdict"] == "internal_error" {
            given_up = Some(seen);
            break;
        }
        assert_eq!(seen["verdict"], "accepted", "{seen}");
    }
    let seen = given_up.expect("nothing runs without its cgroup");
    assert_eq!((&seen["attempt"], &seen["cases"]), (&json!(3), &json!([])), "{seen}");
    assert!(text(&seen, "message").contains("job-"), "it names the folder: {seen}");
    // It is tried again: a job that waits for its next attempt is judged once there is room.
    let job = hand_in(&ann, python("print(2)")).await;
    for path in made {
        let _ = std::fs::remove_dir(path);
    }
    let seen = judged(&ann, &job).await;
    assert!(["accepted", "internal_error"].contains(&text(&seen, "verdict")), "{seen}");
    let seen = judged(&ann, &hand_in(&ann, python("print(3)")).await).await;
    assert_eq!((&seen["verdict"], &seen["stdout"]), (&json!("accepted"), &json!("3\n")));
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_left_of_its_jails_is_swept_when_it_starts_again() {
    let Some(mut server) = judging(&[("PLAYHOUSE_JUDGE_SLOTS", "2")]) else { return };
    let ann = server.person("ann").await;
    let source =
        "import os, time\nfor _ in range(5):\n os.fork()\nprint(1, flush=True)\ntime.sleep(50)";
    let limits = json!({ "wall_ms": 60_000, "processes": 64 });
    let body = json!({ "language": "python", "source": source, "limits": limits });
    let job = hand_in(&ann, body).await;
    once(&ann, &job, |seen| seen["stdout"].as_str().is_some_and(|out| out.contains('1'))).await;
    let left = jails(&server);
    assert!(!left.is_empty());
    tokio::task::block_in_place(|| server.kill());
    let there = left.iter().filter(|folder| folder.exists()).count();
    assert!(there > 0, "a killed server cleans nothing up");
    tokio::task::block_in_place(|| server.run());
    // It is run again from its start, so the jail is there again.
    once(&ann, &job, |seen| seen["attempt"] == 2 && seen["phase"] == "running").await;
    let began = Instant::now();
    while left.iter().any(|folder| folder.exists()) {
        assert!(began.elapsed() < Duration::from_secs(20), "{left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!jails(&server).is_empty());
    ann.delete(&job).await.unwrap();
    server.saw_no_panic();
}

/// A program that takes its compiler a little, and leaves something to be kept.
fn compiled(n: u32) -> Value {
    let source = format!("#include <stdio.h>\nint main(void) {{ printf(\"%d\", {n}); }}");
    json!({ "language": "c", "source": source, "tests": [{ "expected": n.to_string() }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_programs_are_refused_or_judged_and_what_was_accepted_is_never_lost() {
    if judging(&[]).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new("mount -t tmpfs -o size=120m tmpfs $data", folder.path()) else {
        return;
    };
    let mut server = disk.server(folder);
    for (name, value) in [
        ("PLAYHOUSE_JUDGE_ENABLED", "true"),
        ("PLAYHOUSE_JUDGE_SLOTS", "1"),
        ("PLAYHOUSE_LIMITS_REQUESTS_PER_SECOND_ACCOUNT", "0"),
    ] {
        server.set(name, value);
    }
    server.run();
    let ann = server.person("ann").await;
    assert_eq!(judged(&ann, &hand_in(&ann, compiled(0)).await).await["verdict"], "accepted");
    // One runs and some wait when the last byte is taken.
    let sleeps = json!({ "language": "python", "source": "import time\ntime.sleep(3)", "tests": [{ "expected": "" }],
        "limits": { "wall_ms": 30_000 } });
    let mut accepted = vec![hand_in(&ann, sleeps).await];
    for n in 1..=3 {
        accepted.push(hand_in(&ann, compiled(n)).await);
    }
    once(&ann, &accepted[0], |seen| seen["phase"] == "running").await;
    tokio::task::block_in_place(|| disk.fill(None));
    let began = Instant::now();
    let refusal = loop {
        let key = playhouse_loadtest::client::new_key();
        let body = compiled(99);
        let path = super::JOBS;
        let (status, answer) =
            ann.once(reqwest::Method::POST, path, Some(&key), Some(&body)).await.unwrap();
        if status.is_success() {
            accepted.push(format!("{path}/{}", text(&answer, "id")));
            assert!(began.elapsed() < Duration::from_secs(20), "every job is taken");
            continue;
        }
        break (status.as_u16(), text(&answer, "code").to_owned());
    };
    assert_eq!(refusal, (503, "store_unavailable".to_owned()));
    // What is there can be looked at, and nothing is said to be judged that is not.
    for job in &accepted {
        let seen = ann.get(job).await.unwrap();
        assert_ne!(seen["verdict"], "internal_error", "{seen}");
    }
    disk.run("rm $data/filler");
    for job in &accepted {
        let seen = judged(&ann, job).await;
        assert_eq!(seen["verdict"], "accepted", "{seen}");
    }
    let seen = judged(&ann, &hand_in(&ann, compiled(7)).await).await;
    assert_eq!(seen["verdict"], "accepted", "{seen}");
    server.saw_no_panic();
}
