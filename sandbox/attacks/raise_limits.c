int main(void) {
    for (int n = 0; n < 16; n++) {
        struct rlimit more;
        getrlimit(n, &more);
        if (more.rlim_max == RLIM_INFINITY) continue;
        more.rlim_max++;
        must_fail("setrlimit", setrlimit(n, &more), EPERM, EPERM);
    }
    struct rlimit some = {1, 1};
    must_fail("prlimit of 1", syscall(SYS_prlimit64, 1, RLIMIT_CPU, &some, 0), ENOSYS, ENOSYS);
    return verdict();
}
