//! A built jail as the supervisor sees it, and the zygote that bears its keeper.

use std::fs::File;
use std::iter;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::de::DeserializeOwned;

use crate::cgroup::Group;
use crate::error::{Error, StepFailed};
use crate::image::Image;
use crate::plan::{Build, Ids, Walls, build, root, sabotage};
use crate::roots::Roots;
use crate::sandbox::Config;
use crate::syscall::linux;
use crate::tier::Tier;
use crate::wire::{self, Bear, Born, FromKeeper, FromProgram, ToKeeper};
use crate::zygote::ARGUMENT;

/// How long building a jail may take. 10 s: a machine under load builds one in some ms.
const BUILD_MS: u16 = 10_000;

/// A jail whose walls stand and whose program's process waits behind them, for one job.
#[derive(Debug)]
pub(crate) struct Jail {
    /// To the keeper.
    pub(crate) channel: OwnedFd,
    /// To the program's process, until it executes the program.
    pub(crate) door: OwnedFd,
    /// Reports of forbidden calls.
    pub(crate) listener: OwnedFd,
    /// How many steps its plan has.
    pub(crate) steps: usize,
    /// The keeper's process. Its death is the death of everything in the jail.
    pub(crate) keeper: OwnedFd,
    /// The folder `/work`.
    pub(crate) work: OwnedFd,
    pub(crate) image: Image,
}

impl Jail {
    /// Kills the keeper, and so everything in the jail.
    pub(crate) fn kill(&self) {
        // It can fail only for a process that is gone.
        let _ = linux::kill(self.keeper.as_fd());
    }

    /// Whether the keeper has died, as all do when their zygote dies.
    pub(crate) fn is_gone(&self) -> bool {
        wait_readable(&self.keeper, 0)
    }

    /// Waits until the keeper, and so everything in the jail, is gone.
    pub(crate) fn wait_until_gone(&self, within_ms: u16) -> bool {
        wait_readable(&self.keeper, within_ms)
    }
}

impl Drop for Jail {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn wait_readable(fd: &OwnedFd, within_ms: u16) -> bool {
    let mut wait = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut wait, PollTimeout::from(within_ms)) {
            Err(Errno::EINTR) => {}
            other => return other.is_ok_and(|ready| ready > 0),
        }
    }
}

/// How often in a row a zygote may die before a jail is given up. 5: one that was killed is replaced
/// at once; one that cannot live here does not come to life by the sixth try.
const DEATHS_MAX: u32 = 5;

/// The pause before the second zygote in a row, doubled each time: 20 ms, 300 ms in all.
const REST: Duration = Duration::from_millis(20);

/// The running zygote, and how to start another when it dies.
#[derive(Debug)]
pub(crate) struct Zygote {
    tier: Tier,
    landlock: u32,
    uid_base: u32,
    hall: Option<File>,
    sabotage: Option<usize>,
    helper: PathBuf,
    /// One request at a time: an answer belongs to the request before it.
    inner: Mutex<Running>,
    roots: Roots,
}

/// The socket and the process.
#[derive(Debug)]
struct Running {
    socket: OwnedFd,
    process: Child,
}

