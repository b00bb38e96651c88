//! The filter on system calls.
//!
//! - Listed calls pass, some only with certain arguments.
//! - A call that no program needs here (mount, ptrace, bpf, …), or one made in another machine's
//!   numbering, is held back and reported to the supervisor, which kills the job. A report cannot be
//!   forged by a program that raises a signal against itself. Where nobody listens any more the call
//!   fails with `ENOSYS`.
//! - Every other call fails with `ENOSYS`, which runtimes take as "an older kernel" and go another way.
//!
//! No rule looks behind a pointer: what it points to can change after the look.

mod calls;
mod program;

use libc::sock_filter;

#[cfg(test)]
pub(crate) use calls::watched;
pub(crate) use calls::{is_own, name_of};
use program::{Answer, Rule, When, make};

/// Flags of `clone` that make namespaces: mount, cgroup, uts, ipc, user, pid, net, time.
const NEW_NAMESPACES: u32 = 0x0002_0000
    | 0x0200_0000
    | 0x0400_0000
    | 0x0800_0000
    | 0x1000_0000
    | 0x2000_0000
    | 0x4000_0000
    | 0x80;

/// The filter of this machine, ready to be loaded.
pub(crate) fn filter() -> Vec<sock_filter> {
    make(calls::MACHINE, &rules())
}

fn rules() -> Vec<(u32, Rule)> {
    let number = |call: i64| call as u32;
    let all = |calls: &[calls::Call], answer: Answer| -> Vec<(u32, Rule)> {
        calls.iter().map(|(_, call)| (number(*call), Rule::Always(answer))).collect()
    };
    let mut rules = all(calls::WATCHED, Answer::Report);
    rules.extend(all(calls::ALLOWED, Answer::Allow));
    rules.extend(all(calls::OLD, Answer::Allow));
    // These take the place of what the lists say.
    for (call, when) in conditions() {
        rules.retain(|(other, _)| *other != number(call));
        rules.push((number(call), Rule::Allow(when)));
    }
    rules
}

fn conditions() -> Vec<(i64, When)> {
    let values = |values: &[libc::c_int]| values.iter().map(|value| *value as u32).collect();
    let one_of = |argument, all: &[_]| When::OneOf { argument, values: values(all) };
    let none_of = |argument, all: &[_]| When::NoneOf { argument, values: values(all) };
    // Locks, leases and watches on files that all jobs see would let one job signal to another.
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
    vec![
        (libc::SYS_clone, When::NoBit { argument: 0, bits: NEW_NAMESPACES }),
        (libc::SYS_socket, one_of(0, &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6])),
        (libc::SYS_socketpair, one_of(0, &[libc::AF_UNIX])),
        // TIOCSTI types into a terminal, TIOCLINUX pastes into a console.
        (libc::SYS_ioctl, none_of(1, &[libc::TIOCSTI as libc::c_int, 0x541c])),
        (libc::SYS_fcntl, none_of(1, &locks)),
        (libc::SYS_prctl, none_of(0, &[libc::PR_SET_SECCOMP, libc::PR_SET_MM])),
        (libc::SYS_personality, one_of(0, &[0, -1])),
        // Limits of other processes of the same user are none of the program's business.
        (libc::SYS_prlimit64, one_of(0, &[0])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(call: i64, arguments: [u64; 6]) -> u32 {
        program::tests::answer(&filter(), calls::MACHINE, call as u32, arguments)
    }

    const ALLOW: u32 = 0x7fff_0000;
    const REPORT: u32 = 0x7fc0_0000;
    const UNKNOWN: u32 = 0x0005_0000 | libc::ENOSYS as u32;

    #[test]
    fn the_filter_is_short_and_answers_each_list_as_the_list_says() {
        assert!(filter().len() < 700, "{}", filter().len());
        let plain = |call: i64| !conditions().iter().any(|(other, _)| *other == call);
        for (name, call) in calls::ALLOWED.iter().chain(calls::OLD) {
            assert!(!plain(*call) || answer(*call, [0; 6]) == ALLOW, "{name}");
        }
        for (name, call) in calls::WATCHED {
            assert_eq!(answer(*call, [0; 6]), REPORT, "{name}");
            let twice = calls::ALLOWED.iter().chain(calls::OLD).any(|(_, other)| other == call);
            assert!(!twice, "{name}");
        }
        let listed: Vec<i64> = rules().iter().map(|(call, _)| i64::from(*call)).collect();
        for call in (0..2_000).filter(|call| !listed.contains(call)) {
            assert_eq!(answer(call, [0; 6]), UNKNOWN, "{call}");
        }
        assert_eq!(name_of(libc::SYS_mount), Some("mount"));
    }

    #[test]
    fn arguments_decide_with_their_lower_half_alone() {
        let high = 1_u64 << 32;
        let first = |call, value| answer(call, [value, 0, 0, 0, 0, 0]);
        let second = |call, value| answer(call, [0, value, 0, 0, 0, 0]);
        for value in [libc::TIOCSTI, libc::TIOCSTI + high, 0x541c, 0x541c + high] {
            assert_eq!(second(libc::SYS_ioctl, value), UNKNOWN);
        }
        assert_eq!(second(libc::SYS_ioctl, libc::TCGETS), ALLOW);
        assert_eq!(first(libc::SYS_socket, libc::AF_INET as u64), ALLOW);
        for family in [libc::AF_VSOCK, libc::AF_ALG, libc::AF_PACKET, libc::AF_NETLINK] {
            assert_eq!(first(libc::SYS_socket, family as u64), UNKNOWN);
            assert_eq!(first(libc::SYS_socket, family as u64 + high), UNKNOWN);
        }
        for bit in [libc::CLONE_NEWUSER, libc::CLONE_NEWNET, libc::CLONE_NEWNS, 0x80] {
            assert_eq!(first(libc::SYS_clone, bit as u64 | libc::SIGCHLD as u64), REPORT);
        }
        assert_eq!(first(libc::SYS_clone, libc::SIGCHLD as u64), ALLOW);
        assert_eq!(first(libc::SYS_prlimit64, 1), UNKNOWN);
    }

    #[test]
    fn no_call_that_tells_jobs_of_each_other_or_reaches_deep_into_the_kernel_is_allowed() {
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
            assert_eq!(answer(call, [0; 6]), UNKNOWN, "{call}");
        }
    }
}
