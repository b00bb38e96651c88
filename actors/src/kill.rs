//! Named steps at which a test has the whole process killed, as a power cut would.
//!
//! Only test builds have them (feature `kill-points`): elsewhere [`here`] is nothing.

/// A step on the way of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Decided and applied; nothing is written.
    BeforeAppend,
    /// Written, and not synced.
    BeforeSync,
    /// On disk; nobody knows.
    AfterSync,
    /// The room knows, and is about to answer.
    BeforeAnswer,
    /// The answer has left the room.
    AfterAnswer,
    /// One watcher was told, the others were not.
    MidBroadcast,
    /// A snapshot is on disk, and what it makes superfluous is still there.
    BeforeCompaction,
}

impl Step {
    /// Its name, as a test writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeAppend => "before_append",
            Self::BeforeSync => "before_sync",
            Self::AfterSync => "after_sync",
            Self::BeforeAnswer => "before_answer",
            Self::AfterAnswer => "after_answer",
            Self::MidBroadcast => "mid_broadcast",
            Self::BeforeCompaction => "before_compaction",
        }
    }
}

/// Kills the process if the file that `PLAYHOUSE_TEST_KILL` names is there and says this step.
#[cfg(feature = "kill-points")]
pub fn here(step: Step) {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("PLAYHOUSE_TEST_KILL").map(PathBuf::from));
    let Some(file) = file else { return };
    if std::fs::read_to_string(file).is_ok_and(|said| said == step.name()) {
        let _ = std::fs::remove_file(file);
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}

/// Nothing: this build cannot be killed by name.
#[cfg(not(feature = "kill-points"))]
#[inline(always)]
pub const fn here(_: Step) {}
