int main(void) {
    const char *names[] = {"1/environ", "1/maps", "1/root", "1/mem", "1/cmdline", "1/fd", "kcore", "kallsyms", "version", "sys", "sysrq-trigger", "keys", "modules", "config.gz", "net", "cpuinfo", "meminfo"};
    for (unsigned n = 0; n < sizeof names / sizeof *names; n++) {
        char path[64];
        sprintf(path, "/proc/%s", names[n]);
        must_fail(path, open(path, O_RDONLY), ENOENT, names[n][0] == '1' ? EACCES : names[n][0] == 'n' ? EACCES : ENOENT);
    }
    must_fail("/sys", open("/sys", O_RDONLY), ENOENT, ENOENT);
    must_fail("/sys/fs/cgroup", open("/sys/fs/cgroup/cgroup.procs", O_WRONLY), ENOENT, ENOENT);
    int others = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *one; (one = readdir(proc));) others += atoi(one->d_name) > 0 && atoi(one->d_name) != getpid();
    if (others) { printf("%d other processes are seen\n", others); return 1; }
    static char text[65536];
    int fd = open("/proc/self/cgroup", O_RDONLY);
    read(fd, text, sizeof text - 1);
    if (strstr(text, "playhouse")) { printf("the cgroup's name is seen: %s\n", text); return 1; }
    return verdict();
}
