//! The sandbox: what a program that uses this crate holds.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::cgroup::{CONTROLLERS, Group, Hierarchies, Mine};
use crate::collect::collect;
use crate::error::Error;
use crate::image::Image;
use crate::jail::{Jail, Zygote, wait_readable};
use crate::plan;
use crate::pool::{Pool, Yard};
use crate::report::{Outcome, Report};
use crate::restrict;
use crate::spec::{Input, Spec};
use crate::tier::Tier;
use crate::verdict::{Evidence, judge};
use crate::watch::{Ends, Seen, Stream, Watch};
use crate::wire::{self, FromKeeper, ToKeeper};

/// First user id that jails are mapped to. Above what systemd gives to containers, below 2^31.
const UID_BASE: u32 = 2_000_000_000;

/// How jails are made.
#[derive(Debug, Clone)]
pub struct Config {
    /// How strong the walls must be. [`Tier::Full`] unless a weaker one is named.
    pub tier: Tier,
    /// The program that becomes the zygote: one that calls [`begin_if_asked`](crate::begin_if_asked)
    /// first. This very program unless another is named.
    pub helper: PathBuf,
    /// The folder to use in every cgroup hierarchy, such as `/playhouse`; it must be ours to write.
    /// Without it this process's own, or as root the top of version 2.
    pub cgroup: Option<PathBuf>,
    /// How many jails are kept ready, with which image. None by default.
    pub pool: Option<(Image, usize)>,
    /// For tests of those who use this crate: the step of the plan with this number, from 0, fails.
    pub sabotage: Option<usize>,
    /// Whether a kernel without Landlock will do. It will by default: its walls stand elsewhere too.
    pub landlock_required: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tier: Tier::Full,
            helper: PathBuf::from("/proc/self/exe"),
            cgroup: None,
            pool: None,
            sabotage: None,
            landlock_required: false,
        }
    }
}

/// Runs jobs, each in a jail of its own. Jobs may be run from many threads at once.
#[derive(Debug)]
pub struct Sandbox {
    tier: Tier,
    landlock: u32,
    pool: Pool,
    helper: PathBuf,
    sabotage: Option<usize>,
}

/// Takes output as it comes.
pub type Sink<'a> = &'a mut dyn FnMut(Stream, &[u8]);

/// Our end of a pipe, and what is to be written to it.
type Feed = Option<(OwnedFd, Vec<u8>)>;

/// What a job is run with, beside its specification.
#[derive(Default)]
pub struct Hooks<'a> {
    /// Becomes readable, or hangs up, when the job is to be called off.
    pub cancel: Option<BorrowedFd<'a>>,
    /// Is given output as it comes, up to the limit. While it works the job's output waits.
    pub sink: Option<Sink<'a>>,
}

