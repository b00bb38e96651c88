int main(void) {
    const char *names[] = {"mem", "kmem", "vda", "sda", "kmsg", "fuse", "kvm", "ptmx", "vsock", "tty", "console", "loop-control", "vhost-vsock", "net/tun"};
    for (unsigned n = 0; n < sizeof names / sizeof *names; n++) {
        char path[64];
        sprintf(path, "/dev/%s", names[n]);
        must_fail(path, open(path, O_RDONLY), ENOENT, ENOENT);
    }
    must_fail("mknodat", syscall(SYS_mknodat, AT_FDCWD, "disk", S_IFBLK | 0600, 0xfe00), ENOSYS, ENOSYS);
    int nodes = 0;
    DIR *dev = opendir("/dev");
    for (struct dirent *one; (one = readdir(dev));) {
        struct stat about;
        if (fstatat(dirfd(dev), one->d_name, &about, AT_SYMLINK_NOFOLLOW)) return 1;
        nodes += S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode);
    }
    if (nodes != 5) { printf("%d nodes\n", nodes); return 1; }
    return verdict();
}
