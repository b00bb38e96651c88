//! Landlock: files and network once more, by a mechanism that shares nothing with mounts and
//! namespaces. The rules ask for everything that the kernel's version knows, and for all of it.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Errno as LandlockErrno, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use nix::errno::Errno;

use crate::syscall::linux;

/// The newest version whose rules are used here.
const NEWEST: u32 = 6;

/// The kernel's version of Landlock, at most the newest that is used here; 0 if it has none.
pub(crate) fn version() -> u32 {
    linux::landlock_version().min(NEWEST)
}

/// Restricts this process for good: reading and executing everywhere, writing in `/work`, `/tmp` and
/// to devices, no TCP at all, no signals and abstract sockets out of the jail.
pub(crate) fn restrict(version: u32) -> Result<(), Errno> {
    let read_work = [("/", false), ("/work", true), ("/tmp", true)];
    let ruleset = ruleset(version).map_err(number)?;
    let abi = abi(version);
    let device = AccessFs::WriteFile | AccessFs::ReadFile;
    let mut ruleset = ruleset.add_rule(PathBeneath::new(path("/dev")?, device)).map_err(number)?;
    for (place, all) in read_work {
        let rights = if all { AccessFs::from_all(abi) } else { AccessFs::from_read(abi) };
        ruleset = ruleset.add_rule(PathBeneath::new(path(place)?, rights)).map_err(number)?;
    }
    ruleset.restrict_self().map_err(number).map(drop)
}

fn path(place: &str) -> Result<PathFd, Errno> {
    PathFd::new(place).map_err(|_| Errno::ENOENT)
}

fn number(error: RulesetError) -> Errno {
    Errno::from_raw(*LandlockErrno::from(error))
}

fn abi(version: u32) -> ABI {
    match version {
        0 | 1 => ABI::V1,
        2 => ABI::V2,
        3 => ABI::V3,
        4 => ABI::V4,
        5 => ABI::V5,
        _ => ABI::V6,
    }
}

fn ruleset(version: u32) -> Result<RulesetCreated, RulesetError> {
    let abi = abi(version);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(abi))?;
    if version >= 4 {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    if version >= 6 {
        ruleset = ruleset.scope(Scope::from_all(abi))?;
    }
    ruleset.create()
}
