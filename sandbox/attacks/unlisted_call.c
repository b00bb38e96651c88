// Makes the one call it is told to make, which must fail as if the kernel did not have it.
int main(int count, char **arguments) {
    const char *call = arguments[1];
    static char zero[256];
    struct { const char *name; long number; } calls[] = {
        {"clone3", 435}, {"io_uring_setup", 425}, {"io_uring_enter", 426}, {"io_uring_register", 427},
        {"userfaultfd", SYS_userfaultfd}, {"name_to_handle_at", SYS_name_to_handle_at},
        {"seccomp", SYS_seccomp}, {"kcmp", SYS_kcmp}, {"mknodat", SYS_mknodat},
        {"vmsplice", SYS_vmsplice}, {"mq_open", SYS_mq_open}, {"pidfd_getfd", SYS_pidfd_getfd},
        {"sethostname", SYS_sethostname}, {"setdomainname", SYS_setdomainname}, {"mbind", SYS_mbind},
        {"set_mempolicy", SYS_set_mempolicy}, {"migrate_pages", SYS_migrate_pages},
        {"move_pages", SYS_move_pages}, {"adjtimex", SYS_adjtimex}, {"clock_adjtime", SYS_clock_adjtime},
        {"memfd_secret", 447}, {"landlock_create_ruleset", 444}, {"landlock_restrict_self", 446},
        {"process_madvise", 440}, {"vhangup", SYS_vhangup}, {"nfsservctl", SYS_nfsservctl},
        {"lookup_dcookie", SYS_lookup_dcookie}, {"remap_file_pages", SYS_remap_file_pages},
        {"flock", SYS_flock}, {"inotify_init1", SYS_inotify_init1}, {"sync", SYS_sync},
        {"syncfs", SYS_syncfs}, {"ioprio_set", SYS_ioprio_set}, {"kexec_file_load", SYS_kexec_file_load},
        {"call_470", 470}, {"call_999", 999},
#ifdef __x86_64__
        {"x32_getpid", 0x40000000 + 39}, {"x32_ptrace", 0x40000000 + 521}, {"mknod", SYS_mknod},
        {"modify_ldt", SYS_modify_ldt}, {"iopl", SYS_iopl}, {"ioperm", SYS_ioperm},
        {"uselib", SYS_uselib}, {"ustat", SYS_ustat}, {"sysfs", SYS_sysfs}, {"_sysctl", SYS__sysctl},
#endif
    };
    for (unsigned n = 0; n < sizeof calls / sizeof *calls; n++)
        if (!strcmp(call, calls[n].name)) {
            must_fail(call, syscall(calls[n].number, zero, zero, zero, 0, 0, 0), ENOSYS, ENOSYS);
            return verdict();
        }
    if (!strcmp(call, "personality")) {
        must_fail(call, syscall(SYS_personality, 0x0040000), ENOSYS, ENOSYS);
        return verdict();
    }
    if (!strcmp(call, "prctl_seccomp")) {
        must_fail(call, prctl(PR_SET_SECCOMP, 2, 0), ENOSYS, ENOSYS);
        return verdict();
    }
    puts("no such call is known here");
    return 1;
}
