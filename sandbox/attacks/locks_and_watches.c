int main(void) {
    int fd = open("/etc/passwd", O_RDONLY);
    struct flock lock = {.l_type = F_RDLCK};
    must_fail("flock", syscall(SYS_flock, fd, 1), ENOSYS, ENOSYS);
    must_fail("lease", fcntl(fd, F_SETLEASE, F_RDLCK), ENOSYS, ENOSYS);
    must_fail("notify", fcntl(fd, F_NOTIFY, 1), ENOSYS, ENOSYS);
    must_fail("lock", fcntl(fd, F_SETLK, &lock), ENOSYS, ENOSYS);
    must_fail("get lock", fcntl(fd, F_GETLK, &lock), ENOSYS, ENOSYS);
    must_fail("open file lock", fcntl(fd, F_OFD_SETLK, &lock), ENOSYS, ENOSYS);
    must_fail("inotify", syscall(SYS_inotify_init1, 0), ENOSYS, ENOSYS);
    return verdict();
}
