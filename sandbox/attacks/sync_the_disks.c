int main(void) {
    must_fail("sync", syscall(SYS_sync), ENOSYS, ENOSYS);
    must_fail("syncfs", syscall(SYS_syncfs, open("/", O_RDONLY)), ENOSYS, ENOSYS);
    return verdict();
}
