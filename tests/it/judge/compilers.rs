//! Programs whose attack is on the compiler, on the interpreter or on the host of modules: each by `POST /api/jobs` and
//! by `POST /api/v2/execute`, each with the end that it must have. Afterwards nothing of them is left.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_loadtest::client::Client;
use playhouse_sandbox::attack::{Case, Expect, Kind, cases};
use serde_json::{Value, json};

use super::attacks::{Traces, both_ways, runs_well, short};
use super::piston::execute;
use super::secrets::with_settings;
use super::{JOBS, judged, languages};
use crate::server::Server;

/// The name of a compiled or interpreted file's language.
fn language(file: &str) -> &'static str {
    match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("c") => "c",
        Some("cc") => "cpp",
        Some("rs") => "rust",
        ending => panic!("a source of no language: {ending:?}"),
    }
}

/// A block for each attack that a shell makes with a compiler: `run` is what the shell does.
fn blocks(scripts: &[Case]) -> String {
    let block = |case: &Case| {
        let Kind::Script(script) = case.kind else { panic!("no script") };
        let (file, name) = (script.file.0, case.name);
        let ending = file.rsplit('.').next().unwrap();
        let text = json!(script.text);
        let toolchain = script.toolchain;
        format!(
            "[[language]]\nid = '{name}'\nname = '{name}'\naliases = []\ntoolchain = '{toolchain}'\n\
             file = '{file}'\nextensions = ['{ending}']\nimage = 'toolchain'\n\
             run = ['/bin/sh', '-c', {text}, '{{program}}']\n\n"
        )
    };
    scripts.iter().map(block).collect()
}

/// One attack: what is handed in, and how it must end.
struct Attack {
    case: Case,
    language: String,
    file: Value,
    bytes: usize,
}

impl Attack {
    fn of(case: Case) -> Option<Self> {
        let (language, name, bytes) = match case.kind {
            Kind::Compile(file, text) => (language(file), file, text.as_bytes().to_vec()),
            Kind::Script(script) => (case.name, script.file.0, script.file.1.as_bytes().to_vec()),
            // How much a module may compute is counted in time here.
            Kind::Module(module, None) if module().starts_with(b"\0asm") => {
                ("wasm", "main.wasm", module())
            }
            Kind::Module(module, None) => ("wat", "main.wat", module()),
            _ => return None,
        };
        let size = bytes.len();
        let file = match String::from_utf8(bytes) {
            Ok(text) => json!({ "name": name, "content": text }),
            Err(binary) => {
                let content = STANDARD.encode(binary.as_bytes());
                json!({ "name": name, "content": content, "encoding": "base64" })
            }
        };
        Some(Self { case, language: language.to_owned(), file, bytes: size })
    }

    /// Verdicts of which a job must get one.
    fn verdicts(&self) -> &'static [&'static str] {
        match self.case.expect {
            Expect::NotBuilt => &["compile_error"],
            Expect::Held => &["accepted"],
            Expect::CpuTime => &["time_limit"],
            Expect::WallTime => &["wall_limit"],
            // Which it meets first depends on how large the jail's own folders are.
            Expect::Memory => &["memory_limit", "runtime_error"],
            Expect::Output => &["output_limit"],
            Expect::Failed(_) | Expect::Trapped => &["runtime_error"],
            other => panic!("no verdict for {other}"),
        }
    }

    fn limits(&self) -> Value {
        let limits = self.case.limits();
        let (cpu, wall) = match self.case.kind {
            Kind::Script(_) => (15_000, 40_000),
            _ => (limits.cpu_ms, limits.wall_ms),
        };
        let memory = limits.memory_bytes.max(64 << 20);
        json!({ "cpu_ms": cpu, "wall_ms": wall, "memory_bytes": memory, "processes": 64 })
    }

    /// What was wrong with the end of a job.
    async fn as_job(&self, who: &Client) -> Option<String> {
        let body =
            json!({ "language": self.language, "files": [self.file], "limits": self.limits() });
        let made = who.post(JOBS, body).await;
        let Ok(made) = made else {
            let code = made.unwrap_err().code().to_owned();
            let large = self.bytes > 256 << 10 && code == "submission_too_large";
            return (!large).then(|| format!("{}: refused: {code}", self.case.name));
        };
        let seen = judged(who, &format!("{JOBS}/{}", made["id"].as_str().unwrap())).await;
        let verdict = seen["verdict"].as_str().unwrap_or_default();
        let says = seen["stdout"].as_str().unwrap_or_default().contains(self.case.says);
        let secret = seen.to_string().contains("root:");
        let fits = self.verdicts().contains(&verdict) && says && !secret;
        (!fits)
            .then(|| format!("{}: {} and not {}", self.case.name, short(&seen), self.case.expect))
    }

    /// What was wrong with what Piston's client is told.
    async fn as_piston(&self, server: &Server) -> Option<String> {
        let limits = self.limits();
        let body = json!({
            "language": self.language, "version": "*", "files": [self.file],
            "run_cpu_time": limits["cpu_ms"], "run_timeout": limits["wall_ms"],
            "run_memory_limit": limits["memory_bytes"],
        });
        let (status, done) = execute(server, &body).await;
        let name = self.case.name;
        if self.bytes > 256 << 10 {
            return (status != 400).then(|| format!("{name} by Piston: {status} {}", short(&done)));
        }
        let (run, compile) = (&done["run"], &done["compile"]);
        let ended = run["status"].as_str();
        let ends: &[Option<&str>] = match self.case.expect {
            Expect::NotBuilt => &[Some("RE"), Some("SG"), Some("TO")],
            Expect::Held => &[None],
            Expect::CpuTime | Expect::WallTime => &[Some("TO")],
            Expect::Memory => &[Some("SG"), Some("RE")],
            Expect::Output => &[Some("OL"), Some("EL"), Some("SG")],
            _ => &[Some("RE")],
        };
        let built = self.case.expect != Expect::NotBuilt || compile["status"] == run["status"];
        let says = run["stdout"].as_str().unwrap_or_default().contains(self.case.says);
        let fits = status == 200 && ends.contains(&ended) && built && says;
        let fits = fits && !done.to_string().contains("root:");
        (!fits).then(|| format!("{name} by Piston: {} and not {}", short(&done), self.case.expect))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_program_gets_through_a_compiler_an_interpreter_or_the_host_of_modules() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("languages.toml");
    let is_script = |case: &Case| matches!(case.kind, Kind::Script(_));
    let scripts: Vec<Case> = cases().into_iter().filter(is_script).collect();
    assert_eq!(scripts.len(), 4);
    std::fs::write(&file, blocks(&scripts)).unwrap();
    let path = file.display().to_string();
    let Some((server, _)) = with_settings(&[("PLAYHOUSE_JUDGE_LANGUAGES", &path)]).await else {
        return;
    };
    let ann = server.person("ann").await;
    let there = languages(&ann).await;
    let all: Vec<Attack> = cases().into_iter().filter_map(Attack::of).collect();
    let (all, missing): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|attack| there.contains(&attack.language));
    missing.iter().for_each(|one| println!("left out: {}: no {}", one.case.name, one.language));
    assert!(all.len() > 30, "the list was not found: {}", all.len());
    let before = Traces::at_rest(&server).await;
    let wrong = both_ways(
        &all,
        async |attack| attack.as_job(&ann).await,
        async |attack| attack.as_piston(&server).await,
    )
    .await;
    println!("{} attacks, each by two ways", all.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    Traces::back(&server, &before).await;
    runs_well(&server).await;
    server.saw_no_panic();
}
