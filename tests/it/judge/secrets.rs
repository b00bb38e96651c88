//! Programs that look for what is the server's own, or another job's: variables, files, sockets, processes.

use std::path::PathBuf;

use serde_json::json;

use super::piston::execute;
use super::{hand_in, judged, judging, once};
use crate::server::Server;

/// What of the server an attack is aimed at, and what nobody may ever see.
pub(super) struct Secrets {
    pub(super) marker: String,
    file: PathBuf,
    socket: PathBuf,
    port: String,
}

impl Secrets {
    /// Puts what there is in the place of `{port}`, `{abstract}`, `{socket}` and `{secret}`.
    pub(super) fn fill(&self, word: &str) -> String {
        word.replace("{port}", &self.port)
            .replace("{abstract}", "playhouse")
            .replace("{socket}", &self.socket.display().to_string())
            .replace("{secret}", &self.file.display().to_string())
    }
}

/// A server with something to find: in its variables, and in its data directory.
pub(super) async fn with_secrets() -> Option<(Server, Secrets)> {
    with_settings(&[]).await
}

/// The same with more settings.
pub(super) async fn with_settings(more: &[(&str, &str)]) -> Option<(Server, Secrets)> {
    let marker = uuid::Uuid::new_v4().simple().to_string();
    let settings = [("PLAYHOUSE_JUDGE_SLOTS", "2"), ("SECRET_OF_THE_SERVER", &*marker)];
    let server = judging(&[&settings, more].concat())?;
    let file = server.data().join("secret");
    std::fs::write(&file, &marker).unwrap();
    let socket = server.data().join("control.sock");
    let port = server.base().rsplit(':').next().unwrap().to_owned();
    Some((server, Secrets { marker, file, socket, port }))
}

/// Looks wherever a program can look, for a word that it is given backwards; and says what is told of it.
const LOOKS: &str = r#"
import os, socket, sys
word = sys.argv[1][::-1].encode()
print(dict(os.environ))
def look(path):
    try:
        with open(path, 'rb') as file:
            text = file.read(4 << 20)
    except OSError:
        return
    if word in text:
        print('FOUND in', path, word.decode())
for folder, folders, files in os.walk('/'):
    if folder.startswith(('/sys', '/usr/share', '/usr/include')):
        folders.clear()
        continue
    if folder.startswith('/usr/') and folder.count('/') > 3:
        folders.clear()
    folders[:] = [one for one in folders if one != 'task']
    for name in files:
        path = os.path.join(folder, name)
        if not folder.startswith('/usr') and path not in ('/proc/kmsg', '/proc/kcore') and not os.path.islink(path):
            kind = os.stat(path, follow_symlinks=False).st_mode & 0o170000 if os.path.lexists(path) else 0
            if kind == 0o100000:
                look(path)
for path in sys.argv[2:]:
    for way in (path, '/proc/1/root' + path, '/proc/self/root' + path, '/..' + path):
        look(way)
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print('FOUND a way to', path)
    except OSError:
        pass
print('looked')
"#;

#[tokio::test(flavor = "multi_thread")]
async fn no_program_finds_the_servers_secrets_or_anothers_files() {
    let Some((server, secrets)) = with_secrets().await else { return };
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let hides = format!(
        "import time\nfor path in ('/tmp/theirs', 'theirs'):\n open(path, 'w').write('{}')\nprint(1, flush=True)\ntime.sleep(45)",
        secrets.marker
    );
    let limits = json!({ "wall_ms": 60_000, "cpu_ms": 15_000 });
    let theirs =
        hand_in(&bob, json!({ "language": "python", "source": hides, "limits": limits })).await;
    once(&bob, &theirs, |seen| seen["stdout"] == "1\n").await;

    let backwards: String = secrets.marker.chars().rev().collect();
    let data = server.data();
    let mut args = vec![backwards];
    let own = ["secret", "control.sock", "keys", "journal", "judge-cache", "config.toml"];
    args.extend(own.map(|name| data.join(name).display().to_string()));
    let body = json!({ "language": "python", "source": LOOKS, "args": args, "limits": limits });
    let seen = judged(&ann, &hand_in(&ann, body).await).await;
    assert_eq!(seen["verdict"], "accepted", "{seen}");
    let body = json!({ "language": "python", "version": "*", "files": [{ "content": LOOKS }], "args": args,
        "run_timeout": 60_000, "run_cpu_time": 15_000 });
    let (_, done) = execute(&server, &body).await;
    for said in [seen.to_string(), done.to_string()] {
        assert!(said.contains("looked"), "{said}");
        assert!(!said.contains(&secrets.marker) && !said.contains("FOUND"), "{said}");
        for name in ["PLAYHOUSE", "SECRET_OF", "CARGO"] {
            assert!(!said.contains(name), "{name}: {said}");
        }
    }

    // What a compiler is told to show.
    for include in [
        &secrets.file.display().to_string(),
        "/proc/self/environ",
        "/proc/1/environ",
        "/etc/shadow",
    ] {
        let source = format!("#include \"{include}\"\nint main() {{ return 0; }}");
        let body = json!({ "language": "c", "version": "*", "files": [{ "content": source }] });
        let (_, done) = execute(&server, &body).await;
        let said = done.to_string();
        assert!(!said.contains(&secrets.marker) && !said.contains("root:"), "{said}");
    }
    // The search finds what is there to be found.
    let own = format!("{LOOKS}\nopen('/tmp/own', 'wb').write(word); look('/tmp/own')");
    let body = json!({ "language": "python", "source": own, "args": args, "limits": limits });
    let seen = judged(&ann, &hand_in(&ann, body).await).await;
    assert!(seen["stdout"].as_str().unwrap().contains("FOUND in /tmp/own"), "{seen}");
    ann.delete(&theirs).await.unwrap_err();
    bob.delete(&theirs).await.unwrap();
    server.saw_no_panic();
}
