int main(void) {
    signal(SIGTERM, SIG_IGN);
    must_fail("kill -1", kill(-1, SIGKILL), ESRCH, EPERM);
    // Process 1 has another user, or takes no signal from within.
    kill(1, SIGKILL);
    kill(getppid(), SIGKILL);
    syscall(SYS_tgkill, 1, 1, SIGKILL);
    usleep(50000);
    int pidfd = syscall(SYS_pidfd_open, 1, 0);
    if (pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, 0, 0);
        must_fail("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0), ENOSYS, ENOSYS);
    }
    usleep(50000);
    return verdict();
}
