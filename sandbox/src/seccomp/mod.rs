//! The two filters on system calls.
//!
//! The kernel asks both filters about each call and follows the stricter answer; an error number is
//! stricter than a report. So the calls that the first filter *watches* pass the second, and
//!
//! 1. [`Filters::watch`] holds back a call that no program needs here (mount, ptrace, bpf, …), or one
//!    made in another machine's numbering, and reports it to the supervisor, which kills the job. A
//!    report cannot be forged by a program that raises a signal against itself. Where nobody
//!    listens any more the call fails with `ENOSYS`.
//! 2. [`Filters::allow`] lets listed calls pass. Every other fails with `ENOSYS`, which runtimes take
//!    as "an older kernel" and go another way.
//!
//! No rule looks behind a pointer: what it points to can change after the look.

mod calls;

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

pub(crate) use calls::{is_own, name_of};

/// What the kernel's filter answers, as it stands in a program's last words.
const KILL: u32 = 0x8000_0000;
const REPORT: u32 = 0x7fc0_0000;
const ALLOW: u32 = 0x7fff_0000;
const TRACE: u32 = 0x7ff0_0000;
/// "Return this constant", in the filter's machine code.
const RETURN: u16 = 0x06;

/// Flags of `clone` that make namespaces: mount, cgroup, uts, ipc, user, pid, net, time.
const NEW_NAMESPACES: [u64; 8] = [
    0x0002_0000,
    0x0200_0000,
    0x0400_0000,
    0x0800_0000,
    0x1000_0000,
    0x2000_0000,
    0x4000_0000,
    0x80,
];

/// Both filters, ready to be loaded.
#[derive(Debug)]
pub(crate) struct Filters {
    /// Reports forbidden calls.
    pub(crate) watch: BpfProgram,
    /// Allows listed calls.
    pub(crate) allow: BpfProgram,
}

/// The filters could not be made on this machine.
#[derive(Debug, thiserror::Error)]
#[error("failed to make the filter of system calls: {0}")]
pub(crate) struct FilterError(String);

impl Filters {
    /// Makes both filters for the machine this runs on.
    ///
    /// # Errors
    ///
    /// There is no list for this machine's numbering.
    pub(crate) fn new() -> Result<Self, FilterError> {
        let arch = std::env::consts::ARCH;
        let arch = TargetArch::try_from(arch).map_err(|e| FilterError(e.to_string()))?;
        // A placeholder of a kind that nothing else in the program uses, replaced right below.
        let mark = SeccompAction::Trace(0);
        let mut watch = compile(watched(), SeccompAction::Allow, mark, arch)?;
        answer(&mut watch, TRACE, REPORT);
        // A foreign machine's call is reported too. To the second filter it must look allowed, or its
        // kill would come before the report and be told from nothing else.
        answer(&mut watch, KILL, REPORT);
        let enosys = SeccompAction::Errno(libc::ENOSYS as u32);
        let mut allow = compile(allowed(), enosys, SeccompAction::Allow, arch)?;
        answer(&mut allow, KILL, ALLOW);
        Ok(Self { watch, allow })
    }
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    then: SeccompAction,
    arch: TargetArch,
) -> Result<BpfProgram, FilterError> {
    let told = |e: seccompiler::BackendError| FilterError(e.to_string());
    SeccompFilter::new(rules, otherwise, then, arch).map_err(told)?.try_into().map_err(told)
}

/// Replaces one answer of a program by another, wherever it stands.
fn answer(program: &mut BpfProgram, from: u32, to: u32) {
    for line in program.iter_mut().filter(|line| line.code == RETURN && line.k == from) {
        line.k = to;
    }
}

fn rule(conditions: &[(u8, Op, u64)]) -> SeccompRule {
    // 32 bits, as the kernel takes these arguments: the upper half must not hide a value.
    let condition = |(index, op, value): &(u8, Op, u64)| {
        SeccompCondition::new(*index, Len::Dword, op.clone(), *value)
            .expect("the argument is one of six")
    };
    SeccompRule::new(conditions.iter().map(condition).collect()).expect("there is a condition")
}

