//! The lists of system calls. Frozen at Linux 6.18: a call that a later kernel brings is not listed,
//! and so fails with `ENOSYS` until someone has thought about it.

/// Name and number of a call; the name is the constant's, with its `SYS_`.
pub(super) type Call = (&'static str, i64);

macro_rules! list {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name)),*] };
}

/// Calls that no program needs here and that only an attack makes. They end the job.
pub(crate) const WATCHED: &[Call] = list![
    SYS_acct SYS_add_key SYS_bpf SYS_chroot SYS_clock_settime SYS_delete_module
    SYS_fanotify_init SYS_fanotify_mark SYS_finit_module SYS_fsconfig SYS_fsmount SYS_fsopen
    SYS_fspick SYS_init_module SYS_kexec_load SYS_keyctl SYS_mount SYS_mount_setattr
    SYS_move_mount SYS_open_by_handle_at SYS_open_tree SYS_perf_event_open SYS_pivot_root
    SYS_process_vm_readv SYS_process_vm_writev SYS_ptrace SYS_quotactl SYS_reboot
    SYS_request_key SYS_setns SYS_settimeofday SYS_swapoff SYS_swapon SYS_syslog SYS_umount2
    SYS_unshare
];

/// Calls that every machine's numbering has. Some are allowed under conditions only; those stand in
/// `allowed()`.
pub(crate) const ALLOWED: &[Call] = list![
    SYS_accept SYS_accept4 SYS_bind SYS_brk SYS_capget SYS_capset SYS_chdir SYS_clock_getres
    SYS_clock_gettime SYS_clock_nanosleep SYS_clone SYS_close SYS_close_range SYS_connect
    SYS_copy_file_range SYS_dup SYS_dup3 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait
    SYS_epoll_pwait2 SYS_eventfd2 SYS_execve SYS_execveat SYS_exit SYS_exit_group SYS_faccessat
    SYS_faccessat2 SYS_fadvise64 SYS_fallocate SYS_fchdir SYS_fchmod SYS_fchmodat SYS_fchown
    SYS_fchownat SYS_fdatasync SYS_fgetxattr SYS_flistxattr SYS_fremovexattr SYS_fsetxattr
    SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate SYS_futex SYS_futex_waitv SYS_get_robust_list
    SYS_getcpu SYS_getcwd SYS_getdents64 SYS_getegid SYS_geteuid SYS_getgid SYS_getgroups
    SYS_getitimer SYS_getpeername SYS_getpgid SYS_getpid SYS_getppid SYS_getpriority
    SYS_getrandom SYS_getresgid SYS_getresuid SYS_getrlimit SYS_getrusage SYS_getsid
    SYS_getsockname SYS_getsockopt SYS_gettid SYS_gettimeofday SYS_getuid SYS_getxattr SYS_kill
    SYS_lgetxattr SYS_linkat SYS_listen SYS_listxattr SYS_llistxattr SYS_lremovexattr SYS_lseek
    SYS_lsetxattr SYS_madvise SYS_membarrier SYS_memfd_create SYS_mincore SYS_mkdirat SYS_mlock
    SYS_mlock2 SYS_mlockall SYS_mmap SYS_mprotect SYS_mremap SYS_msgctl SYS_msgget SYS_msgrcv
    SYS_msgsnd SYS_msync SYS_munlock SYS_munlockall SYS_munmap SYS_nanosleep SYS_newfstatat
    SYS_openat SYS_openat2 SYS_pidfd_open SYS_pidfd_send_signal SYS_pipe2 SYS_pkey_alloc
    SYS_pkey_free SYS_pkey_mprotect SYS_ppoll SYS_pread64 SYS_preadv SYS_preadv2 SYS_pselect6
    SYS_pwrite64 SYS_pwritev SYS_pwritev2 SYS_read SYS_readahead SYS_readlinkat SYS_readv
    SYS_recvfrom SYS_recvmmsg SYS_recvmsg SYS_removexattr SYS_renameat SYS_renameat2
    SYS_restart_syscall SYS_rseq SYS_rt_sigaction SYS_rt_sigpending SYS_rt_sigprocmask
    SYS_rt_sigqueueinfo SYS_rt_sigreturn SYS_rt_sigsuspend SYS_rt_sigtimedwait
    SYS_rt_tgsigqueueinfo SYS_sched_get_priority_max SYS_sched_get_priority_min
    SYS_sched_getaffinity SYS_sched_getattr SYS_sched_getparam SYS_sched_getscheduler
    SYS_sched_rr_get_interval SYS_sched_setaffinity SYS_sched_setattr SYS_sched_setparam
    SYS_sched_setscheduler SYS_sched_yield SYS_semctl SYS_semget SYS_semop SYS_semtimedop
    SYS_sendfile SYS_sendmmsg SYS_sendmsg SYS_sendto SYS_set_robust_list SYS_set_tid_address
    SYS_setfsgid SYS_setfsuid SYS_setgid SYS_setgroups SYS_setitimer SYS_setpgid SYS_setpriority
    SYS_setregid SYS_setresgid SYS_setresuid SYS_setreuid SYS_setrlimit SYS_setsid
    SYS_setsockopt SYS_setuid SYS_setxattr SYS_shmat SYS_shmctl SYS_shmdt SYS_shmget
    SYS_shutdown SYS_sigaltstack SYS_signalfd4 SYS_splice SYS_statfs SYS_statx SYS_symlinkat
    SYS_sync_file_range SYS_sysinfo SYS_tee SYS_tgkill SYS_timer_create SYS_timer_delete
    SYS_timer_getoverrun SYS_timer_gettime SYS_timer_settime SYS_timerfd_create
    SYS_timerfd_gettime SYS_timerfd_settime SYS_times SYS_tkill SYS_truncate SYS_umask SYS_uname
    SYS_unlinkat SYS_utimensat SYS_wait4 SYS_waitid SYS_write SYS_writev
];

