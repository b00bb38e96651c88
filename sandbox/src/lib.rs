//! Runs a program so that it can harm nothing, and says exactly what it did.
//!
//! A [`Sandbox`] is started once and runs [`Spec`]s. Each job gets a jail of its own: a process with
//! new namespaces and a small read-only root, limited by cgroups, without rights, behind a filter
//! of system calls. Where a layer of the [`Tier`] that was asked for cannot be set up, nothing runs,
//! and the [`Error`] names the step, the [`Layer`] and how to mend it.
//!
//! ```no_run
//! use playhouse_sandbox::{Config, Image, Sandbox, Spec, Verdict};
//!
//! // The first line of `main`: this program is started once more as the zygote.
//! playhouse_sandbox::begin_if_asked();
//! let sandbox = Sandbox::start(&Config::default())?;
//! let outcome = sandbox.run(Spec::new(Image::system(), ["echo", "hello"]))?;
//! assert_eq!(outcome.report.verdict, Verdict::Ok);
//! assert_eq!(outcome.stdout, b"hello\n");
//! # Ok::<(), playhouse_sandbox::Error>(())
//! ```
//!
//! ```text
//! supervisor (this library, many threads)
//!   └─ zygote (one thread, small): bears keepers
//!        └─ keeper (process 1 of the jail): builds the walls, waits, fills the jail
//!             └─ the program: joins its cgroups, gives up every right, waits, executes
//! ```
//!
//! The plan of all steps is plain data (`plan`), carried out by `steps` over the trait
//! `syscall::Syscalls`.

pub mod attack;
mod cgroup;
mod child;
mod collect;
mod error;
mod facts;
mod image;
mod jail;
mod keeper;
mod layer;
mod limits;
mod module;
mod plan;
mod pool;
mod program;
mod report;
mod restrict;
mod roots;
mod sandbox;
mod seccomp;
mod spec;
mod steps;
mod syscall;
mod tier;
mod toolchain;
mod verdict;
mod watch;
mod wire;
mod zygote;

pub use error::{Error, StepFailed};
pub use facts::facts;
pub use image::{Bind, Image, ImageError};
pub use layer::Layer;
pub use limits::{Entry, LIMITS, Limits, MIB, OutOfRange};
pub use report::{Outcome, Refused, Report, ResultFile};
pub use sandbox::{Config, Hooks, Sandbox, Sink};
pub use spec::{
    ARGUMENT_BYTES_MAX, ENVIRONMENT_BYTES_MAX, FILES_MAX, Input, InputFile, NAME_BYTES_MAX, Spec,
    SpecError,
};
pub use tier::Tier;
pub use toolchain::{Toolchain, missing, toolchains};
pub use verdict::Verdict;
pub use watch::Stream;
pub use zygote::begin_if_asked;