impl std::fmt::Debug for Hooks<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Makes everything ready that jobs have in common: a sweep after dead supervisors, the cgroups,
    /// the zygote, the pool.
    ///
    /// # Errors
    ///
    /// What the tier needs and this machine lacks. Never a weaker tier instead.
    pub fn start(config: &Config) -> Result<Self, Error> {
        let landlock = restrict::version();
        let tier = config.tier;
        refuse_tier(config, landlock)?;
        let mine = if tier.has_cgroups() {
            let found = Hierarchies::find(config.cgroup.as_deref(), tier == Tier::Full);
            if !found.missing.is_empty() {
                return Err(Error::Tier {
                    tier,
                    reason: format!("no cgroup hierarchy has {}", found.missing.join(", ")),
                    mend: format!(
                        "have {} delegated to this user (systemd: Delegate=yes), or mount them",
                        CONTROLLERS.join(", ")
                    ),
                });
            }
            Some(Mine::make(&found)?)
        } else {
            None
        };
        // Two supervisors of one machine must not give their jobs the same users.
        let uid_base = UID_BASE + std::process::id() % 2_048 * 65_536;
        let hall = mine.as_ref().and_then(Mine::hall);
        let keeper_id = (tier == Tier::Full).then_some(uid_base);
        if let (Some(id), Some(mine)) = (keeper_id, &mine) {
            give_births(mine, id)?;
        }
        let zygote = Zygote::start(config, landlock, uid_base, hall.as_deref())?;
        let pool = Pool::start(Yard::new(zygote, mine, keeper_id, config.pool.clone()))?;
        let helper = config.helper.clone();
        Ok(Self { tier, landlock, pool, helper, sabotage: config.sabotage })
    }

    /// A job that is a WebAssembly module, to be [run](Self::run) like any other; see
    /// [`Spec::module`].
    ///
    /// # Errors
    ///
    /// The sandbox's own program is no longer where it was.
    pub fn module<T: Into<String>>(
        &self,
        module: Vec<u8>,
        arguments: impl IntoIterator<Item = T>,
        fuel: Option<u64>,
    ) -> std::io::Result<Spec> {
        Spec::module(&self.helper, module, arguments, fuel)
    }

    /// Runs a job to its end and hands over everything it left.
    ///
    /// # Errors
    ///
    /// The program did not run, and the error says which layer failed; or what is left of it could
    /// not be killed, and then no result was read.
    pub fn run(&self, spec: Spec) -> Result<Outcome, Error> {
        self.run_with(spec, Hooks::default())
    }

    /// Runs a job, with a way to call it off and a taker of output as it comes.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_with(&self, mut spec: Spec, hooks: Hooks<'_>) -> Result<Outcome, Error> {
        spec.check()?;
        spec.image.check()?;
        let place = self.pool.yard.take(&spec.image)?;
        let input = std::mem::take(&mut spec.input);
        let limited = place.group.as_ref().map_or(Ok(()), |group| group.limit(&spec.limits));
        let done = limited
            .and_then(|()| self.run_in(&place.jail, place.group.as_ref(), &spec, input, hooks));
        self.pool.yard.give_back(place);
        done
    }

    fn run_in(
        &self,
        jail: &Jail,
        group: Option<&Group>,
        spec: &Spec,
        input: Input,
        hooks: Hooks<'_>,
    ) -> Result<Outcome, Error> {
        let ends = self.hand_over(jail, spec, input)?;
        let mut nobody = |_: Stream, _: &[u8]| {};
        let sink = hooks.sink.unwrap_or(&mut nobody);
        let mut watch = Watch::new(jail, &spec.limits, &spec.arguments[0], ends, sink)?;
        watch.group = group;
        watch.cancel = hooks.cancel;
        let watched = watch.run();
        end(jail, group, watch.has_ended())?;
        watched?;
        self.report(jail, group, spec, watch.finish()?)
    }

    /// Lets the keeper fill the jail, and then sends the job to the program's process.
    fn hand_over(&self, jail: &Jail, spec: &Spec, input: Input) -> Result<Ends, Error> {
        let mut job = plan::job(spec, self.tier);
        let number = self.sabotage.and_then(|number| number.checked_sub(jail.steps));
        plan::sabotage(job.fill.iter_mut().chain(&mut job.run), number);
        let files = files(spec)?;
        let beside: Vec<BorrowedFd<'_>> = files.iter().map(AsFd::as_fd).collect();
        let fills = !job.fill.is_empty();
        wire::send(&jail.channel, &ToKeeper::Fill(job.fill), &beside).map_err(lost)?;
        // While the keeper is at it:
        let (stdin, feed) = stdin(input)?;
        let (out, stdout) = pipe()?;
        let (err, stderr) = pipe()?;
        // A keeper with nothing to fill in gives up its rights and says nothing.
        if fills {
            is_filled(jail)?;
        }
        let streams = [&stdin, &stdout, &stderr].map(AsFd::as_fd);
        wire::send(&jail.door, &job.run, &streams).map_err(lost)?;
        Ok(Ends { input: feed, streams: [out, err] })
    }

    fn report(
        &self,
        jail: &Jail,
        group: Option<&Group>,
        spec: &Spec,
        seen: Seen,
    ) -> Result<Outcome, Error> {
        let cpu_us = group.map_or(seen.cpu_us, Group::cpu_us);
        let oom_kills = group.map_or(0, Group::oom_kills);
        let verdict = judge(&Evidence {
            killed: seen.killed,
            ended: seen.ended,
            forbidden: seen.forbidden,
            oom_kills,
            cpu_ms: cpu_us / 1_000,
            cpu_limit_ms: spec.limits.cpu_ms,
            module: spec.module.is_some(),
        });
        let verdict = verdict.ok_or(Error::Lost { doing: "it ran a job" })?;
        let report = Report {
            verdict,
            tier: self.tier,
            landlock: (self.landlock > 0).then_some(self.landlock),
            cpu_us,
            wall_us: u64::try_from(seen.wall.as_micros()).unwrap_or(u64::MAX),
            peak_memory_bytes: group.map_or(seen.peak_bytes, Group::peak_bytes),
            oom_kills,
            processes_refused: group.map_or(0, Group::processes_refused),
            stdout_bytes: seen.stdout.len() as u64,
            stderr_bytes: seen.stderr.len() as u64,
            results: collect(jail.work.as_fd(), &spec.results, spec.limits.result_bytes),
        };
        Ok(Outcome { report, stdout: seen.stdout, stderr: seen.stderr })
    }

    /// Waits until the remains of all jobs that have ended are removed and the pool is full. Tells how
    /// many cgroups and jails could not be removed since the start: 0, unless something is wrong.
    pub fn settle(&self) -> usize {
        self.pool.yard.settle()
    }

    /// Jails that stand ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.pool.yard.ready()
    }

    /// Roots that are kept, each with a descriptor: one for each image that was used.
    #[must_use]
    pub fn roots(&self) -> usize {
        self.pool.yard.roots()
    }

    /// The zygote's process id, for those who look at its descriptors and mounts.
    #[must_use]
    pub fn zygote(&self) -> u32 {
        self.pool.yard.zygote_id()
    }

    /// Cgroup folders of jobs that are there now: of those that run, and of those whose remains are
    /// still to be removed. Those of jails that stand ready do not count.
    #[must_use]
    pub fn job_cgroups(&self) -> usize {
        self.pool.yard.job_cgroups()
    }

    /// How strong the walls are.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }
}

