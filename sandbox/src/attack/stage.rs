//! What attacks are aimed at: a secret of the supervisor's, a port, a socket; and the search for what
//! an attack may have left.

use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sandbox::Sandbox;

/// Stages that were set by this process.
static STAGES: AtomicU64 = AtomicU64::new(0);

/// Things that an attack must not reach.
#[derive(Debug)]
pub struct Stage {
    port: TcpListener,
    name: String,
    _abstract: UnixListener,
    _socket: UnixListener,
    socket: String,
    secret: String,
}

impl Stage {
    /// Listens on a port of the loopback, on an abstract socket and on one in `folder`, and writes a
    /// secret there.
    ///
    /// # Errors
    ///
    /// One of these cannot be had.
    pub fn set(folder: &Path) -> std::io::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?;
        // Several tests of one process may each have a stage.
        let number = STAGES.fetch_add(1, Ordering::Relaxed);
        let name = format!("playhouse-attack-{}-{number}", std::process::id());
        let hidden = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        let socket = folder.join(format!("socket-{number}"));
        // One may lie there of a run that was killed.
        let _ = fs::remove_file(&socket);
        let open = UnixListener::bind(&socket)?;
        let secret = folder.join("secret");
        fs::write(&secret, "the supervisor's own")?;
        let [socket, secret] = [socket, secret].map(|path| path.to_string_lossy().into_owned());
        Ok(Self { port, name, _abstract: hidden, _socket: open, socket, secret })
    }

    /// Puts what there is in the place of `{port}`, `{abstract}`, `{socket}` and `{secret}`.
    #[must_use]
    pub fn fill(&self, word: &str) -> String {
        let port = self.port.local_addr().map_or(0, |at| at.port());
        word.replace("{port}", &port.to_string())
            .replace("{abstract}", &self.name)
            .replace("{socket}", &self.socket)
            .replace("{secret}", &self.secret)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_file(&self.secret);
    }
}

/// What can be seen of a supervisor from outside: it must be the same before and after a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// Job cgroups that are there.
    pub cgroups: usize,
    /// Descriptors of this process, without those of its roots, and of the zygote.
    pub descriptors: (usize, usize),
    /// Mounts that this process and the zygote see.
    pub mounts: (usize, usize),
    /// Children of the zygote, zombies among them: the keepers of the jails that stand ready.
    pub keepers: usize,
    /// Jails that stand ready.
    pub ready: usize,
}

impl Traces {
    /// Looks.
    #[must_use]
    pub fn of(sandbox: &Sandbox) -> Self {
        let (own, zygote) = (std::process::id(), sandbox.zygote());
        let count = |pid: u32, folder: &str| {
            fs::read_dir(format!("/proc/{pid}/{folder}")).map_or(0, Iterator::count)
        };
        let lines = |pid: u32| {
            fs::read_to_string(format!("/proc/{pid}/mountinfo"))
                .map_or(0, |all| all.lines().count())
        };
        let children = format!("/proc/{zygote}/task/{zygote}/children");
        let children = fs::read_to_string(children).unwrap_or_default();
        Self {
            cgroups: sandbox.job_cgroups(),
            // Those of the roots stay, and there is a bound to them.
            descriptors: (count(own, "fd") - sandbox.roots(), count(zygote, "fd")),
            mounts: (lines(own), lines(zygote)),
            keepers: children.split_whitespace().count(),
            ready: sandbox.ready(),
        }
    }

    /// What is here that was not `before`, in words. The zygote closes what it passed on a moment after
    /// it answered, so for up to a second it is looked again.
    #[must_use]
    pub fn left(sandbox: &Sandbox, before: &Self) -> Vec<String> {
        for _ in 0..500 {
            if Self::of(sandbox).beyond(before).is_empty() {
                return Vec::new();
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        Self::of(sandbox).beyond(before)
    }

    /// What is here that was not `before`, in words.
    fn beyond(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.cgroups > 0 {
            found.push(format!("{} cgroups are left", self.cgroups));
        }
        // A ready jail has descriptors of ours, so only pools that are equally full are compared.
        let full = self.ready == before.ready;
        if (full && self.descriptors.0 > before.descriptors.0)
            || self.descriptors.1 > before.descriptors.1
        {
            found.push(format!("descriptors: {before:?}, then {self:?}"));
        }
        if self.mounts != before.mounts {
            found.push(format!("mounts: {:?}, then {:?}", before.mounts, self.mounts));
        }
        if self.keepers > self.ready {
            found.push(format!("{} keepers for {} ready jails", self.keepers, self.ready));
        }
        found
    }
}