/// Calls that are reported, and end the job.
fn watched() -> Rules {
    let mut rules: Rules = calls::WATCHED.iter().map(|(_, call)| (*call, Vec::new())).collect();
    let namespaces = NEW_NAMESPACES.iter().map(|bit| rule(&[(0, Op::MaskedEq(*bit), *bit)]));
    rules.insert(libc::SYS_clone, namespaces.collect());
    rules
}

/// Calls that may be made. The watched ones are among them: see the module's words on order.
fn allowed() -> Rules {
    let plain = calls::WATCHED.iter().chain(calls::ALLOWED).chain(calls::OLD);
    let mut rules: Rules = plain.map(|(_, call)| (*call, Vec::new())).collect();
    let one_of = |index: u8, values: &[u64]| -> Vec<SeccompRule> {
        values.iter().map(|value| rule(&[(index, Op::Eq, *value)])).collect()
    };
    let none_of = |index: u8, values: &[u64]| {
        let conditions: Vec<_> = values.iter().map(|value| (index, Op::Ne, *value)).collect();
        vec![rule(&conditions)]
    };
    let number = |value: libc::c_int| value as u64;
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(number);
    rules.insert(libc::SYS_socket, one_of(0, &families));
    rules.insert(libc::SYS_socketpair, one_of(0, &families[..1]));
    // Typing into a terminal, or pasting into a console.
    rules.insert(libc::SYS_ioctl, none_of(1, &[libc::TIOCSTI, 0x541c]));
    // Leases, watches and locks on files that all jobs see would let one job signal to another.
    let locks = [
        libc::F_SETLEASE,
        libc::F_NOTIFY,
        libc::F_GETLK,
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_OFD_GETLK,
        libc::F_OFD_SETLK,
        libc::F_OFD_SETLKW,
    ];
    rules.insert(libc::SYS_fcntl, none_of(1, &locks.map(number)));
    rules.insert(libc::SYS_prctl, none_of(0, &[libc::PR_SET_SECCOMP, libc::PR_SET_MM].map(number)));
    rules.insert(libc::SYS_personality, one_of(0, &[0, 0xffff_ffff]));
    // Limits of other processes of the same user are none of the program's business.
    rules.insert(libc::SYS_prlimit64, one_of(0, &[0]));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_filters_are_made_and_none_of_their_answers_is_left_over_from_the_making() {
        let filters = Filters::new().unwrap();
        let answers = |program: &BpfProgram| {
            let mut all: Vec<u32> =
                program.iter().filter(|line| line.code == RETURN).map(|line| line.k).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        assert_eq!(answers(&filters.watch), [REPORT, ALLOW]);
        assert_eq!(answers(&filters.allow), [0x0005_0000 | libc::ENOSYS as u32, ALLOW]);
        assert!(filters.allow.len() < 4096, "the kernel takes no longer program");
    }

    #[test]
    fn no_call_that_tells_jobs_of_each_other_or_reaches_deep_into_the_kernel_is_allowed() {
        let allowed = allowed();
        for call in [
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
            libc::SYS_clone3,
            libc::SYS_flock,
            libc::SYS_inotify_init1,
            libc::SYS_inotify_add_watch,
            libc::SYS_vmsplice,
            libc::SYS_sync,
            libc::SYS_mknodat,
            libc::SYS_seccomp,
            libc::SYS_name_to_handle_at,
            libc::SYS_kcmp,
            libc::SYS_pidfd_getfd,
            libc::SYS_mq_open,
            libc::SYS_sethostname,
        ] {
            assert!(!allowed.contains_key(&call), "{call} is allowed");
        }
    }

    #[test]
    fn no_call_is_both_watched_and_plainly_allowed() {
        for (name, call) in calls::WATCHED {
            let twice = calls::ALLOWED.iter().chain(calls::OLD).any(|(_, other)| other == call);
            assert!(!twice, "{name}");
        }
        assert_eq!(name_of(libc::SYS_mount), Some("mount"));
    }
}
