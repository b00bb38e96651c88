//! Disks of a test's own, mounted where nobody else sees them.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::server::Server;

/// A mount namespace with a disk at `FOLDER/data`. It lives as long as a shell that reads its standard
/// input, which is this process's to close: whatever happens to the test, the disk goes away.
pub(crate) struct Disk {
    shell: Child,
    data: PathBuf,
}

impl Disk {
    /// Runs `mount` (shell; `$data` is where) in a namespace of its own. Nothing, with a message, where
    /// that is not allowed.
    pub(crate) fn new(mount: &str, folder: &Path) -> Option<Self> {
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let script = format!("{mount} && echo mounted && exec cat > /dev/null");
        let mut shell = Command::new("unshare")
            .args(["--mount", "sh", "-ec", &script])
            .env("data", &data)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() != "mounted" {
            let _ = shell.wait();
            println!("left out: this user may not mount a disk of its own");
            return None;
        }
        Some(Self { shell, data })
    }

    /// A server on the disk, which does not run yet.
    pub(crate) fn server(&self, folder: tempfile::TempDir) -> Server {
        Server::of(folder, Some(self.shell.id()))
    }

    /// Runs `script` in the namespace; what it prints.
    pub(crate) fn run(&self, script: &str) -> String {
        let out = Command::new("nsenter")
            .args(["--mount", "--target", &self.shell.id().to_string(), "--", "sh", "-ec", script])
            .env("data", &self.data)
            .current_dir(self.data.parent().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert!(out.status.success(), "{script}: {said}");
        said
    }

    /// A file of `mib` on the disk, or of all that is free.
    pub(crate) fn fill(&self, mib: Option<u32>) {
        let count = mib.map(|mib| format!("count={mib}")).unwrap_or_default();
        self.run(&format!("dd if=/dev/zero of=$data/filler bs=1M {count} 2>/dev/null || true"));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(mut input) = self.shell.stdin.take() {
            let _ = input.flush();
        }
        let _ = self.shell.wait();
    }
}
