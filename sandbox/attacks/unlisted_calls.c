int main(void) {
    static char zero[256];
    struct { const char *name; long number; } calls[] = {
        {"clone3", 435}, {"io_uring_setup", 425}, {"io_uring_enter", 426}, {"userfaultfd", SYS_userfaultfd},
        {"name_to_handle_at", SYS_name_to_handle_at}, {"seccomp", SYS_seccomp}, {"kcmp", SYS_kcmp},
        {"mknodat", SYS_mknodat}, {"vmsplice", SYS_vmsplice}, {"mq_open", SYS_mq_open},
        {"sethostname", SYS_sethostname}, {"setdomainname", SYS_setdomainname},
        {"mbind", SYS_mbind}, {"adjtimex", SYS_adjtimex}, {"memfd_secret", 447}, {"470", 470},
        {"999", 999}, {"lookup_dcookie", SYS_lookup_dcookie}, {"remap_file_pages", SYS_remap_file_pages},
#ifdef __x86_64__
        {"x32 getpid", 0x40000000 + 39}, {"x32 ptrace", 0x40000000 + 521}, {"mknod", SYS_mknod},
        {"modify_ldt", SYS_modify_ldt}, {"iopl", SYS_iopl}, {"ioperm", SYS_ioperm}, {"uselib", SYS_uselib},
#endif
    };
    for (unsigned n = 0; n < sizeof calls / sizeof *calls; n++)
        must_fail(calls[n].name, syscall(calls[n].number, zero, zero, zero, 0, 0, 0), ENOSYS, ENOSYS);
    must_fail("personality", syscall(SYS_personality, 0x0040000), ENOSYS, ENOSYS);
    must_fail("seccomp by prctl", prctl(PR_SET_SECCOMP, 2, 0), ENOSYS, ENOSYS);
    return verdict();
}
