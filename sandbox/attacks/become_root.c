int main(void) {
    gid_t zero = 0;
    must_fail("setuid", setuid(0), EPERM, EINVAL);
    must_fail("setgid", setgid(0), EPERM, EINVAL);
    must_fail("setresuid", setresuid(0, 0, 0), EPERM, EINVAL);
    must_fail("setgroups", setgroups(1, &zero), EPERM, EPERM);
    uint32_t header[2] = {0x20080522, 0}, sets[6] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u};
    must_fail("capset", syscall(SYS_capset, header, sets), EPERM, EPERM);
    must_fail("oom_score_adj", open("/proc/self/oom_score_adj", O_WRONLY), EACCES, EACCES);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) { puts("privileges can be gained"); return 1; }
    return verdict();
}
