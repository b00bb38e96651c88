// Files through which root of a machine tells the kernel what to do.
int main(void) {
    const char *names[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger",
        "/proc/sys/vm/drop_caches", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs",
        "/sys/fs/cgroup/memory/release_agent", "/sys/kernel/debug", "/proc/1/oom_score_adj"};
    for (unsigned n = 0; n < sizeof names / sizeof *names; n++)
        must_fail(names[n], open(names[n], O_WRONLY), ENOENT, EACCES);
    must_fail("its own oom_score_adj", open("/proc/self/oom_score_adj", O_WRONLY), EACCES, EACCES);
    must_fail("its own cgroup", open("/proc/self/cgroup", O_WRONLY), EACCES, EACCES);
    must_fail("its own uid_map", open("/proc/self/uid_map", O_WRONLY), EACCES, EACCES);
    return verdict();
}
