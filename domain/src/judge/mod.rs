//! The judge: programs that people hand in are compiled and run in a jail, and what they wrote is judged.
//!
//! - [`submission`]: what is handed in, and its bounds. [`blob`]: bytes in it.
//! - [`verdict`]: how a run ended. [`checker`]: whether an answer is right, as pure functions.
//! - [`queue`]: the one room in which jobs wait for a core. [`job`]: the room of one job.
//!
//! A job's room joins the queue by a duty, the queue starts it by another, and the job leaves by a third: so
//! whatever breaks, a job that was accepted runs, and a core that it had is free again. `docs/judge.md` has
//! the promises and the bounds.

pub mod blob;
pub mod checker;
pub mod job;
pub mod queue;
pub mod submission;
pub mod verdict;

pub use self::blob::Blob;
pub use self::submission::{Checker, File, Lane, Limits, Submission, Test, Webhook};
pub use self::verdict::Verdict;