/// Older calls that only x86-64 still numbers.
#[cfg(target_arch = "x86_64")]
pub(crate) const OLD: &[Call] = list![
    SYS_access SYS_alarm SYS_arch_prctl SYS_chmod SYS_chown SYS_creat SYS_dup2 SYS_epoll_create
    SYS_epoll_wait SYS_eventfd SYS_fork SYS_futimesat SYS_getdents SYS_getpgrp SYS_lchown
    SYS_link SYS_lstat SYS_mkdir SYS_open SYS_pause SYS_pipe SYS_poll SYS_readlink SYS_rename
    SYS_rmdir SYS_select SYS_signalfd SYS_stat SYS_symlink SYS_time SYS_unlink SYS_utime
    SYS_utimes SYS_vfork
];

/// Older calls that only x86-64 still numbers.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const OLD: &[Call] = &[];

/// Watched calls and their numbers; `clone` is one where it would make namespaces.
fn reported() -> impl Iterator<Item = Call> {
    WATCHED.iter().copied().chain([("SYS_clone", libc::SYS_clone)])
}

/// The name of a watched call, without its `SYS_`.
pub(crate) fn name_of(number: i64) -> Option<&'static str> {
    let mut named = reported().filter(|(_, call)| *call == number);
    named.next().map(|(name, _)| name.trim_start_matches("SYS_"))
}

/// The names of all watched calls.
#[cfg(test)]
pub(crate) fn watched() -> impl Iterator<Item = &'static str> {
    reported().map(|(name, _)| name.trim_start_matches("SYS_"))
}

/// This machine's number, as the kernel's audit writes it.
pub(super) const MACHINE: u32 =
    if cfg!(target_arch = "x86_64") { 0xc000_003e } else { 0xc000_00b7 };

/// Whether a machine's number is that of this machine.
pub(crate) const fn is_own(machine: u32) -> bool {
    machine == MACHINE
}
