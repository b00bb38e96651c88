// A descriptor of process 1, if it can be had, opens nothing of it.
int main(void) {
    int keeper = syscall(SYS_pidfd_open, 1, 0);
    if (keeper >= 0) {
        must_fail("pidfd_getfd", syscall(SYS_pidfd_getfd, keeper, 0, 0), ENOSYS, ENOSYS);
        // Process 1 takes no signal from within, or has another user.
        syscall(SYS_pidfd_send_signal, keeper, SIGKILL, 0, 0);
        syscall(SYS_pidfd_send_signal, keeper, SIGSTOP, 0, 0);
    }
    return verdict();
}