/// How long the keeper may take to fill the jail, before the program starts. 10 s.
const FILL_MS: u16 = 10_000;

fn lost(_: Errno) -> Error {
    Error::Lost { doing: "it set up a job" }
}

/// Waits until the keeper has filled the jail.
fn is_filled(jail: &Jail) -> Result<(), Error> {
    let late = Error::Lost { doing: "it set up a job" };
    if !wait_readable(&jail.channel, FILL_MS) {
        return Err(late);
    }
    match wire::receive::<FromKeeper>(&jail.channel).map_err(lost)? {
        Some((FromKeeper::Filled, _)) => Ok(()),
        Some((FromKeeper::Failed(failed), _)) => Err(failed.into()),
        _ => Err(late),
    }
}

/// Kills what is left of a job and makes sure that nothing is.
fn end(jail: &Jail, group: Option<&Group>, ended: bool) -> Result<(), Error> {
    // Once the program has ended and the kernel says that nothing is in the group any more, nothing
    // can come into it either: the keeper bears no second process.
    if ended && group.is_some_and(Group::is_known_empty) {
        return Ok(());
    }
    let killed = group.is_some_and(Group::kill);
    if !killed {
        // The keeper's end is reported after everything in its pid namespace has ended.
        jail.kill();
        if !jail.wait_until_gone(10_000) {
            return Err(Error::NotEmpty { left: 1, after_ms: 10_000 });
        }
    }
    group.map_or(Ok(()), Group::wait_until_empty)
}

/// The keepers bear programs into groups below our folder, for which they must be allowed to write
/// where the two meet.
fn give_births(mine: &Mine, id: u32) -> Result<(), Error> {
    let Some(v2) = &mine.v2 else { return Ok(()) };
    let procs = v2.folder.join("cgroup.procs");
    std::os::unix::fs::chown(&procs, Some(id), None)
        .map_err(Error::own("give the keepers their cgroup's file"))
}

fn refuse_tier(config: &Config, landlock: u32) -> Result<(), Error> {
    let tier = config.tier;
    let refuse = |reason: &str, mend: &str| {
        Err(Error::Tier { tier, reason: reason.into(), mend: mend.into() })
    };
    if tier == Tier::Full && !nix::unistd::geteuid().is_root() {
        return refuse("it needs root", "run as root, or ask for the tier rootless by name");
    }
    if landlock == 0 && config.landlock_required {
        return refuse("the kernel has no Landlock", "boot with lsm=…,landlock, or require it not");
    }
    Ok(())
}

fn pipe() -> Result<(OwnedFd, OwnedFd), Error> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(Error::errno("make a pipe"))
}

/// The program's standard input, and our end of it with what is to be written.
fn stdin(input: Input) -> Result<(OwnedFd, Feed), Error> {
    match input {
        Input::Descriptor(fd) => Ok((fd, None)),
        Input::Empty => {
            let null = std::fs::File::open("/dev/null").map_err(Error::own("open /dev/null"))?;
            Ok((null.into(), None))
        }
        Input::Bytes(bytes) => {
            let (reader, writer) = pipe()?;
            Ok((reader, (!bytes.is_empty()).then_some((writer, bytes))))
        }
    }
}

/// All input files in one piece of memory that has a descriptor; none if there are none.
fn files(spec: &Spec) -> Result<Option<OwnedFd>, Error> {
    use std::io::Write;
    if spec.files.is_empty() {
        return Ok(None);
    }
    let fd = memfd_create(c"job-files", MFdFlags::MFD_CLOEXEC)
        .map_err(Error::errno("make memory for a job's files"))?;
    let mut file = std::fs::File::from(fd);
    for one in &spec.files {
        file.write_all(&one.bytes).map_err(Error::own("write a job's files"))?;
    }
    Ok(Some(file.into()))
}