impl Running {
    fn start(helper: &Path) -> Result<Self, Error> {
        let (socket, theirs) = wire::pair().map_err(Error::errno("make the zygote's socket"))?;
        let process = Command::new(helper)
            .arg(ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(Error::own("start the zygote"))?;
        Ok(Self { socket, process })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ends by itself when the socket closes; the kill is for one that hangs.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Zygote {
    /// Starts the helper program as the zygote.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or there is no descriptor or process to be had.
    pub(crate) fn start(
        config: &Config,
        landlock: u32,
        uid_base: u32,
        hall: Option<&Path>,
    ) -> Result<Self, Error> {
        let inner = Mutex::new(Running::start(&config.helper)?);
        let hall =
            hall.map(File::open).transpose().map_err(Error::own("open the keepers' cgroup"))?;
        let Config { tier, sabotage, .. } = *config;
        let (helper, roots) = (config.helper.clone(), Roots::default());
        Ok(Self { tier, landlock, uid_base, hall, sabotage, helper, inner, roots })
    }

    /// Builds a jail for a job in `group`: the user ids of slot `slot` are its program's.
    ///
    /// # Errors
    ///
    /// The step that failed, or that no zygote lives long enough.
    pub(crate) fn build(
        &self,
        image: &Image,
        slot: u32,
        group: Option<&Group>,
    ) -> Result<Jail, Error> {
        let walls = self.walls(image, group);
        let (root, before) = self.root(image, walls)?;
        let (channel, keeper) = self.bear(slot, root.as_deref())?;
        match self.raise(walls, before, &channel, group) {
            Ok((work, door, listener, steps)) => {
                let image = image.clone();
                Ok(Jail { channel, door, listener, steps, keeper, work, image })
            }
            Err(error) => {
                // Half a jail is nobody's: it is gone before its failure is told.
                end(&keeper);
                Err(error)
            }
        }
    }

    fn walls<'a>(&self, image: &'a Image, group: Option<&Group>) -> Walls<'a> {
        let v2 = group.is_some_and(|group| group.birthplace.is_some());
        let v1 = group.is_some_and(|group| !group.tasks.is_empty());
        Walls { tier: self.tier, image, landlock: self.landlock, v2, v1 }
    }

    /// The root of the image, which is put together now if there is none yet, and how many steps that
    /// takes; none where each jail builds its own.
    fn root(
        &self,
        image: &Image,
        walls: Walls<'_>,
    ) -> Result<(Option<Arc<OwnedFd>>, usize), Error> {
        let mut steps = root(walls);
        let number = steps.len();
        if number == 0 {
            return Ok((None, 0));
        }
        sabotage(steps.iter_mut(), self.sabotage);
        let raised = self.roots.get(image, || {
            let (channel, mason) = self.bear(0, None)?;
            let sent = wire::send(&channel, &ToKeeper::Root(steps), &[])
                .map_err(|_| Error::Lost { doing: "sending a root's plan" });
            let raised = sent.and_then(|()| answer(&channel, ready));
            end(&mason);
            raised
        })?;
        Ok((Some(raised), number))
    }

    /// Roots that are kept, each with a descriptor.
    pub(crate) fn roots(&self) -> usize {
        self.roots.count()
    }

    /// Has a keeper born, by a new zygote if the one there was has died. Hands over our end of the
    /// keeper's channel, and its process.
    fn bear(&self, slot: u32, root: Option<&OwnedFd>) -> Result<(OwnedFd, OwnedFd), Error> {
        let mut running = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for deaths in 1..=DEATHS_MAX {
            // A channel of its own for each try: a keeper may live that the dead one bore.
            let (ours, theirs) = wire::pair().map_err(Error::errno("make a jail's channel"))?;
            match self.ask(&running.socket, &theirs, slot, root) {
                Ok(keeper) => return Ok((ours, keeper)),
                Err(Error::Lost { doing }) if deaths == DEATHS_MAX => {
                    let helper = self.helper.clone();
                    return Err(Error::Zygote { helper, deaths, doing });
                }
                Err(Error::Lost { .. }) => {}
                Err(error) => return Err(error),
            }
            if deaths > 1 {
                std::thread::sleep(REST * 2_u32.pow(deaths - 2));
            }
            *running = Running::start(&self.helper)?;
        }
        Err(Error::Lost { doing: "asking the zygote" })
    }

    /// Lets the keeper at the other end of `channel` build the walls and bear the program's process.
    /// Hands over the folder `/work`, our end of the process's door, the listener of its filter, and
    /// how many steps it took with the `before` ones of its root.
    fn raise(
        &self,
        walls: Walls<'_>,
        before: usize,
        channel: &OwnedFd,
        group: Option<&Group>,
    ) -> Result<(OwnedFd, OwnedFd, OwnedFd, usize), Error> {
        let (door, theirs) = wire::pair().map_err(Error::errno("make a jail's door"))?;
        let birthplace = group.and_then(|group| group.birthplace.as_ref());
        let tasks = group.map_or(&[][..], |group| &group.tasks);
        let Build { mut walls, mut program, born_in_cgroup } = build(walls);
        let number = self.sabotage.and_then(|number| number.checked_sub(before));
        sabotage(walls.iter_mut().chain(&mut program), number);
        let steps = before + walls.len() + program.len();
        let fds: Vec<_> =
            iter::once(&theirs).chain(birthplace).chain(tasks).map(AsFd::as_fd).collect();
        wire::send(channel, &ToKeeper::Build(Build { walls, program, born_in_cgroup }), &fds)
            .map_err(|_| Error::Lost { doing: "sending its plan" })?;
        // So that it closes when the process ends.
        drop(theirs);
        // The program's process has the last word, so the keeper's is there by then and it is waited
        // once. A keeper that fails says so and ends, which closes the door.
        let listener = answer(&door, |message| match message {
            FromProgram::Listener => Ok(()),
            FromProgram::Failed(failed) => Err(Some(failed)),
            FromProgram::Starting => Err(None),
        });
        let listener = match listener {
            Err(lost @ Error::Lost { .. }) => {
                let told = wait_readable(channel, 0).then(|| answer(channel, ready));
                return Err(told.and_then(Result::err).unwrap_or(lost));
            }
            other => other?,
        };
        let work = answer(channel, ready)?;
        Ok((work, door, listener, steps))
    }

    /// Asks the zygote for a keeper at the other end of `channel`.
    fn ask(
        &self,
        zygote: &OwnedFd,
        channel: &OwnedFd,
        slot: u32,
        root: Option<&OwnedFd>,
    ) -> Result<OwnedFd, Error> {
        let lost = |_| Error::Lost { doing: "asking the zygote" };
        let mut fds = vec![channel.as_fd()];
        fds.extend(root.map(AsFd::as_fd));
        fds.extend(self.hall.as_ref().map(AsFd::as_fd));
        wire::send(zygote, &self.order(slot, root.is_some()), &fds).map_err(lost)?;
        match wire::receive::<Born>(zygote).map_err(lost)? {
            Some((Born::Keeper(_), fds)) => {
                fds.into_iter().next().ok_or(Error::Lost { doing: "asking the zygote" })
            }
            Some((Born::Failed(failed), _)) => Err(failed.into()),
            None => Err(Error::Lost { doing: "waiting for its answer" }),
        }
    }

    /// The order for a keeper. The maps of user and group ids: as root a user of its own for each jail,
    /// else our own.
    fn order(&self, slot: u32, in_root: bool) -> Bear {
        let ids = Ids::of(self.tier);
        if self.tier == Tier::Full {
            let program = self.uid_base + 1 + slot;
            let map = vec![(ids.keeper, self.uid_base), (ids.program, program)];
            return Bear { in_root, users: map.clone(), groups: map, deny_setgroups: false };
        }
        let (user, group) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
        Bear {
            in_root,
            users: vec![(ids.program, user)],
            groups: vec![(ids.program, group)],
            deny_setgroups: true,
        }
    }

    /// The zygote's process id.
    pub(crate) fn id(&self) -> u32 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).process.id()
    }
}

/// Makes sure that a keeper that is of no more use is gone.
fn end(keeper: &OwnedFd) {
    let _ = linux::kill(keeper.as_fd());
    wait_readable(keeper, BUILD_MS);
}

fn ready(message: FromKeeper) -> Result<(), Option<StepFailed>> {
    match message {
        FromKeeper::Ready => Ok(()),
        FromKeeper::Failed(failed) => Err(Some(failed)),
        _ => Err(None),
    }
}

/// Waits for a message that brings a descriptor, and is the expected one.
fn answer<T: DeserializeOwned>(
    socket: &OwnedFd,
    good: impl FnOnce(T) -> Result<(), Option<StepFailed>>,
) -> Result<OwnedFd, Error> {
    let lost = || Error::Lost { doing: "building its walls" };
    if !wait_readable(socket, BUILD_MS) {
        return Err(lost());
    }
    let message = wire::receive::<T>(socket).map_err(|_| lost())?;
    let (message, fds) = message.ok_or_else(lost)?;
    good(message).map_err(|failed| failed.map_or_else(lost, Error::from))?;
    fds.into_iter().next().ok_or_else(lost)
}
