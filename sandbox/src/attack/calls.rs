//! Attacks that are one system call each.

use super::{Case, Expect, Kind};

/// One case for each call.
pub(super) fn calls() -> Vec<Case> {
    let mut all: Vec<Case> = FORBIDDEN.map(forbidden).into();
    all.extend(UNLISTED.map(unlisted));
    if cfg!(target_arch = "x86_64") {
        all.extend(UNLISTED_OLD.map(unlisted));
    }
    all
}

/// System calls that end a job, each made by a program that makes nothing else.
const FORBIDDEN: [&[&str]; 37] = [
    &["acct"],
    &["add_key"],
    &["bpf"],
    &["chroot"],
    &["clock_settime"],
    &["clone"],
    &["delete_module"],
    &["fanotify_init"],
    &["fanotify_mark"],
    &["finit_module"],
    &["fsconfig"],
    &["fsmount"],
    &["fsopen"],
    &["fspick"],
    &["init_module"],
    &["kexec_load"],
    &["keyctl"],
    &["mount"],
    &["mount_setattr"],
    &["move_mount"],
    &["open_by_handle_at"],
    &["open_tree"],
    &["perf_event_open"],
    &["pivot_root"],
    &["process_vm_readv"],
    &["process_vm_writev"],
    &["ptrace"],
    &["quotactl"],
    &["reboot"],
    &["request_key"],
    &["setns"],
    &["settimeofday"],
    &["swapoff"],
    &["swapon"],
    &["syslog"],
    &["umount2"],
    &["unshare"],
];

/// System calls that fail as if the kernel did not have them, each made by a program that makes
/// nothing else.
const UNLISTED: [&[&str]; 38] = [
    &["adjtimex"],
    &["call_470"],
    &["call_999"],
    &["clock_adjtime"],
    &["clone3"],
    &["flock"],
    &["inotify_init1"],
    &["io_uring_enter"],
    &["io_uring_register"],
    &["io_uring_setup"],
    &["ioprio_set"],
    &["kcmp"],
    &["kexec_file_load"],
    &["landlock_create_ruleset"],
    &["landlock_restrict_self"],
    &["lookup_dcookie"],
    &["mbind"],
    &["memfd_secret"],
    &["migrate_pages"],
    &["mknodat"],
    &["move_pages"],
    &["mq_open"],
    &["name_to_handle_at"],
    &["nfsservctl"],
    &["personality"],
    &["pidfd_getfd"],
    &["prctl_seccomp"],
    &["process_madvise"],
    &["remap_file_pages"],
    &["seccomp"],
    &["set_mempolicy"],
    &["setdomainname"],
    &["sethostname"],
    &["sync"],
    &["syncfs"],
    &["userfaultfd"],
    &["vhangup"],
    &["vmsplice"],
];

/// The same, for calls that only x86-64 numbers.
const UNLISTED_OLD: [&[&str]; 10] = [
    &["_sysctl"],
    &["ioperm"],
    &["iopl"],
    &["mknod"],
    &["modify_ldt"],
    &["sysfs"],
    &["uselib"],
    &["ustat"],
    &["x32_getpid"],
    &["x32_ptrace"],
];

fn unlisted(call: &'static [&'static str]) -> Case {
    let kind = Kind::Program(include_str!("../../attacks/unlisted_call.c"), call);
    Case { name: call[0], kind, expect: Expect::Held, says: "held", ..forbidden(call) }
}

fn forbidden(call: &'static [&'static str]) -> Case {
    Case {
        name: call[0],
        kind: Kind::Program(include_str!("../../attacks/forbidden_call.c"), call),
        expect: Expect::Forbidden(call[0]),
        says: "",
        results: &[],
        limits: |_| {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seccomp;

    #[test]
    fn every_call_that_ends_a_job_is_an_attack_of_its_own() {
        let mut named: Vec<&str> = FORBIDDEN.iter().map(|call| call[0]).collect();
        named.sort_unstable();
        let mut watched: Vec<&str> = seccomp::watched().collect();
        watched.sort_unstable();
        assert_eq!(named, watched);
    }
}
